import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  Annotation,
  DeltaValue,
  interrupt,
  MessagesAnnotation,
  Send,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { z } from "zod/v4";
import { threadKeysOf } from "../checkpoint/lifecycle/helpers.js";
import { connect } from "../helpers/redis.js";
import { answer, on, type RedisStorage, redis, snapshots } from "./savers.js";

// What else works with history: "latest" is in the tables of the other files.

const latest = () => redis({ history: "latest" });

/** What the keys of a thread hold: numbers of checkpoints, of checkpoints with pending writes, and of chunks. */
async function sizes({ prefix }: RedisStorage) {
  const client = await connect();
  const keys = threadKeysOf(prefix, "t") as Record<"checkpoints" | "index" | "chunks", string>;
  const members = await client.zRange(keys.index, 0, -1);
  const checkpoints = members.filter((member) => member.startsWith("c:")).length;
  const writes = new Set(members.map((member) => /^w:[^:]*:[^:]*:/.exec(member)?.[0]).filter(Boolean)).size;
  const chunks = await client.hLen(keys.chunks);
  return { checkpoints, writes, chunks };
}

test("one checkpoint of each namespace is left", async () => {
  const storage = latest();
  const child = new StateGraph(MessagesAnnotation)
    .addNode("count", ({ messages }) => ({ messages: [new AIMessage(`${messages.length}`)] }))
    .addEdge("__start__", "count")
    .compile({ checkpointer: true });
  const graph = async () =>
    new StateGraph(MessagesAnnotation)
      .addNode(
        "child",
        async ({ messages }) => ({ messages: (await child.invoke({ messages })).messages.slice(-1) }),
        {
          subgraphs: [child],
        },
      )
      .addNode("ask", () => ({ messages: [new AIMessage(`${interrupt("?")}`)] }))
      .addEdge("__start__", "child")
      .addEdge("child", "ask")
      .compile({ checkpointer: await storage.open() });
  for (let turn = 0; turn < 3; turn++) {
    await (await graph()).invoke({ messages: [new HumanMessage(`turn ${turn}`)] }, on("t"));
    expect(await snapshots(await graph(), on("t"))).toHaveLength(1);
    expect(await sizes(storage)).toMatchObject({ checkpoints: 2, writes: 1 }); // its own and the child's; the question
    await (await graph()).invoke(answer("yes"), on("t"));
    expect(await sizes(storage)).toMatchObject({ checkpoints: 2, writes: 0 });
  }
});

test.each(["sync", "async", "exit"] as const)(
  "a state that does not grow takes no more room after 200 steps than after 50 (durability %s)",
  async (durability) => {
    const storage = latest();
    const State = Annotation.Root({
      steps: Annotation<number>(),
      window: Annotation<string[]>({ reducer: (_, right) => right, default: () => [] }),
      parts: Annotation<string[]>({ reducer: (_, right) => right, default: () => [] }),
    });
    const graph = async () =>
      new StateGraph(State)
        .addNode("step", ({ steps, window }) => ({
          steps: steps - 1,
          window: [...window, `entry ${window.at(-1)?.length} ${Math.random()} `.repeat(20)].slice(-20),
        }))
        .addNode("part", ({ n }: { n: number }) => ({ parts: [`part ${n} ${Math.random()}`] }))
        .addEdge("__start__", "step")
        .addConditionalEdges("step", ({ steps }) =>
          steps === 0 ? "__end__" : steps % 10 === 0 ? [new Send("part", { n: steps }), "step"] : "step",
        )
        .compile({ checkpointer: await storage.open() });
    const counts: number[] = [];
    for (const steps of [50, 50, 50, 50]) {
      await (await graph()).invoke({ steps }, { ...on("t"), durability, recursionLimit: 100 });
      const { checkpoints, writes, chunks } = await sizes(storage);
      expect({ checkpoints, writes }).toEqual({ checkpoints: 1, writes: 0 });
      counts.push(chunks);
    }
    // What is not used any more is freed now and then, when it may be half of all there is.
    expect(Math.max(...counts)).toBeLessThan(250);
    expect((await (await graph()).getState(on("t"))).values.window).toHaveLength(20);
  },
);

test("a delta channel keeps the checkpoints since its last snapshot, and no more", async () => {
  const storage = latest();
  const numbers = new DeltaValue(z.array(z.number()).default([]), {
    reducer: (state: number[], writes: number[][]) => state.concat(...writes),
    snapshotFrequency: 10,
  });
  const graph = async () =>
    new StateGraph(new StateSchema({ numbers, until: z.number().default(0) }))
      .addNode("count", ({ numbers }) => ({ numbers: [numbers.length] }))
      .addEdge("__start__", "count")
      .addConditionalEdges("count", ({ numbers, until }) => (numbers.length < until ? "count" : "__end__"))
      .compile({ checkpointer: await storage.open() });
  for (const until of [5, 25, 33, 95, 200]) {
    await (await graph()).invoke({ until }, { ...on("t"), recursionLimit: until + 10 });
    expect((await sizes(storage)).checkpoints).toBeLessThanOrEqual(1 + 10 + 2);
    const { values } = await (await graph()).getState(on("t"));
    expect(values.numbers).toEqual(Array.from({ length: until }, (_, n) => n));
  }
});

test("a subgraph without memory of its own leaves nothing behind, however often it is called", async () => {
  const storage = latest();
  const inner = new StateGraph(MessagesAnnotation)
    .addNode("count", ({ messages }) => ({ messages: [new AIMessage(`${messages.length}`)] }))
    .addEdge("__start__", "count")
    .compile();
  const outer = new StateGraph(MessagesAnnotation)
    .addNode("inner", inner)
    .addNode("ask", () => ({ messages: [new AIMessage(`${interrupt("?")}`)] }))
    .addEdge("__start__", "inner")
    .addEdge("inner", "ask")
    .compile();
  const graph = async () =>
    new StateGraph(MessagesAnnotation)
      .addNode("outer", outer)
      .addEdge("__start__", "outer")
      .compile({ checkpointer: await storage.open() });
  for (let turn = 0; turn < 5; turn++) {
    await (await graph()).invoke({ messages: [new HumanMessage(`turn ${turn}`)] }, on("t"));
    const waiting = await sizes(storage);
    expect(waiting.checkpoints).toBeGreaterThan(1);
    expect(waiting.checkpoints).toBeLessThanOrEqual(3);
    const { messages } = await (await graph()).invoke(answer("yes"), on("t"));
    expect(messages.at(-1)?.text).toBe("yes");
    expect(await sizes(storage)).toMatchObject({ checkpoints: 1, writes: 0 });
  }
});
