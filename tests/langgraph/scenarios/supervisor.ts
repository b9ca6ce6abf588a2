import { interrupt } from "@langchain/langgraph";
import { createSupervisor } from "@langchain/langgraph-supervisor";
import { createAgent, tool } from "langchain";
import { z } from "zod";
import type { Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";

const lookUp = tool(({ topic }) => `${topic}: ${interrupt(`may I look up ${topic}?`)}`, {
  name: "look_up",
  description: "Looks something up.",
  schema: z.object({ topic: z.string() }),
});

const written = (answer: string, finding: string, length: number) => [
  "a text about owls",
  "transfer_to_researcher",
  "Successfully transferred to researcher",
  "look_up",
  `owls: ${answer}`,
  finding,
  "transfer_to_writer",
  "Successfully transferred to writer",
  "a page",
  `${length - 1} messages, the last one: a page`,
];

export const supervisor: Scenario = {
  name: "a supervisor hands over to two agents in turn, the first of which asks",
  agent({ checkpointer, store }) {
    const researcher = createAgent({
      name: "researcher",
      model: new ScriptedModel({
        "Successfully transferred to researcher": [["look_up", { topic: "owls" }]],
        "owls: yes": "owls see at night",
        "owls: once more": "owls hear well",
      }),
      tools: [lookUp],
    });
    const writer = createAgent({
      name: "writer",
      model: new ScriptedModel({ "Successfully transferred to writer": "a page" }),
      tools: [],
    });
    const llm = new ScriptedModel({
      "a text about owls": [["transfer_to_researcher", {}]],
      "owls see at night": [["transfer_to_writer", {}]],
      "owls hear well": [["transfer_to_writer", {}]],
    });
    const agents = [researcher.graph, writer.graph];
    const options = { outputMode: "full_history", addHandoffBackMessages: false } as const;
    return createSupervisor({ agents, llm, ...options }).compile({ checkpointer, store });
  },
  phases: [
    {
      async run(session) {
        await session.say("a text about owls");
        return (await session.questions()).map(({ value }) => value);
      },
      result: ["may I look up owls?"],
    },
    {
      run: (session) => session.resume("yes"),
      result: written("yes", "owls see at night", 10),
    },
    {
      async run(session) {
        await session.say("a text about owls");
        return (await session.questions()).map(({ value }) => value);
      },
      result: ["may I look up owls?"],
    },
    {
      run: (session) => session.resume("once more"),
      result: [...written("yes", "owls see at night", 10), ...written("once more", "owls hear well", 20)],
    },
  ],
};
