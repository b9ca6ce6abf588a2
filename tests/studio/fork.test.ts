import { Annotation, Command, interrupt, START, StateGraph } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { forkThread } from "../../cli/src/operate/fork.js";
import { connect, freshPrefix } from "../helpers/redis.js";

const State = Annotation.Root({
  steps: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** Asks after its first step, then goes on with the answer. */
async function askingGraph() {
  const checkpointer = new RedisSaver({ client: await connect(), keyPrefix: freshPrefix() });
  const graph = new StateGraph(State)
    .addNode("first", () => ({ steps: ["first"] }))
    .addNode("ask", () => ({ steps: [`answer ${interrupt("Go on?")}`] }))
    .addNode("last", () => ({ steps: ["last"] }))
    .addEdge(START, "first")
    .addEdge("first", "ask")
    .addEdge("ask", "last")
    .compile({ checkpointer });
  await graph.invoke({ steps: [] }, { configurable: { thread_id: "source" } });
  await graph.invoke(new Command({ resume: "yes" }), { configurable: { thread_id: "source" } });
  const asked = [];
  for await (const { next, config } of graph.getStateHistory({ configurable: { thread_id: "source" } })) {
    if (next.includes("ask")) asked.push(String(config.configurable?.checkpoint_id));
  }
  const stepsOf = async (thread: string) =>
    (await graph.getState({ configurable: { thread_id: thread } })).values.steps;
  return {
    checkpointer,
    graph,
    stepsOf,
    request: { threadId: "source", ns: "", checkpointId: asked[0] ?? "" },
  };
}

test("a fork in a new thread goes on from its checkpoint, and leaves the source as it is", async () => {
  const { checkpointer, graph, stepsOf, request } = await askingGraph();
  await forkThread(checkpointer, { ...request, target: "fork" });
  expect(await stepsOf("fork")).toEqual(["first"]);
  const config = { configurable: { thread_id: "fork" } };
  // What was asked there is asked again.
  await graph.invoke(null, config);
  await graph.invoke(new Command({ resume: "no" }), config);
  expect(await stepsOf("fork")).toEqual(["first", "answer no", "last"]);
  expect(await stepsOf("source")).toEqual(["first", "answer yes", "last"]);
});

test("a fork in the thread itself goes on from its checkpoint, and keeps what followed it", async () => {
  const { checkpointer, graph, stepsOf, request } = await askingGraph();
  const before = await checkpointer.threadStats("source");
  const id = await forkThread(checkpointer, { ...request, target: "source" });
  expect((await checkpointer.threadStats("source"))?.checkpoints).toBe((before?.checkpoints ?? 0) + 1);
  const newest = await checkpointer.getTuple({ configurable: { thread_id: "source" } });
  expect(newest?.checkpoint.id).toBe(id);
  const config = { configurable: { thread_id: "source" } };
  await graph.invoke(null, config);
  await graph.invoke(new Command({ resume: "no" }), config);
  expect(await stepsOf("source")).toEqual(["first", "answer no", "last"]);
});

test("a fork of what is not there, or into another thread that exists, changes nothing", async () => {
  const { checkpointer, stepsOf, request } = await askingGraph();
  await forkThread(checkpointer, { ...request, target: "fork" });
  await expect(forkThread(checkpointer, { ...request, target: "fork" })).rejects.toThrow("fork");
  const missing = { ...request, checkpointId: "1f0c5d4e-0000-6f00-8000-000000000000", target: "other" };
  await expect(forkThread(checkpointer, missing)).rejects.toThrow();
  expect(await checkpointer.threadStats("other")).toBeUndefined();
  expect(await stepsOf("source")).toEqual(["first", "answer yes", "last"]);
});
