import type { Scenario } from "../scenario.js";
import { approval, doubleClick } from "./approval.js";
import { deepAgent } from "./deep-agent.js";
import { deepAgentImages } from "./deep-agent-images.js";
import { parallelQuestions } from "./parallel-questions.js";
import { summarization } from "./summarization.js";
import { supervisor } from "./supervisor.js";
import { swarm } from "./swarm.js";
import { timeTravel } from "./time-travel.js";
import { toolsWithStore } from "./tools-with-store.js";
import { workflow } from "./workflow.js";

export const scenarios: Scenario[] = [
  approval,
  doubleClick,
  parallelQuestions,
  summarization,
  toolsWithStore,
  supervisor,
  swarm,
  deepAgent,
  deepAgentImages,
  timeTravel,
  workflow,
];
