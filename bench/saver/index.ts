import { type Part, runParts } from "../part.js";
import { encryption } from "./encryption.js";
import { getTuple } from "./get-tuple.js";
import { list } from "./list.js";
import { memory } from "./memory.js";
import { namespaces } from "./namespaces.js";
import { nodeDown } from "./node-down.js";
import { pendingWrites } from "./pending-writes.js";
import { retained } from "./retained.js";
import { scripts } from "./scripts.js";
import { shard } from "./shard.js";
import { steps } from "./steps.js";
import { telemetry } from "./telemetry.js";
import { turns } from "./turns.js";

const PARTS: readonly Part[] = [
  turns,
  steps,
  getTuple,
  memory,
  pendingWrites,
  namespaces,
  list,
  scripts,
  retained,
  nodeDown,
  shard,
  telemetry,
  encryption,
];

/** What the saver costs, and whether it keeps to its goals. */
export function run(names: readonly string[]): Promise<void> {
  return runParts({ name: "saver", title: "Saver: what it costs", search: false, parts: PARTS }, names);
}
