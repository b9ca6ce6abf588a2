// A process that runs a graph and is to be killed. Not a test: crash.test.ts starts it, with the built package.
//
// node crash-program.ts <URL of Redis> <key prefix> <"wait" | "count"> <number of steps>

import { Annotation, StateGraph } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { createClient } from "redis";

const [url = "", keyPrefix = "", kind = "", steps = ""] = process.argv.slice(2);
const saver = await RedisSaver.fromConnString(url, { keyPrefix });
const client = createClient({ url });
await client.connect();

/** Counts where it survives this process. */
const run = (task: string) => client.hIncrBy(`${keyPrefix}:ran`, task, 1);

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** A node that notes that it ran. */
const node = (name: string) => async () => {
  await run(name);
  return { log: [name] };
};

/** Three nodes at once, one of which never ends when it runs for the first time. */
const waiting = new StateGraph(State)
  .addNode("start", node("start"))
  .addNode("left", node("left"))
  .addNode("right", node("right"))
  .addNode("stuck", async () => {
    if ((await run("stuck")) === 1) await new Promise(() => setInterval(() => undefined, 1_000));
    return { log: ["stuck"] };
  })
  .addNode("end", node("end"))
  .addEdge("__start__", "start")
  .addEdge("start", "left")
  .addEdge("start", "right")
  .addEdge("start", "stuck")
  .addEdge(["left", "right", "stuck"], "end")
  .compile({ checkpointer: saver });

/** One step after the other. */
const counting = new StateGraph(State)
  .addNode("step", async ({ log }) => {
    await run(`${log.length}`);
    return { log: [`${log.length}`] };
  })
  .addEdge("__start__", "step")
  .addConditionalEdges("step", ({ log }) => (log.length < Number(steps) ? "step" : "__end__"))
  .compile({ checkpointer: saver });

const graph = kind === "wait" ? waiting : counting;
// "sync": no step begins before the one before it is stored.
const durability = kind === "wait" ? ("async" as const) : ("sync" as const);
const config = { configurable: { thread_id: "t" }, durability, recursionLimit: 10_000 };
const { next } = await graph.getState(config);
const { log } = await graph.invoke(next.length === 0 ? { log: [] } : null, config);
process.stdout.write(JSON.stringify(log));
await saver.end();
await client.close();
