import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  BaseCheckpointSaver,
  DeltaValue,
  interrupt,
  MessagesDeltaValue,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { z } from "zod/v4";
import { proxied } from "../helpers/redis.js";
import { answer, on, redis, snapshots, texts, withEverySaver } from "./savers.js";

/** A list of numbers that is stored as what every step added to it. */
function numbersState(snapshotFrequency?: number) {
  const numbers = new DeltaValue(z.array(z.number()).default([]), {
    reducer: (state: number[], writes: number[][]) => state.concat(...writes),
    snapshotFrequency,
  });
  return new StateSchema({ numbers, until: z.number().default(0) });
}

/** Counts on, one step for each number. */
function counter(checkpointer: BaseCheckpointSaver, snapshotFrequency?: number) {
  return new StateGraph(numbersState(snapshotFrequency))
    .addNode("count", ({ numbers }) => ({ numbers: [numbers.length] }))
    .addEdge("__start__", "count")
    .addConditionalEdges("count", ({ numbers, until }) => (numbers.length < until ? "count" : "__end__"))
    .compile({ checkpointer });
}

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);
const withSteps = (steps: number) => ({ ...on("t"), recursionLimit: steps + 10 });
const _untilStep = (until: number) =>
  [
    { until, numbers: [] },
    { ...on("t"), recursionLimit: until + 10 },
  ] as const;

const FREQUENCIES = [undefined, 7, 1];
const DURABILITIES = ["sync", "async", "exit"] as const;

withEverySaver((newStorage) => {
  for (const durability of DURABILITIES) {
    test.each(FREQUENCIES)(
      `a delta channel goes on in another process (durability ${durability}, a snapshot every %s steps)`,
      async (frequency) => {
        const { open } = newStorage();
        for (const until of [10, 20, 21, 40]) {
          await counter(await open(), frequency).invoke({ until }, { ...withSteps(until), durability });
          const { values } = await counter(await open(), frequency).getState(on("t"));
          expect(values.numbers).toEqual(upTo(until));
        }
      },
    );
  }

  test.each(DURABILITIES)(
    "what is given to a delta channel as input counts (durability %s)",
    async (durability) => {
      const { open } = newStorage();
      for (const [first, until] of [
        [0, 5],
        [5, 9],
      ] as const) {
        const input = { until, numbers: [first] };
        await counter(await open()).invoke(input, { ...withSteps(until), durability });
        expect((await counter(await open()).getState(on("t"))).values.numbers).toEqual(upTo(until));
      }
    },
  );

  test("a delta channel of messages goes on, with edited and interrupted messages", async () => {
    const { open } = newStorage();
    const graph = async () =>
      new StateGraph(new StateSchema({ messages: MessagesDeltaValue }))
        .addNode("ask", ({ messages }) => {
          const answer = interrupt(`after ${messages.length}`);
          return { messages: [new AIMessage({ id: `a${messages.length}`, content: `${answer}` })] };
        })
        .addNode("edit", ({ messages }) => {
          return { messages: [new HumanMessage({ id: "h0", content: `edited at ${messages.length}` })] };
        })
        .addEdge("__start__", "ask")
        .addEdge("ask", "edit")
        .compile({ checkpointer: await open() });
    for (let turn = 0; turn < 3; turn++) {
      const said = new HumanMessage({ id: `h${turn}`, content: `turn ${turn}` });
      await (await graph()).invoke({ messages: [said] }, on("t"));
      const { tasks } = await (await graph()).getState(on("t"));
      expect(tasks[0]?.interrupts[0]?.value).toBe(`after ${2 * turn + 1}`);
      await (await graph()).invoke(answer(`answer ${turn}`), on("t"));
    }
    const { values } = await (await graph()).getState(on("t"));
    expect(texts(values.messages)).toEqual([
      "edited at 6",
      "answer 0",
      "turn 1",
      "answer 1",
      "turn 2",
      "answer 2",
    ]);
  });
});

