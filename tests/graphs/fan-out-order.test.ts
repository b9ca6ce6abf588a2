import { type BaseCheckpointSaver, DeltaValue, Send, StateGraph, StateSchema } from "@langchain/langgraph";
import * as checkpoint from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { z } from "zod/v4";
import { on, withEverySaver } from "./savers.js";

/** Older versions of LangGraph do not tell a saver the paths of tasks, by which they order the writes of a run. */
const tellsPaths = typeof Reflect.get(checkpoint, "compareWritesSortKeys") === "function";

const WIDTH = 12;

const state = () =>
  new StateSchema({
    log: new DeltaValue(z.array(z.string()).default([]), {
      reducer: (log: string[], writes: string[][]) => log.concat(...writes),
    }),
  });

/** Nodes that run beside each other; the later ones in the order are done first. */
function parallelNodes(checkpointer: BaseCheckpointSaver) {
  const names = Array.from({ length: WIDTH }, (_, n) => `node ${n}`);
  const graph = new StateGraph(state()) as StateGraph<
    ReturnType<typeof state>,
    { log: string[] },
    { log?: string[] },
    string
  >;
  for (const [n, name] of names.entries()) {
    graph.addNode(name, async () => {
      await new Promise((resolve) => setTimeout(resolve, (WIDTH - n) % 5));
      return { log: [`${name}, first`, `${name}, second`] };
    });
  }
  graph.addNode("end", () => ({ log: ["end"] }));
  for (const name of names) graph.addEdge("__start__", name).addEdge(name, "end");
  return graph.compile({ checkpointer });
}

/** One node as often as it was sent to. */
function sends(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(state())
    .addNode("fan", () => ({}))
    .addNode("worker", ({ n }: { n?: number }) => ({ log: [`worker ${n}`] }))
    .addNode("end", () => ({ log: ["end"] }))
    .addEdge("__start__", "fan")
    .addConditionalEdges("fan", () => Array.from({ length: WIDTH }, (_, n) => new Send("worker", { n })))
    .addEdge("worker", "end")
    .compile({ checkpointer });
}

describe.skipIf(!tellsPaths)("the order of writes in a delta channel", () => {
  withEverySaver((newStorage) => {
    test.each([
      ["parallel nodes", parallelNodes],
      ["Sends", sends],
    ])("%s over a delta channel are read back as the run had them", async (_, graph) => {
      const { open } = newStorage();
      for (let n = 0; n < 5; n++) {
        const config = on(`t${n}`);
        const { log } = await graph(await open()).invoke({ log: ["input"] }, config);
        expect(log).toHaveLength(2 + (graph === sends ? WIDTH : 2 * WIDTH));
        expect((await graph(await open()).getState(config)).values.log).toEqual(log);
      }
    });
  });
});
