import { setTimeout as sleep } from "node:timers/promises";
import type { RedisSaver } from "langgraph-redis";
import { expect, it } from "vitest";
import { threadKeys } from "../../../src/checkpoint/keys.js";
import { config, id, list, put } from "../../conformance/saver/steps.js";
import { enterExpired, partitionIndex } from "../helpers.js";
import { keysOf, openSaver, threadsOfOnePartition } from "./helpers.js";

const MINUTE = 60_000;

/** The time to live of each key of the threads under a prefix. */
async function lives(
  client: Awaited<ReturnType<typeof openSaver>>["client"],
  prefix: string,
): Promise<number[]> {
  const keys = (await keysOf(client, prefix)).filter((key) => key.includes(":thread:"));
  return Promise.all(keys.map((key) => client.pTTL(key)));
}

it("put and putWrites let all keys of a thread expire at one moment, and extend it", async () => {
  const { saver, client, prefix } = await openSaver({ ttl: { defaultTTL: 10 } });
  await saver.putWrites(config("t", "", id(1)), [["a", "x".repeat(100)]], "task");
  await put(saver, "t", { id: id(1), values: { a: "x".repeat(500) }, metadata: { run_id: "r" } });
  for (const key of await keysOf(client, prefix)) {
    if (key.includes(":thread:")) await client.pExpire(key, MINUTE);
  }
  await saver.putWrites(config("t", "", id(1)), [["b", 1]], "other");
  const left = await lives(client, prefix);
  expect(left).toHaveLength(3);
  expect(Math.min(...left)).toBeGreaterThan(9 * MINUTE);
  expect(Math.max(...left) - Math.min(...left)).toBeLessThan(1_000);
});

it("getTuple and list extend a thread's time to live only with refreshOnRead", async () => {
  for (const refreshOnRead of [false, true]) {
    const { saver, client, prefix } = await openSaver({ ttl: { defaultTTL: 10, refreshOnRead } });
    const reads = {
      getTuple: () => saver.getTuple(config("t")),
      list: () => list(saver, config("t")),
      "list with a filter": () => list(saver, config("t"), { filter: { step: 0 } }),
    };
    for (const [name, read] of Object.entries(reads)) {
      await put(saver, "t", { id: id(1), values: { a: "x".repeat(500) } });
      for (const key of await keysOf(client, prefix)) {
        if (key.includes(":thread:")) await client.pExpire(key, MINUTE);
      }
      await read();
      const left = await lives(client, prefix);
      expect([name, Math.min(...left) > 9 * MINUTE]).toEqual([name, refreshOnRead]);
      expect([name, Math.max(...left) > 9 * MINUTE]).toEqual([name, refreshOnRead]);
    }
  }
});

it("putWrites leaves an expiring thread its time to live, also without a ttl of this saver", async () => {
  const { saver: expiring, client, prefix } = await openSaver({ ttl: { defaultTTL: 10 } });
  const { saver: plain } = await openSaver({ keyPrefix: prefix });
  await put(expiring, "t", { id: id(1) });
  await plain.putWrites(config("t", "", id(1)), [["a", "x".repeat(500)]], "task");
  const left = await lives(client, prefix);
  expect(left).toHaveLength(3);
  expect(Math.min(...left)).toBeGreaterThan(0);
});

it("persist and expire set the time to live of a thread, and later writes keep to it", async () => {
  const { saver, client, prefix } = await openSaver({ ttl: { defaultTTL: 10 } });
  await put(saver, "t", { id: id(1) });
  expect(await saver.persist("t")).toBe(true);
  expect(await lives(client, prefix)).toEqual([-1, -1, -1]);
  await put(saver, "t", { id: id(2) });
  expect(await lives(client, prefix)).toEqual([-1, -1, -1]);
  expect(await saver.expire("t", 60)).toBe(true);
  await put(saver, "t", { id: id(3), values: { a: "x".repeat(500) } });
  const left = await lives(client, prefix);
  expect(left).toHaveLength(3);
  expect(Math.min(...left)).toBeGreaterThan(59 * MINUTE);
  expect(await saver.persist("nobody")).toBe(false);
  expect(await saver.expire("nobody", 1)).toBe(false);
  await expect(saver.expire("t", -1)).rejects.toThrow("got -1");
});