test('several questions at one place, with a delta channel and durability "exit"', async () => {
  const storage = redis();
  const graph = async () =>
    new StateGraph(numbersState())
      .addNode("count", ({ numbers }) => ({ numbers: [numbers.length] }))
      .addNode("ask", () => ({ numbers: [interrupt("one?"), interrupt("two?"), interrupt("three?")] }))
      .addEdge("__start__", "count")
      .addEdge("count", "ask")
      .compile({ checkpointer: await storage.open() });
  const config = { ...on("t"), durability: "exit" as const };
  await (await graph()).invoke({ until: 1 }, config);
  const before = await snapshots(await graph(), on("t"));
  await (await graph()).invoke(answer(10), config);
  await (await graph()).invoke(answer(20), config);
  const after = await snapshots(await graph(), on("t"));
  expect(after.map(({ parentConfig }) => parentConfig)).toEqual(
    before.map(({ parentConfig }) => parentConfig),
  );
  const saver = await storage.open();
  await saver.prune(["t"], { strategy: "keep_latest" });
  const { numbers } = await (await graph()).invoke(answer(30), config);
  expect(numbers).toEqual([0, 10, 20, 30]);
  expect((await (await graph()).getState(on("t"))).values.numbers).toEqual([0, 10, 20, 30]);
});

const STEPS = 500;

test("500 steps of a delta channel are read back in a twentieth of the round trips that LangGraph needs", async () => {
  const storage = redis();
  const never = 2 * STEPS; // no snapshot in between, which LangGraph takes after 100 steps unless told otherwise
  const config = { ...withSteps(STEPS), durability: "async" as const };
  await counter(await storage.open(), never).invoke({ until: STEPS }, config);
  const proxy = await proxied();
  const saver = await storage.open({}, proxy.url);
  const latest = await saver.getTuple(on("t"));
  if (!latest) throw new Error("the thread has no checkpoint");
  const options = { config: latest.config, channels: ["numbers"] };
  proxy.reset();
  const walked = await BaseCheckpointSaver.prototype.getDeltaChannelHistory.call(saver, options);
  const baseline = proxy.roundTrips;
  proxy.reset();
  const history = await saver.getDeltaChannelHistory(options);
  const ours = proxy.roundTrips;
  expect(history).toEqual(walked);
  expect(history.numbers?.writes).toHaveLength(STEPS);
  expect(baseline).toBeGreaterThanOrEqual(STEPS);
  expect(20 * ours).toBeLessThanOrEqual(baseline);
  proxy.reset();
  const { values } = await counter(saver, never).getState(on("t"));
  expect(values.numbers).toEqual(upTo(STEPS));
  expect(20 * proxy.roundTrips).toBeLessThanOrEqual(baseline);
  const more = await counter(saver, never).invoke({ until: STEPS + 3 }, withSteps(10));
  expect(more.numbers).toEqual(upTo(STEPS + 3));
});

test.each(DURABILITIES)(
  "500 steps of a delta channel survive pruning (durability %s)",
  async (durability) => {
    const storage = redis();
    const config = { ...withSteps(STEPS), durability };
    await counter(await storage.open(), 90).invoke({ until: STEPS }, config);
    const saver = await storage.open();
    await saver.prune(["t"], { strategy: "keep_latest" });
    const kept = await snapshots(counter(await storage.open(), 90), on("t"));
    expect(kept.length).toBeLessThanOrEqual(1 + 90);
    expect(kept[0]?.values.numbers).toEqual(upTo(STEPS));
    const { numbers } = await counter(await storage.open(), 90).invoke({ until: STEPS + 100 }, config);
    expect(numbers).toEqual(upTo(STEPS + 100));
    await saver.prune(["t"], { strategy: "keep_latest" });
    const { values } = await counter(await storage.open(), 90).getState(on("t"));
    expect(values.numbers).toEqual(upTo(STEPS + 100));
  },
);

test("old checkpoints of a delta channel have their own values, and are gone back to", async () => {
  const storage = redis();
  const graph = async () => counter(await storage.open(), 4);
  await (await graph()).invoke({ until: 20 }, withSteps(20));
  const all = await snapshots(await graph(), on("t"));
  const steps = all.map(({ metadata }) => metadata?.step as number);
  expect(all.map(({ values }) => values.numbers)).toEqual(steps.map((step) => upTo(Math.max(0, step))));
  const middle = all.find(({ values }) => values.numbers.length === 8);
  const { numbers } = await (await graph()).invoke(null, middle?.config as object);
  expect(numbers).toEqual(upTo(20));
  // Forks with other values are another matter: LangGraph stores what a step wrote with its parent, so that the steps
  // of all branches are read, from every saver.
});
