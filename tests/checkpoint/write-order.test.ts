import * as langgraph from "@langchain/langgraph-checkpoint";
import { INTERRUPT } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { compareWrites } from "../../src/checkpoint/records/write-order.js";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix } from "../helpers/redis.js";

/** LangGraph's own comparison, where the installed version exports one. */
const theirs: unknown = Reflect.get(langgraph, "compareWritesSortKeys");

/** Short texts of few letters, so that they share beginnings: of each width in UTF-16, and halves of pairs. */
const text = fc
  .array(fc.constantFrom("", "a", "~", "ü", "\uffee", "\ue000", "🦜", "🦝", "\ud800", "\ud83e", "\udc00"), {
    maxLength: 4,
  })
  .map((letters) => letters.join(""));
const write = fc.record({ taskPath: text, taskId: text, index: fc.integer({ min: -4, max: 12 }) });

test.skipIf(typeof theirs !== "function")("compareWrites() orders as LangGraph does", () => {
  const compare = theirs as (a: unknown, b: unknown) => number;
  fc.assert(
    fc.property(write, write, (a, b) => {
      const expected = compare([a.taskPath, a.taskId, a.index], [b.taskPath, b.taskId, b.index]);
      expect(Math.sign(compareWrites(a, b))).toBe(Math.sign(expected));
    }),
    { numRuns: 5_000 },
  );
});

test("compareWrites() orders texts by code points, halves of surrogate pairs by their own", () => {
  const sorted = ["", "a", "a\uffee", "a🦜", "b", "\ud800", "\ud800a", "\ue000", "\uffee", "🦜", "🦜a", "🦝"];
  for (const [n, a] of sorted.entries()) {
    for (const [m, b] of sorted.entries()) {
      const expected = Math.sign(n - m);
      const [byPath, byTask] = [
        compareWrites({ taskPath: a, taskId: "z", index: 1 }, { taskPath: b, taskId: "z", index: 1 }),
        compareWrites({ taskPath: "p", taskId: a, index: 1 }, { taskPath: "p", taskId: b, index: 1 }),
      ];
      expect([a, b, Math.sign(byPath), Math.sign(byTask)]).toEqual([a, b, expected, expected]);
    }
  }
});

/** Writes of five tasks, in an order that is neither that of the tasks nor that of their paths. */
const WRITTEN: [task: string, path: string | undefined, values: number[]][] = [
  ["t1", "~__pregel_pull, z", [4]],
  ["t9", "~__pregel_pull, b", [1, 2]],
  ["t5", undefined, [0]],
  ["t7", "~__pregel_pull, 🦜", [5]],
  ["t0", "~__pregel_pull, \uffee", [4.5]],
  ["t4", "~__pregel_pull, b\n:c", [3]],
];
const ORDER = [0, 1, 2, 3, 4, 4.5, 5];

async function written(saver: RedisSaver) {
  const at = await put(saver, "t", { id: id(1) });
  for (const [task, path, values] of WRITTEN) {
    const writes = values.map((value): [string, unknown] => ["c", value]);
    await (path === undefined ? saver.putWrites(at, writes, task) : saver.putWrites(at, writes, task, path));
  }
  return at;
}

async function savers() {
  const client = await connect();
  const keyPrefix = freshPrefix();
  return () => new RedisSaver({ client, keyPrefix });
}

test("putWrites() stores the task path: pending writes come in the order of path, task and index", async () => {
  const saver = await savers();
  const at = await written(saver());
  const valuesOf = (writes: [string, string, unknown][] | undefined) => writes?.map(([, , value]) => value);
  expect(valuesOf((await saver().getTuple(at))?.pendingWrites)).toEqual(ORDER);
  const [listed] = await list(saver(), config("t"));
  expect(valuesOf(listed?.pendingWrites)).toEqual(ORDER);
});

test("getDeltaChannelHistory() gives the writes of each ancestor in the order of path, task and index", async () => {
  const saver = await savers();
  const parent = await written(saver());
  const child = await put(saver(), "t", { id: id(2), parent: parent.configurable?.checkpoint_id });
  await saver().putWrites(child, [["c", "two"]], "t0", "~__pregel_pull, z");
  await saver().putWrites(child, [["c", "one"]], "t1", "~__pregel_pull, a");
  await put(saver(), "t", { id: id(3), parent: id(2) });
  const history = await saver().getDeltaChannelHistory({ config: config("t"), channels: ["c"] });
  expect(history.c?.writes.map(([, , value]) => value)).toEqual([...ORDER, "one", "two"]);
});

test("putWrites() keeps the path of the write that stays, and takes that of a special one which replaces", async () => {
  const saver = await savers();
  const at = await put(saver(), "t", { id: id(1) });
  await saver().putWrites(at, [["c", "b"]], "t2", "b");
  await saver().putWrites(at, [["c", "x"]], "t2", "z");
  await saver().putWrites(at, [[INTERRUPT, "old"]], "t1", "a");
  await saver().putWrites(at, [[INTERRUPT, "new"]], "t1", "c");
  const writes = (await saver().getTuple(at))?.pendingWrites;
  expect(writes?.map(([, , value]) => value)).toEqual(["b", "new"]);
});

test("putWrites() refuses a task path that is no text, and writes nothing", async () => {
  const saver = await savers();
  const at = await put(saver(), "t", { id: id(1) });
  const path = ["__pregel_pull", "a"] as unknown as string;
  await expect(saver().putWrites(at, [["c", 1]], "task", path)).rejects.toThrow("task path must be a string");
  expect((await saver().getTuple(at))?.pendingWrites).toEqual([]);
});
