import { setMaxListeners } from "node:events";
import {
  type BaseCheckpointSaver,
  DeltaValue,
  MemorySaver,
  Send,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import * as checkpoint from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod/v4";
import { on, redis, snapshots } from "./savers.js";

/** Older versions of LangGraph do not tell a saver the paths of tasks, by which they order the writes of a run. */
const tellsPaths = typeof Reflect.get(checkpoint, "compareWritesSortKeys") === "function";

// LangGraph adds a listener to one signal for each task of a step; Node warns from the eleventh on.
setMaxListeners(100);

/** A node of a layer: it is done after some turns of the event loop, writes texts, and sends to a worker. */
interface Member {
  name: string;
  delay: number;
  writes: number;
  sends: number;
}

// Names whose order by code points, by UTF-16 units and by locale differ.
const name = fc.stringMatching(/^[abBZz_é～😀]{1,3}$/u);
const member = fc.record({
  name,
  delay: fc.nat(4),
  writes: fc.nat(3),
  sends: fc.nat(3),
});
const layer = fc.uniqueArray(member, { minLength: 1, maxLength: 8, selector: ({ name }) => name });
const fanOut = fc.array(layer, { minLength: 1, maxLength: 3 });

const State = () =>
  new StateSchema({
    log: new DeltaValue(z.array(z.string()).default([]), {
      reducer: (log: string[], writes: string[][]) => log.concat(...writes),
    }),
  });

/** Layers of parallel nodes, all of which are done before the next layer begins, as are the workers they send to. */
function graphOf(layers: Member[][], checkpointer: BaseCheckpointSaver) {
  const graph = new StateGraph(State()) as StateGraph<
    ReturnType<typeof State>,
    { log: string[] },
    { log?: string[] },
    string
  >;
  graph.addNode("worker", async ({ log: [task = ""] = [] }: { log?: string[] }) => {
    await turns(task.length % 3);
    return { log: [`worker: ${task}`] };
  });
  let before = "__start__";
  for (const [depth, members] of layers.entries()) {
    const end = `end ${depth}`;
    graph.addNode(end, () => ({ log: [end] }));
    for (const { name, delay, writes, sends } of members) {
      const node = `${name} ${depth}`;
      graph.addNode(node, async () => {
        await turns(delay);
        return { log: Array.from({ length: writes }, (_, n) => `${node}: ${n}`) };
      });
      const tasks = Array.from(
        { length: sends },
        (_, n) => new Send("worker", { log: [`${node}: task ${n}`] }),
      );
      graph.addEdge(before, node).addEdge(node, end);
      graph.addConditionalEdges(node, () => tasks, ["worker"]);
    }
    before = end;
  }
  return graph.compile({ checkpointer });
}

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await new Promise(setImmediate);
}

/** The log after each step of a run, oldest first; the last one is what the run returned. */
async function logsOfRun(layers: Member[][], checkpointer: BaseCheckpointSaver): Promise<string[][]> {
  const stream = await graphOf(layers, checkpointer).stream(
    { log: ["input"] },
    { ...on("t"), streamMode: "values" },
  );
  const logs: string[][] = [];
  for await (const { log } of stream) logs.push(log ?? []);
  return logs;
}

test.skipIf(!tellsPaths)(
  "20 random fan-outs over a delta channel are read back as the run had them",
  async () => {
    await fc.assert(
      fc.asyncProperty(fanOut, async (layers) => {
        const expected = await logsOfRun(layers, new MemorySaver());
        for (const history of ["all", "latest"] as const) {
          const { open } = redis({ history });
          expect(await logsOfRun(layers, await open())).toEqual(expected);
          const stored = await snapshots(graphOf(layers, await open()), on("t")); // as another process reads them
          const logs = stored.map(({ values }) => values.log).reverse();
          expect(logs.at(-1)).toEqual(expected.at(-1));
          // Of each step: the log that the run had then. Before the first step it is empty.
          const steps = logs.filter(({ length }) => length > 0).map(String);
          if (history === "all") expect([...new Set(steps)]).toEqual([...new Set(expected.map(String))]);
        }
      }),
      { numRuns: 20 },
    );
  },
);
