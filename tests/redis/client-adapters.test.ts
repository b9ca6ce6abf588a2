import { Cluster, Redis } from "ioredis";
import { InvalidInputError, RedisSaver, RedisStore } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { createClient as createOldClient, createCluster as createOldCluster } from "redis-4";
import { describe, expect, onTestFinished, test } from "vitest";
import { createConnection, type RedisClient } from "../../src/redis/connection.js";
import { config, id, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";

const url = "redis://127.0.0.1:1";
const rootNodes = [{ url }];
const sentinelRootNodes = [{ host: "127.0.0.1", port: 1 }];
const name = "mymaster";

/** Clients that were not connected, with options of their own. */
const unconnected = {
  createClient: (options: object) => createClient({ url, ...options }),
  createClientPool: (options: object) => createClientPool({ url, ...options }),
  createCluster: (options: object) => createCluster({ rootNodes, ...options }),
  createSentinel: (options: object) => createSentinel({ name, sentinelRootNodes, ...options }),
  "ioredis Redis": (options: object) => fromIoredis(new Redis(url, { lazyConnect: true, ...options })),
  "ioredis Cluster": (options: object) => fromIoredis(new Cluster([url], { lazyConnect: true, ...options })),
} as Record<string, (options: object) => RedisClient>;

describe.each(Object.entries(unconnected))("%s", (_, create) => {
  test("with a key prefix of its own is refused", () => {
    const refused = () => new RedisSaver({ client: create({ keyPrefix: "app:" }) });
    expect(refused).toThrow(InvalidInputError);
    expect(refused).toThrow('the client was created with keyPrefix "app:"');
    expect(() => new RedisStore({ client: create({ keyPrefix: "app:" }) })).toThrow("keyPrefix");
  });

  test("that is not connected is not connected by us, but says so", async () => {
    const saver = new RedisSaver({ client: create({}) });
    await expect(saver.getTuple(config("t"))).rejects.toThrow(
      'getTuple (thread "t") failed: the client is not connected. Call `await',
    );
    const store = new RedisStore({ client: create({}) });
    await expect(store.get(["a"], "k")).rejects.toThrow("the client is not connected");
  });
});

test("an ioredis cluster whose nodes have a key prefix is refused", () => {
  const redis = new Cluster([url], { lazyConnect: true, redisOptions: { keyPrefix: "app:" } });
  expect(() => fromIoredis(redis)).toThrow("keyPrefix");
});

test.each([
  ["an ioredis client that is not wrapped", new Redis(url, { lazyConnect: true }), "fromIoredis(redis)"],
  ["a URL", "redis://:s3cret@host", "Got a string of 20 characters."],
  ["nothing", undefined, "must be a client of Redis"],
  ["the options of a client", { url }, "Got an object."],
  ["a legacy client", createClient({ url }).legacy(), "must be a client of Redis"],
  ["a client of node-redis 4", createOldClient({ url }), "a client of node-redis 4"],
  ["a cluster of node-redis 4", createOldCluster({ rootNodes }), "npm install redis@6"],
  ["a promise of a client", Promise.resolve(createClient({ url })), "It is a promise: await it."],
  ["a client over HTTP", { request() {}, pipeline: () => ({ exec() {} }) }, "over HTTP cannot be used"],
  ["whatever has a method pipeline", { pipeline: async () => [] }, "must be a client of Redis"],
  ["whatever has a method send", { send: async () => [], unusable: undefined }, "must be a client of Redis"],
])("%s is refused as a client", (_, client, message) => {
  const refused = () => new RedisSaver({ client: client as unknown as RedisClient });
  expect(refused).toThrow(InvalidInputError);
  expect(refused).toThrow(message);
  expect(() => new RedisStore({ client: client as unknown as RedisClient })).toThrow(message);
});

test.each([
  ["nothing", []],
  ["null", [null]],
  ["a URL", ["redis://:s3cret@host"]],
  ["a client that is not in an object", [createClient({ url })]],
])("a constructor that is given %s says what it needs", (_, args) => {
  for (const Class of [RedisSaver, RedisStore]) {
    const refused = () => Reflect.construct(Class, args);
    expect(refused).toThrow(InvalidInputError);
    expect(refused).toThrow(`new ${Class.name}({ client })`);
    expect(refused).not.toThrow("s3cret");
  }
});

test("fromIoredis refuses what is no ioredis client", () => {
  expect(() => fromIoredis(createClient({ url }) as never)).toThrow(InvalidInputError);
});

test("a client of the user's is left as it was, and stays open", async () => {
  const client = await connect(plainRedisUrl(), { commandOptions: { timeout: 1_234 } });
  const seen = () => ({
    options: { ...client.options, commandOptions: { ...client.options.commandOptions } },
    events: client.eventNames().map((event) => [event, client.listenerCount(event)]),
  });
  const before = seen();
  const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
  const store = new RedisStore({ client: await connect(), keyPrefix: freshPrefix() });
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  await saver.getTuple(config("t"));
  await saver.end();
  await store.stop();
  expect(seen()).toEqual(before);
  expect(client.isOpen).toBe(true);
  expect(await client.ping()).toBe("PONG");
});

test("all commands of a pipeline go over one connection of a pool, in order", async () => {
  const pool = createClientPool({ url: plainRedisUrl() }, { minimum: 4, maximum: 8 });
  await pool.connect();
  onTestFinished(() => pool.close());
  const connection = createConnection(pool);
  const key = freshPrefix();
  const pipelines = await Promise.all(
    Array.from({ length: 20 }, () =>
      connection.pipeline([
        { key, args: ["CLIENT", "ID"] },
        { key, args: ["ECHO", "a"] },
        { key, args: ["CLIENT", "ID"] },
      ]),
    ),
  );
  for (const [first, echo, last] of pipelines) expect([first, echo]).toEqual([last, Buffer.from("a")]);
  expect(new Set(pipelines.map(([first]) => first)).size).toBeGreaterThan(1);
});

test("commands keep their order on a client that sends as soon as possible", async () => {
  const connection = createConnection(await connect(plainRedisUrl(), { commandOptions: { asap: true } }));
  const key = freshPrefix();
  const numbers = Array.from({ length: 50 }, (_, n) => String(n));
  await connection.pipeline(numbers.map((n) => ({ key, args: ["RPUSH", key, n] })));
  const [list] = await connection.pipeline([{ key, args: ["LRANGE", key, "0", "-1"] }]);
  expect((list as Buffer[]).map(String)).toEqual(numbers);
});

test("a command that is refused gives its error in its place", async () => {
  for (const client of [await connect(plainRedisUrl()), fromIoredis(await openIoredis())]) {
    const key = freshPrefix();
    const [set, wrong, get] = await createConnection(client).pipeline([
      { key, args: ["SET", key, "1"] },
      { key, args: ["LPUSH", key, "1"] },
      { key, args: ["GET", key] },
    ]);
    expect(set).not.toBeInstanceOf(Error);
    expect(wrong).toBeInstanceOf(Error);
    expect((wrong as Error).message).toMatch(/^WRONGTYPE /);
    expect(get).toEqual(Buffer.from("1"));
  }
});

test("each operation is one round trip, whatever the client", async () => {
  const proxy = await proxied(plainRedisUrl());
  const pool = createClientPool({ url: proxy.url }, { minimum: 1, maximum: 1 });
  await pool.connect();
  onTestFinished(() => pool.close());
  const clients: RedisClient[] = [await connect(proxy.url), pool, fromIoredis(await openIoredis(proxy.url))];
  for (const client of clients) {
    const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
    const at = await put(saver, "t", { id: id(1), values: { a: [1] } });
    await saver.putWrites(at, [["a", 1]], "task");
    await saver.getTuple(config("t"));
    await saver.deleteThread("t");
    const trips: number[] = [];
    const count = async (work: () => Promise<unknown>) => {
      proxy.reset();
      await work();
      trips.push(proxy.roundTrips);
    };
    await count(() => put(saver, "t", { id: id(1), values: { a: [1] } }));
    await count(() => saver.putWrites(at, [["a", 1]], "task"));
    await count(() => saver.getTuple(config("t")));
    await count(() => saver.deleteThread("t"));
    expect(trips).toEqual([1, 1, 1, 1]);
  }
});

async function openIoredis(to = plainRedisUrl()): Promise<Redis> {
  const redis = new Redis(to, { lazyConnect: true });
  await redis.connect();
  onTestFinished(() => redis.disconnect());
  return redis;
}
