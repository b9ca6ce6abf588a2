import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { config, id, put, values } from "../../conformance/saver/steps.js";
import { connect, freshPrefix, proxied } from "../../helpers/redis.js";
import { expectConsistent } from "../consistency.js";
import { rawHash, rawMembers, savers } from "../helpers.js";
import { keys, message, messages, note, step } from "./helpers.js";

const encryption = keys("new");

/** The names of all chunks but tables: which names a table has together depends on the names. */
async function namesOf(
  { client, key }: Awaited<ReturnType<typeof savers>>,
  thread: string,
): Promise<string[]> {
  const chunks = [...(await rawHash(client, key("chunks", thread)))];
  return chunks.filter(([name, chunk]) => !/^[#!]/.test(name) && chunk[0] !== 0x74).map(([name]) => name);
}

test("an encrypted thread has as many chunks as a plain one, each under names of its own", async () => {
  const place = await savers();
  const names: string[][] = [];
  const run = async (thread: string, options: { encryption?: typeof encryption }) => {
    const saver = place.saver(options);
    for (let n = 1; n <= 60; n++) await step(saver, n, n, thread);
    // Another client, which knows nothing, stores the same values in another namespace, and an edit of the first message.
    const other = place.saver(options);
    const state = { messages: messages(60), note: note(60) };
    await put(other, thread, { id: id(61), values: state }, "inner");
    await put(other, thread, {
      id: id(62),
      parent: id(60),
      values: { messages: [message(99), ...messages(60).slice(1)] },
    });
    names.push(await namesOf(place, thread));
  };
  await run("plain", {});
  await run("t", { encryption });
  await run("u", { encryption });
  const [plain = [], one = [], other = []] = names;
  expect(one.length).toBe(plain.length);
  expect(other.length).toBe(plain.length);
  expect(new Set([...plain, ...one, ...other]).size).toBe(plain.length + one.length + other.length);
  await expectConsistent(place.client, place.keyPrefix);
});

test("put stores a checkpoint again, which others refer to, and accounts for all of its chunks", async () => {
  const { client, keyPrefix, saver } = await savers({ encryption });
  for (let time = 0; time < 3; time++) {
    for (const writer of [saver(), saver()]) for (let n = 1; n <= 3; n++) await step(writer, n, 30 + n);
    await expectConsistent(client, keyPrefix);
  }
  expect(await saver().threadStats("t")).toMatchObject({ checkpoints: 3 });
  expect(await values(saver(), config("t", "", id(2)))).toEqual({ messages: messages(32), note: note(2) });
  expect((await saver().getTuple(config("t")))?.pendingWrites).toHaveLength(2);
});

test("putWrites keeps what is there, replaces what is special, and accounts for both", async () => {
  const { client, keyPrefix, saver, key } = await savers({ encryption });
  await put(saver(), "t", { id: id(1), values: note(1) });
  const at = config("t", "", id(1));
  const large = (text: string) => text.repeat(3_000);
  await saver().putWrites(
    at,
    [
      ["a", large("x")],
      ["b", 1],
    ],
    "task",
  );
  const members = await rawMembers(client, key("index"));
  await saver().putWrites(
    at,
    [
      ["a", large("y")],
      ["b", 2],
    ],
    "task",
  );
  expect(await rawMembers(client, key("index"))).toEqual(members);
  await saver().putWrites(
    at,
    [
      ["a", large("y")],
      ["b", 2],
      ["c", 3],
    ],
    "task",
  );
  for (const text of ["p", "q"])
    await saver().putWrites(at, [["__interrupt__", [{ value: large(text) }]]], "task");
  await expectConsistent(client, keyPrefix);
  expect((await saver().getTuple(at))?.pendingWrites).toEqual([
    ["task", "__interrupt__", [{ value: large("q") }]],
    ["task", "a", large("x")],
    ["task", "b", 1],
    ["task", "c", 3],
  ]);
});

test("put of a checkpoint as a child of itself keeps the parent that it had", async () => {
  const { client, keyPrefix, saver } = await savers({ encryption });
  await step(saver(), 1);
  await step(saver(), 2);
  const again = { id: id(2), parent: id(2), values: { messages: messages(9) }, versions: { messages: 9 } };
  await put(saver(), "t", again);
  const tuple = await saver().getTuple(config("t"));
  expect(tuple?.parentConfig).toEqual(config("t", "", id(1)));
  expect(tuple?.checkpoint.channel_values).toEqual({ messages: messages(9) });
  // One that is not there yet has none.
  await put(saver(), "u", { id: id(5), parent: id(5), values: note(1) });
  expect((await saver().getTuple(config("u")))?.parentConfig).toBeUndefined();
  await expectConsistent(client, keyPrefix);
});

test('runs with durability "exit" go on where they ended', async () => {
  const { client, keyPrefix, saver } = await savers({ encryption });
  const State = Annotation.Root({
    turns: Annotation<number[]>({ reducer: (a, b) => a.concat(b), default: () => [] }),
  });
  const graphOf = (checkpointer: RedisSaver) =>
    new StateGraph(State)
      .addNode("count", ({ turns }) => ({ turns: [turns.length] }))
      .addEdge(START, "count")
      .compile({ checkpointer });
  const at = { configurable: { thread_id: "t" }, durability: "exit" as const };
  for (let turn = 0; turn < 3; turn++) await graphOf(saver()).invoke({ turns: [-1] }, at);
  await graphOf(saver()).updateState(at, { turns: [100] });
  await graphOf(saver()).invoke(null, at);
  expect((await graphOf(saver()).getState(at)).values.turns).toEqual([-1, 1, -1, 3, -1, 5, 100]);
  await expectConsistent(client, keyPrefix);
});

describe("what a client knows", () => {
  test("is read once: of a thread that it has read it is sent nothing again", async () => {
    const proxy = await proxied();
    const keyPrefix = freshPrefix();
    const saver = new RedisSaver({ client: await connect(proxy.url), keyPrefix, encryption });
    for (let n = 1; n <= 100; n++)
      await put(saver, "t", {
        id: id(n),
        values: { messages: messages(n) },
        versions: { messages: n },
        ...(n > 1 ? { parent: id(n - 1) } : {}),
      });
    const reader = new RedisSaver({ client: await connect(proxy.url), keyPrefix, encryption });
    const read = async () => {
      proxy.reset();
      expect(await values(reader, config("t"))).toEqual({ messages: messages(100) });
      return proxy.replyBytes;
    };
    const [cold, warm] = [await read(), await read()];
    expect(warm).toBeLessThan(1_000);
    expect(cold).toBeGreaterThan(3 * warm);
  });

  test("may be wrong: a thread that was deleted and begun anew is read as it is", async () => {
    const { saver } = await savers({ encryption });
    const one = saver();
    for (let n = 1; n <= 20; n++) await step(one, n);
    await saver().deleteThread("t");
    const other = saver();
    for (let n = 1; n <= 20; n++) await step(other, n, 2 * n);
    expect(await values(one, config("t"))).toEqual({ messages: messages(40), note: note(20) });
    await step(one, 21, 41);
    expect(await values(other, config("t"))).toEqual({ messages: messages(41), note: note(21) });
  });
});
