import type { RunnableConfig } from "@langchain/core/runnables";
import { RedisSaver } from "langgraph-redis";
import type { Part } from "../part.js";
import { table, times } from "../report.js";
import { type Bench, inParallel, serverTimeOf, withServer } from "../server.js";
import { checkpointOf, configOf, metadataOf } from "./data.js";

const FEW = 50;
const MANY = 800;
const STEPS = 3;

interface NamespaceFigures {
  /** Microseconds of server time for one put of a subgraph. */
  readonly subgraph: number;
  /** The same of the graph that started them. */
  readonly root: number;
}

/** A graph whose supersteps run so many subgraphs at once, each of which puts some checkpoints; no history is kept. */
async function measureWidth({ client, keyPrefix }: Bench, width: number): Promise<NamespaceFigures> {
  const saver = new RedisSaver({ client, keyPrefix, history: "latest" });
  const threadId = `subgraphs-${width}`;
  let root = await saver.put(configOf(threadId), checkpointOf({ n: 0 }, 1), metadataOf(), { n: 1 });
  let subgraphTime = 0;
  let rootTime = 0;
  for (let step = 1; step <= STEPS; step++) {
    const parents = { "": root.configurable?.checkpoint_id as string };
    const subgraphs = Array.from(
      { length: width },
      (_, task): RunnableConfig =>
        configOf(
          threadId,
          `work:${String(step).padStart(8, "0")}-0000-5000-8000-${String(task).padStart(12, "0")}`,
        ),
    );
    const putAll = (version: number) =>
      inParallel(width, 100, async (task) => {
        subgraphs[task] = await saver.put(
          subgraphs[task] as RunnableConfig,
          checkpointOf({ n: version }, version),
          metadataOf({ parents }),
          { n: version },
        );
      });
    await putAll(1);
    subgraphTime += await serverTimeOf(client, async () => {
      await putAll(2);
      await putAll(3);
    });
    rootTime += await serverTimeOf(client, async () => {
      root = await saver.put(root, checkpointOf({ n: step }, step + 1), metadataOf({ step }), {
        n: step + 1,
      });
    });
  }
  return { subgraph: subgraphTime / (STEPS * width * 2), root: rootTime / STEPS };
}

export const namespaces: Part = {
  name: "namespaces",
  measure: () =>
    withServer(async (bench) => {
      await measureWidth(bench, FEW - 1); // a warm-up
      const few = await measureWidth(bench, FEW);
      const many = await measureWidth(bench, MANY);
      return {
        goals: [
          {
            what: `server time of a put with ${MANY} parallel subgraphs in "latest" ÷ with ${FEW}`,
            measured: many.subgraph / few.subgraph,
            bound: { atMost: 1.5 },
            show: times,
          },
        ],
        section: [
          "## Subgraphs in parallel",
          'A graph whose supersteps run many subgraphs at once, with `history: "latest"`: server time of one put of a subgraph, ' +
            "and of the graph itself, which makes the namespaces of its earlier step superfluous.",
          table([
            ["subgraphs", "µs a put of a subgraph", "µs a put of the graph"],
            [String(FEW), few.subgraph.toFixed(0), few.root.toFixed(0)],
            [String(MANY), many.subgraph.toFixed(0), many.root.toFixed(0)],
          ]),
        ].join("\n\n"),
      };
    }),
};
