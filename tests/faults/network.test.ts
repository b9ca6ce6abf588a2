import { Redis } from "ioredis";
import { type RedisClient, RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { createClient, createClientPool } from "redis";
import { expect, onTestFinished, test, vi } from "vitest";
import { config, id, put, values } from "../conformance/saver/steps.js";
import { freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";
import { openStore } from "../store/helpers.js";
import { halfDead } from "./half-dead.js";
import { expectFailure, Ledger } from "./ledger.js";

test("a slow network changes nothing", async () => {
  const proxy = await proxied();
  const ledger = new Ledger(await openSaver(proxy.url), await openStore({}, proxy.url));
  proxy.latencyMs = 15;
  await Promise.all([ledger.writeThread("t", 10), ledger.writeItem("k", 10)]);
  proxy.latencyMs = 0;
  await ledger.verify();
  expect(ledger.errors).toEqual([]);
});

test("a connection that breaks within a request is noticed by nobody", async () => {
  const proxy = await proxied();
  const ledger = new Ledger(await openSaver(proxy.url), await openStore({}, proxy.url));
  for (let bytes = 1; bytes < 4_000; bytes += 311) {
    proxy.cutRequestAfter(bytes);
    await Promise.all([ledger.writeThread("t", 2), ledger.writeItem("k", 2)]);
  }
  await ledger.verify();
  expect(ledger.errors).toEqual([]);
  expect(proxy.connections).toBeGreaterThan(5);
});

test("a connection that breaks within a reply is noticed by nobody", async () => {
  const proxy = await proxied();
  const ledger = new Ledger(await openSaver(proxy.url), await openStore({}, proxy.url));
  for (let bytes = 1; bytes < 60; bytes += 5) {
    proxy.cutReplyAfter(bytes);
    await Promise.all([ledger.writeThread("t", 2), ledger.writeItem("k", 2)]);
    proxy.cutReplyAfter(bytes * 100);
    await ledger.verify();
  }
  expect(ledger.errors).toEqual([]);
  expect(proxy.connections).toBeGreaterThan(5);
});

test("what stays without an answer fails, and says which operation it was", async () => {
  const proxy = await proxied();
  const saver = await openSaver(proxy.url, { commandTimeout: 300 });
  const store = await openStore({ commandTimeout: 300 }, proxy.url);
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  proxy.stall();
  const failures = await Promise.all([
    expectFailure(put(saver, "t", { id: id(2) }), /^put \(thread "t", checkpoint .*no answer within 300 ms/),
    expectFailure(saver.getTuple(config("t")), /getTuple .*no answer/),
    expectFailure(saver.deleteThread("t"), /deleteThread .*"t"/),
  ]);
  expect(failures[0].context).toEqual({
    operation: "put",
    threadId: "t",
    checkpointNs: "",
    checkpointId: id(2),
  });
  await expect(store.get(["a"], "k")).rejects.toThrow(
    /^get \(namespace \["a"\], key "k"\) failed: no answer/,
  );
  proxy.resume();
  await put(saver, "t", { id: id(3), values: { a: 3 } });
  expect(await values(saver, config("t"))).toEqual({ a: 3 });
  expect(await store.get(["a"], "k")).toBeNull();
});

test("a connection that died silently is replaced when a command has waited in vain", async () => {
  const way = await halfDead(plainRedisUrl());
  const saver = await openSaver(way.url, { commandTimeout: 300 });
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  way.loseConnections();
  await expectFailure(put(saver, "t", { id: id(2), values: { a: 2 } }), /no answer within 300 ms/);
  const ledger = new Ledger(saver);
  await ledger.writeThread("u", 3);
  await ledger.verify();
  expect(await values(saver, config("t", "", id(1)))).toEqual({ a: 1 });
});

test.each([
  ["for longer than commandTimeout", 1_000],
  ["for so long that connecting was tried many times", 9_000],
])("a server that was away %s is found again", async (_, milliseconds) => {
  const proxy = await proxied(plainRedisUrl());
  const saver = await openSaver(proxy.url, { commandTimeout: 300 });
  const own = Object.entries(ownClients).map(async ([, open]) => {
    const client = await open(proxy.url);
    return new RedisSaver({ client, keyPrefix: freshPrefix(), commandTimeout: 300 });
  });
  const savers = [saver, ...(await Promise.all(own))];
  for (const each of savers) await put(each, "t", { id: id(1), values: { a: 1 } });
  proxy.refuse = true;
  proxy.cutAll();
  const until = performance.now() + milliseconds;
  while (performance.now() < until)
    await expectFailure(saver.getTuple(config("t")), /no answer within 300 ms/);
  proxy.refuse = false;
  for (const each of savers)
    await vi.waitFor(async () => expect(await values(each, config("t"))).toEqual({ a: 1 }), 10_000);
});

test("a command that failed is not carried out later", async () => {
  const proxy = await proxied(plainRedisUrl());
  const saver = await openSaver(proxy.url, { commandTimeout: 200 });
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  proxy.refuse = true;
  proxy.cutAll();
  await expectFailure(put(saver, "t", { id: id(2), values: { a: 2 } }), /no answer within 200 ms \(.+\)/);
  proxy.refuse = false;
  await put(saver, "u", { id: id(1) });
  expect(await values(saver, config("t"))).toEqual({ a: 1 });
});

const ownClients: Record<string, (url: string) => Promise<RedisClient>> = {
  createClient: async (url) => {
    const client = createClient({ url });
    client.on("error", () => {});
    await client.connect();
    onTestFinished(() => client.destroy());
    return client;
  },
  createClientPool: async (url) => {
    const pool = createClientPool({ url }, { minimum: 2, maximum: 2 });
    pool.on("error", () => {});
    await pool.connect();
    onTestFinished(() => pool.destroy());
    return pool;
  },
  ioredis: async (url) => {
    const redis = new Redis(url);
    redis.on("error", () => {});
    onTestFinished(() => redis.disconnect());
    return fromIoredis(redis);
  },
};

test.each(Object.entries(ownClients))(
  "a client of the user's goes on after a broken connection: %s",
  async (_, open) => {
    const proxy = await proxied(plainRedisUrl());
    const ledger = new Ledger(new RedisSaver({ client: await open(proxy.url), keyPrefix: freshPrefix() }));
    for (let bytes = 1; bytes < 2_000; bytes += 499) {
      proxy.cutRequestAfter(bytes);
      await ledger.writeThread("t", 2);
      proxy.cutReplyAfter(bytes % 50);
      await ledger.writeThread("t", 2);
    }
    await ledger.verify();
    expect(ledger.errors).toEqual([]);
    expect(proxy.connections).toBeGreaterThan(4);
  },
);

test("closing waits for what is under way, and what comes after it says so", async () => {
  const proxy = await proxied(plainRedisUrl());
  const saver = await openSaver(proxy.url);
  proxy.latencyMs = 20;
  proxy.reset();
  const putting = put(saver, "t", { id: id(1), values: { a: 1 } });
  await vi.waitFor(() => expect(proxy.commands).not.toEqual([]));
  await Promise.all([saver.end(), saver.end()]);
  await putting;
  await expectFailure(saver.getTuple(config("t")), /connection was closed by end\(\)/);
  await saver.end();
});

async function openSaver(url: string, options: RedisSaverOptions = {}): Promise<RedisSaver> {
  const saver = await RedisSaver.fromConnString(url, { keyPrefix: freshPrefix(), ...options });
  onTestFinished(() => saver.end());
  return saver;
}