it("listThreads and list without a thread do not return a thread from the moment it expires", async () => {
  const { saver } = await openSaver({ ttl: { defaultTTL: 0.0005 } });
  await put(saver, "t", { id: id(1), values: { a: "x".repeat(500) } });
  await expect.poll(() => saver.getTuple(config("t"))).toBeUndefined();
  expect(await saver.listThreads()).toEqual([]);
  expect(await list(saver, {})).toEqual([]);
});

const writers: Record<string, (saver: RedisSaver) => Promise<unknown>> = {
  put: (saver) => put(saver, "t0", { id: id(1) }),
  putWrites: (saver) => saver.putWrites(config("t0", "", id(1)), [["a", 1]], "task"),
  listThreads: (saver) => saver.listThreads(),
  deleteThread: (saver) => saver.deleteThread("t0"),
};

it.each(Object.keys(writers))(
  "%s removes what the indexes hold of threads that have expired",
  async (name) => {
    const { saver, client, prefix } = await openSaver();
    for (const thread of threadsOfOnePartition(10).slice(1)) await enterExpired(client, prefix, thread);
    for (let n = 0; n < 4; n++) await writers[name]?.(saver);
    await saver.deleteThread("t0");
    expect(await keysOf(client, prefix)).toEqual([]);
  },
);

it("put begins a thread anew that has expired, with its own times and runs", async () => {
  const { saver, client, prefix } = await openSaver();
  await enterExpired(client, prefix, "t");
  await put(saver, "t", { id: id(1), metadata: { run_id: "new" } });
  expect(await partitionIndex(client, prefix, "runs")).toEqual(["r:new:t", "t:t:new"]);
  expect(await partitionIndex(client, prefix, "expires")).toEqual([]);
  const [thread] = await saver.listThreads();
  expect(thread?.createdAt.getTime()).toBeGreaterThan(1_000);
});

it("put, putWrites, getTuple, expire, persist and copyThread keep the moment of expiry in the index", async () => {
  const { saver, client, prefix } = await openSaver({ ttl: { defaultTTL: 10, refreshOnRead: true } });
  const { saver: plain } = await openSaver({ keyPrefix: prefix });
  const check = async (thread: string) => {
    const { own, partition } = threadKeys(prefix, thread);
    const moments = (await Promise.all(own.map((key) => client.pExpireTime(key)))).filter((at) => at !== -2);
    const [first] = moments;
    expect(new Set(moments)).toEqual(new Set([first]));
    expect(await client.zScore(partition.expires, thread)).toBe(first === -1 ? null : first);
    return first as number;
  };
  await saver.putWrites(config("t", "", id(1)), [["a", 1]], "task");
  await check("t");
  await put(saver, "t", { id: id(1), values: { a: "x".repeat(500) }, metadata: { run_id: "r" } });
  const first = await check("t");
  await sleep(5);
  await saver.getTuple(config("t"));
  const second = await check("t");
  expect(second).toBeGreaterThan(first);
  await plain.putWrites(config("t", "", id(1)), [["a", 2]], "other");
  expect(await check("t")).toBe(second);
  await saver.expire("t", 60);
  expect(await check("t")).toBeGreaterThan(second);
  await saver.copyThread("t", "copy");
  expect(await check("copy")).toBeGreaterThan(second);
  await saver.persist("t");
  expect(await check("t")).toBe(-1);
  await put(saver, "t", { id: id(2), parent: id(1) });
  expect(await check("t")).toBe(-1);
});

it("constructor refuses a ttl that is not a positive number", async () => {
  for (const defaultTTL of [0, -1, Number.NaN, "5" as unknown as number]) {
    await expect(openSaver({ ttl: { defaultTTL } })).rejects.toThrow("ttl.defaultTTL");
  }
});

it("expire refuses a time to live that Redis cannot hold, and takes the longest there is", async () => {
  const { saver, client, prefix } = await openSaver();
  await put(saver, "t", { id: id(1), values: { a: "x" } });
  for (const minutes of [Number.MAX_SAFE_INTEGER, 144_000_000_001, Number.POSITIVE_INFINITY, Number.NaN, 0]) {
    await expect(saver.expire("t", minutes)).rejects.toThrow(/minutes must be a positive number/);
  }
  expect(Math.max(...(await lives(client, prefix)))).toBe(-1);
  await saver.expire("t", 144_000_000_000);
  expect(Math.min(...(await lives(client, prefix)))).toBeGreaterThan(8.63e15);
  expect(await saver.getTuple(config("t"))).toBeDefined();
});
