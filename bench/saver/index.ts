import { startServer } from "../../tests/helpers/servers/index.js";
import { conditions, save, table } from "../report.js";
import { getTuple } from "./get-tuple.js";
import { list } from "./list.js";
import { memory } from "./memory.js";
import { namespaces } from "./namespaces.js";
import { nodeDown } from "./node-down.js";
import type { Goal, Part, PartResult } from "./part.js";
import { pendingWrites } from "./pending-writes.js";
import { retained } from "./retained.js";
import { scripts } from "./scripts.js";
import { shard } from "./shard.js";
import { steps } from "./steps.js";
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
];

/**
 * What the saver costs, and whether it keeps to its goals. Only a run of all parts writes into docs/benchmarks.
 *
 * @param names the parts to run; all when there are none.
 */
export async function run(names: readonly string[]): Promise<void> {
  const known = PARTS.map(({ name }) => name);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new Error(`the benchmark of the saver has no part "${unknown}", only ${known.join(", ")}`);
  }
  const chosen = names.length === 0 ? PARTS : PARTS.filter(({ name }) => names.includes(name));
  const results: PartResult[] = [];
  for (const part of chosen) {
    const start = performance.now();
    results.push(await part.measure());
    console.log(`${part.name}: measured in ${((performance.now() - start) / 1_000).toFixed(0)} s`);
  }
  const report = [
    "# Saver: what it costs",
    conditions(await describeServer()),
    goalTable(results.flatMap(({ goals }) => goals)),
    ...results.map(({ section = "" }) => section),
  ].join("\n\n");
  console.log(`\n${report}\n`);
  if (chosen.length < PARTS.length) return;
  await save("saver.md", report);
  for (const { files = {} } of results) {
    for (const [name, content] of Object.entries(files)) await save(name, content);
  }
}

async function describeServer(): Promise<string> {
  const server = await startServer({ search: false, own: true });
  await server.stop();
  return server.description.replace(/ at \S+.*/, "");
}

function goalTable(goals: readonly Goal[]): string {
  const rows = goals.map(({ what, measured, atMost, show }) => {
    const kept = measured <= atMost;
    return [what, kept ? show(measured) : `**${show(measured)}**`, show(atMost)];
  });
  return [
    "## Goals",
    "Ratios of times are those of medians in the same run. A figure in bold misses its goal.",
    table([["figure", "measured", "at most"], ...rows]),
  ].join("\n\n");
}
