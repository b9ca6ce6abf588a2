import { Annotation, type BaseCheckpointSaver, Send, START, StateGraph } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import type { Part } from "../part.js";
import { milliseconds, table, times } from "../report.js";
import { type Bench, inParallel, serverTimeOf, withServer } from "../server.js";
import { checkpointOf, configOf, metadataOf } from "./data.js";

const FEW = 200;
const MANY = 4_000;
const SENDS = 10_000;

/** Server time of one pending write, in microseconds, when a superstep has so many tasks with one write each. */
async function timeOfWrite({ client, keyPrefix }: Bench, tasks: number): Promise<number> {
  const saver = new RedisSaver({ client, keyPrefix });
  const config = await saver.put(configOf(`tasks-${tasks}`), checkpointOf({ input: 1 }, 1), metadataOf(), {
    input: 1,
  });
  const write = (task: number) =>
    saver.putWrites(
      config,
      [["results", { task, text: "x".repeat(200) }]],
      `00000000-0000-5000-8000-${String(task).padStart(12, "0")}`,
    );
  return (await serverTimeOf(client, () => inParallel(tasks, 100, write))) / tasks;
}

/** A graph that sends so many tasks at once. @returns milliseconds, or undefined when it fails. */
async function timeOfSends(checkpointer: BaseCheckpointSaver): Promise<number | undefined> {
  const results = Annotation<object[]>({ reducer: (a, b) => a.concat(b), default: () => [] });
  const graph = new StateGraph(Annotation.Root({ results }))
    .addNode("work", ({ task }: { task: number }) => ({ results: [{ task, text: "x".repeat(200) }] }))
    .addConditionalEdges(START, () => Array.from({ length: SENDS }, (_, task) => new Send("work", { task })))
    .compile({ checkpointer });
  const start = performance.now();
  try {
    const state = await graph.invoke({ results: [] }, configOf("sends"));
    return state.results.length === SENDS ? performance.now() - start : undefined;
  } catch (error) {
    console.log(`a graph with ${SENDS} Sends failed: ${String(error).slice(0, 200)}`);
    return undefined;
  }
}

export const pendingWrites: Part = {
  name: "writes",
  measure: () =>
    withServer(async (bench) => {
      await timeOfWrite(bench, FEW - 1); // a warm-up
      const few = await timeOfWrite(bench, FEW);
      const many = await timeOfWrite(bench, MANY);
      const saver = new RedisSaver({ client: bench.client, keyPrefix: bench.keyPrefix });
      const sends = await timeOfSends(saver);
      return {
        goals: [
          {
            what: `server time of a pending write, ${MANY} tasks ÷ ${FEW}`,
            measured: many / few,
            bound: { atMost: 1.5 },
            show: times,
          },
          {
            what: `graphs with ${SENDS} Sends that fail with default options`,
            measured: sends === undefined ? 1 : 0,
            bound: { atMost: 0 },
            show: String,
          },
        ],
        section: [
          "## Pending writes",
          "Server time for one `putWrites` of one task, in supersteps of few and of many tasks; and a graph that sends " +
            `${SENDS.toLocaleString("en")} tasks at once, with default options.`,
          table([
            ["", "measured"],
            [`${FEW} tasks, server µs a write`, few.toFixed(0)],
            [`${MANY} tasks, server µs a write`, many.toFixed(0)],
            [`a graph with ${SENDS} Sends, ms`, sends === undefined ? "fails" : milliseconds(sends)],
          ]),
        ].join("\n\n"),
      };
    }),
};
