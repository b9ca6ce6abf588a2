// One process of the agents' life. Not a test: agents.test.ts bundles and starts it.
//
// node program.mjs <Order as JSON>

import { writeFile } from "node:fs/promises";
import { InMemoryStore, MemorySaver } from "@langchain/langgraph";
import { RedisSaver, RedisStore } from "langgraph-redis";
import { toPlain } from "./plain.js";
import type { Persistence, Scenario } from "./scenario.js";
import { scenarios } from "./scenarios/index.js";
import { Session } from "./session.js";

export interface Order {
  /** Where the agents' state is kept: in this process, or in Redis with all checkpoints or the latest one. */
  kind: "memory" | "all" | "latest";
  url: string;
  prefix: string;
  /** Which phases of each scenario this process runs: from, to (exclusive). */
  phases: [number, number];
  /** The file for the {@link Outcome}s. */
  output: string;
}

/** Of each scenario: each phase's result and record, or the error that ended it. */
export type Outcomes = Record<
  string,
  { phase: number; result?: unknown; record?: unknown; error?: string }[]
>;

const orders = JSON.parse(process.argv[2] ?? "") as Order[];
for (const order of orders) {
  const outcomes: Outcomes = {};
  for (const scenario of scenarios) {
    if (order.kind === "latest" && scenario.looksBack) continue;
    outcomes[scenario.name] = await play(order, scenario);
  }
  await writeFile(order.output, JSON.stringify(outcomes));
}

async function play(order: Order, scenario: Scenario): Promise<Outcomes[string]> {
  const { persistence, close } = await open(order, scenario);
  const outcomes: Outcomes[string] = [];
  try {
    for (const [phase, { run }] of [...scenario.phases.entries()].slice(...order.phases)) {
      // A new agent for each phase: nothing is handed over but what is stored.
      const session = new Session(scenario, persistence);
      const result = await run(session);
      outcomes.push({ phase, result: toPlain(result), record: toPlain(await session.record()) });
    }
  } catch (error) {
    outcomes.push({ phase: -1, error: error instanceof Error ? `${error.stack}` : String(error) });
  } finally {
    await close();
  }
  return outcomes;
}

async function open(
  { kind, url, prefix }: Order,
  { name }: Scenario,
): Promise<{ persistence: Persistence; close(): Promise<void> }> {
  if (kind === "memory") {
    const persistence = { checkpointer: new MemorySaver(), store: new InMemoryStore() };
    return { persistence, close: async () => undefined };
  }
  const keyPrefix = `${prefix}-${kind}-${name.replaceAll(/\W+/g, "-")}`;
  const checkpointer = await RedisSaver.fromConnString(url, { keyPrefix, history: kind });
  const store = await RedisStore.fromConnString(url, { keyPrefix });
  const close = async () => {
    await checkpointer.end();
    await store.stop();
  };
  return { persistence: { checkpointer, store }, close };
}
