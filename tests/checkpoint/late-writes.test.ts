import { INTERRUPT } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { config, id, list, listIds, put, values } from "../conformance/saver/steps.js";
import { rawHash, savers } from "./helpers.js";

/** A value that is stored as a chunk of its own. */
const large = (n: number) => ({ n, text: `${n} `.repeat(200) });

async function latestThread() {
  const all = await savers({ history: "latest" });
  const { client, key, saver } = all;
  const go = async (from: number, to: number, ns = "") => {
    for (let n = from; n <= to; n++) {
      const parent = n === 1 ? undefined : id(n - 1);
      await put(saver(), "t", { id: id(n), parent, values: { a: large(n) }, versions: { a: n } }, ns);
    }
  };
  const writes = async () => {
    const members = await client.zRange(key("index"), 0, -1);
    const named = members.map((member) => /^w:([^:]*:[^:]*):/.exec(member)?.[1]);
    return [...new Set(named.filter((field) => field !== undefined))].sort();
  };
  return { ...all, go, writes };
}

test('with history: "latest" put() removes, after a while, writes that came after their checkpoint was superseded', async () => {
  const { go, writes, saver, client, key } = await latestThread();
  await go(1, 2);
  await saver().putWrites(config("t", "", id(1)), [["a", large(1_000)]], "late");
  await go(3, 4);
  expect(await writes()).toEqual([`:${id(1)}`]);
  // Clocks differ: they may wait for a checkpoint that is still to come.
  await client.hSet(key("checkpoints"), "early", Date.now() - 61_000);
  await go(5, 5);
  expect(await writes()).toEqual([]);
  expect(await client.hLen(key("chunks"))).toBe(2);
});

test('with history: "latest" put() keeps writes that come before their checkpoint, however long that takes', async () => {
  const { go, writes, saver } = await latestThread();
  await go(1, 2);
  await saver().putWrites(config("t", "", id(900)), [[INTERRUPT, "go on?"]], "early");
  await go(3, 300);
  expect(await writes()).toEqual([`:${id(900)}`]);
  await put(saver(), "t", { id: id(900), parent: id(300) });
  expect((await saver().getTuple(config("t")))?.pendingWrites).toEqual([["early", INTERRUPT, "go on?"]]);
});

test('with history: "latest" put() removes late writes of a namespace that is gone', async () => {
  const { go, writes, saver, client, key } = await latestThread();
  await go(1, 2);
  await saver().putWrites(config("t", "child:task", id(1)), [["a", large(1)]], "late");
  await client.hSet(key("checkpoints"), "early", Date.now() - 61 * 60_000);
  await go(3, 3);
  expect(await writes()).toEqual([]);
});

test("prune() removes the writes of checkpoints that are gone, and keeps those of checkpoints to come", async () => {
  const { saver, writes } = await latestThread();
  const all = saver({ history: "all" });
  for (const n of [1, 2, 3]) await put(all, "t", { id: id(n), parent: n > 1 ? id(n - 1) : undefined });
  await all.prune(["t"], { strategy: "keep_latest" });
  for (const n of [1, 2, 3, 4]) await all.putWrites(config("t", "", id(n)), [["a", large(n)]], "task");
  await all.prune(["t"], { strategy: "keep_latest" });
  expect(await writes()).toEqual([`:${id(3)}`, `:${id(4)}`]);
});

test("prune() keeps writes that come before the first checkpoint of their namespace", async () => {
  const { go, writes, saver } = await latestThread();
  await go(1, 2);
  await saver().putWrites(config("t", "child:task", id(3)), [[INTERRUPT, "go on?"]], "early");
  await saver().prune(["t"], { strategy: "keep_latest" });
  expect(await writes()).toHaveLength(1);
  await put(saver(), "t", { id: id(3) }, "child:task");
  const tuple = await saver().getTuple(config("t", "child:task"));
  expect(tuple?.pendingWrites).toEqual([["early", INTERRUPT, "go on?"]]);
});

// A damaged record

/** Alters the record of a checkpoint. */
async function damage({ client, key }: Awaited<ReturnType<typeof savers>>, field: string) {
  const record = (await rawHash(client, key("checkpoints"))).get(field) as Buffer;
  // A byte of the header, which scripts read.
  record[2] = (record[2] as number) ^ 1;
  await client.hSet(key("checkpoints"), field, record);
}

test('with history: "latest" put() stores a checkpoint over a damaged one, which goes', async () => {
  const all = await latestThread();
  await all.go(1, 2);
  await damage(all, `:${id(2)}`);
  await all.go(3, 3);
  expect(await values(all.saver(), config("t"))).toEqual({ a: large(3) });
  expect(await listIds(all.saver(), config("t"))).toEqual([id(3)]);
  await all.go(4, 300);
  expect(await listIds(all.saver(), config("t"))).toEqual([id(300)]);
  expect(await all.client.hLen(all.key("chunks"))).toBeLessThan(100);
});

test('with history: "latest" put() stores a checkpoint beside a damaged one of another namespace', async () => {
  const all = await latestThread();
  await all.go(1, 1, "child");
  await damage(all, `child:${id(1)}`);
  await all.go(1, 100);
  expect(await values(all.saver(), config("t"))).toEqual({ a: large(100) });
  expect(await listIds(all.saver(), config("t", ""))).toEqual([id(100)]);
});

test("prune() removes damaged checkpoints that are old, and nothing where a damaged one is to be kept", async () => {
  const all = await savers();
  const { saver } = all;
  for (const n of [1, 2, 3]) await put(saver(), "t", { id: id(n), parent: n > 1 ? id(n - 1) : undefined });
  await damage(all, `:${id(2)}`);
  expect(await saver().prune(["t"], { strategy: "keep_latest" })).toBe(2);
  expect(await list(saver(), config("t"))).toHaveLength(1);
  await put(saver(), "t", { id: id(4), parent: id(3) });
  await damage(all, `:${id(4)}`);
  await expect(saver().prune(["t"], { strategy: "keep_latest" })).rejects.toMatchObject({
    name: "CorruptRecordError",
  });
  expect(await all.client.zCard(all.key("index"))).toBe(3);
});
