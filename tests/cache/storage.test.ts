import { RedisCache } from "langgraph-redis";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { CacheKeys } from "../../src/cache/keys.js";
import { connect, freshPrefix, plainRedisUrl, proxied, type TestClient } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { entry, key, listener } from "./helpers.js";

let client: TestClient;
beforeAll(async () => {
  client = await connect(plainRedisUrl());
});

/** A cache, what it was told of failures, the keys of a namespace, and all keys that there are. */
function setUp() {
  const keyPrefix = freshPrefix();
  const { errors, onError } = listener();
  const cache = new RedisCache({ client, keyPrefix, onError });
  const keysOf = (...namespace: string[]) => new CacheKeys(keyPrefix).ofNamespace(namespace);
  const stored = async () => {
    const all: string[] = [];
    for await (const page of client.scanIterator({ MATCH: `${keyPrefix}*`, COUNT: 1_000 })) all.push(...page);
    return all.map((each) => each.slice(keyPrefix.length + 1)).sort();
  };
  return { keyPrefix, cache, errors, keysOf, stored };
}

test("get and set of any number of keys are one round trip", async () => {
  const proxy = await proxied(plainRedisUrl());
  await using cache = await RedisCache.fromConnString(proxy.url, { keyPrefix: freshPrefix() });
  const entries = Array.from({ length: 500 }, (_, n) => entry(`${n}`, n % 2 ? 60 : undefined, [`${n % 5}`]));
  const keys = entries.map((each) => each.key);
  await cache.set(entries);
  await cache.get(keys);
  proxy.reset();
  await cache.set(entries);
  expect(proxy.roundTrips).toBe(1);
  expect(await cache.get(keys)).toHaveLength(500);
  expect(proxy.roundTrips).toBe(2);
  await cache.clear([["1"], ["2"]]);
  await cache.clear([["1"]]);
  proxy.reset();
  await cache.clear([["3"], ["4"]]);
  await cache.clear([]);
  expect(proxy.roundTrips).toBe(2);
});

test("set sends no more than a megabyte to one call of its script, unless one value is larger", async () => {
  const calls: number[] = [];
  const inner = new SteppingConnection(client);
  inner.before(
    (command) => calls.push(command.args.reduce((sum, arg) => sum + arg.length, 0)) < 0,
    () => {},
  );
  const cache = new RedisCache({ client: inner, keyPrefix: freshPrefix() });
  const sizes = [400_000, 400_000, 400_000, 2_000_000, 10, 10];
  const entries = sizes.map((size, n) => ({ key: key(`${n}`), value: "x".repeat(size) }));
  await cache.set([entries[0] as (typeof entries)[0]]);
  calls.length = 0;
  await cache.set(entries);
  inner.reset();
  expect(calls.map((bytes) => Math.round(bytes / 100_000))).toEqual([8, 4, 20, 0]);
  const found = await cache.get(entries.map((each) => each.key));
  expect(found.map(({ value }) => (value as string).length)).toEqual(sizes);
});

test("entries with a time to live leave nothing behind, whatever namespaces they were in", async () => {
  const { cache, stored } = setUp();
  await cache.set([entry("1", 0.05), entry("2", 0.1), entry("1", 0.05, ["b", "c"]), entry("1", 0.05, [])]);
  expect(await stored()).toHaveLength(9);
  await expect.poll(stored).toEqual([]);
});

test("the keys of a namespace live as long as its last entry, also when entries change their time to live", async () => {
  const { cache, keysOf } = setUp();
  const { permanent, expiring, deadlines, registry } = keysOf("a");
  const lives = async () => {
    const all = await Promise.all(
      [permanent, expiring, deadlines, registry].map((each) => client.pTTL(each)),
    );
    return all.map((milliseconds) =>
      milliseconds < 0 ? milliseconds : Math.ceil(milliseconds / 10_000) * 10,
    );
  };
  await cache.set([entry("1", 60), entry("2", 20)]);
  expect(await lives()).toEqual([-2, 60, 60, 60]);
  await cache.set([entry("1", 10)]);
  expect(await lives()).toEqual([-2, 20, 20, 20]);
  await cache.set([entry("1")]);
  expect(await lives()).toEqual([-1, 20, 20, -1]);
  await cache.set([entry("1", 90)]);
  expect(await lives()).toEqual([-2, 90, 90, 90]);
  await cache.set([entry("3", undefined, ["a"])]);
  await cache.clear([["a"]]);
  expect(await lives()).toEqual([-2, -2, -2, -2]);
});

test("a registry expires when the last namespace that is for ever is cleared", async () => {
  const { cache, keysOf, stored } = setUp();
  const { registry, name } = keysOf("a");
  // Namespaces of one partition.
  const other = Array.from({ length: 2_000 }, (_, n) => `n${n}`).find(
    (label) => keysOf(label).registry === registry,
  ) as string;
  await cache.set([entry("1"), entry("1", 50, [other])]);
  expect(await client.pTTL(registry)).toBe(-1);
  await cache.clear([["a"]]);
  expect(await client.pTTL(registry)).toBeGreaterThan(0);
  expect(await client.zScore(registry, name)).toBeNull();
  await cache.set([entry("1", 0, [other])]);
  expect(await stored()).toEqual([]);
});

test("expired entries go beside those that stay, by the sets that follow", async () => {
  const { cache, keysOf } = setUp();
  const { expiring, deadlines, registry } = keysOf("a");
  await cache.set(Array.from({ length: 50 }, (_, n) => entry(`${n}`, 0.001)));
  await cache.set([entry("long", 60)]);
  await expect
    .poll(async () => {
      for (let n = 0; n < 10; n++) await cache.set([entry("long", 60)]);
      return [await client.hKeys(expiring), await client.zCard(deadlines)];
    })
    .toEqual([["long"], 1]);
  // So do the names of namespaces that have expired.
  await client.zAdd(registry, { score: 1, value: "gone:" });
  await cache.set([entry("long", 60)]);
  expect(await client.zRange(registry, 0, -1)).toEqual(["a:"]);
});

test.each(["permanent", "expiring", "deadlines", "registry"] as const)(
  "an evicted key (%s) is entries that are gone, and nothing comes back with the next set",
  async (evicted) => {
    const { cache, errors, keysOf } = setUp();
    await cache.set([entry("1"), entry("2", 60)]);
    await client.del(keysOf("a")[evicted]);
    const remaining = (await cache.get([key("1"), key("2")])).map(({ value }) => value);
    expect(remaining).toEqual({ permanent: ["2"], expiring: ["1"], deadlines: ["1"], registry: [] }[evicted]);
    await cache.set([entry("3")]);
    const all = (await cache.get([key("1"), key("2"), key("3")])).map(({ value }) => value);
    expect(all).toEqual([...remaining, "3"]);
    await cache.clear([]);
    expect(await cache.get([key("1"), key("2"), key("3")])).toEqual([]);
    expect(errors).toEqual([]);
  },
);

test.each(["permanent", "expiring", "deadlines", "registry"] as const)(
  "a key of another type (%s) is a miss that is told; nothing is stored beside it, and clear removes it",
  async (wrong) => {
    const { cache, errors, keysOf, stored } = setUp();
    await cache.set([entry("1"), entry("2", 60)]);
    await client.set(keysOf("a")[wrong], "a string");
    const before = await stored();
    const values = (await cache.get([key("1"), key("2")])).map(({ value }) => value);
    await cache.set([entry("3"), entry("4", 60)]);
    expect(values.length).toBeLessThan(2);
    expect(await stored()).toEqual(before);
    expect(errors.at(-1)).toMatchObject({ code: "CORRUPT_RECORD" });
    expect(errors.at(-1)?.message).toContain('cache namespace ["a"]');
    await cache.clear([]);
    await cache.set([entry("1"), entry("2", 60)]);
    expect(await cache.get([key("1"), key("2")])).toHaveLength(2);
  },
);

test("an altered, shortened or foreign value is a miss that is told, and a set puts it right", async () => {
  const { cache, errors, keysOf } = setUp();
  const { permanent } = keysOf("a");
  const names = ["altered", "shortened", "foreign", "empty", "whole"];
  await cache.set(names.map((name) => entry(name)));
  const altered = (await client.hGet(permanent, "altered")) as string;
  await client.hSet(permanent, "altered", altered.replace("altered", "alterer"));
  await client.hSet(
    permanent,
    "shortened",
    ((await client.hGet(permanent, "shortened")) as string).slice(0, -1),
  );
  await client.hSet(permanent, "foreign", "json\n1");
  await client.hSet(permanent, "empty", "");
  const keys = names.map((name) => key(name));
  expect((await cache.get(keys)).map(({ value }) => value)).toEqual(["whole"]);
  expect(errors).toHaveLength(4);
  for (const error of errors) expect(error).toMatchObject({ code: "CORRUPT_RECORD" });
  expect(errors[0]?.message).toContain('cache entry "altered" in namespace ["a"] was altered');
  await cache.set(names.map((name) => entry(name)));
  expect(await cache.get(keys)).toHaveLength(5);
});

test("a value that the serializer refuses is a miss that is told", async () => {
  const { cache, errors, keyPrefix } = setUp();
  const serde = {
    dumpsTyped: async (value: unknown): Promise<[string, Uint8Array]> => ["own", Buffer.from(String(value))],
    loadsTyped: async (_: string, data: Uint8Array | string) => Buffer.from(data).toString(),
  };
  const other = new RedisCache({ client, keyPrefix, serde });
  await other.set([entry("1")]);
  expect(await other.get([key("1")])).toEqual([{ key: key("1"), value: "1" }]);
  expect(await cache.get([key("1")])).toEqual([]);
  expect(errors).toMatchObject([{ code: "DESERIALIZATION_FAILED" }]);
});

test("sets and clears of other clients may come between any two commands", async () => {
  await atEveryGap(async () => {
    const { keyPrefix, cache: other } = setUp();
    const connection = new SteppingConnection(client);
    const cache = new RedisCache({ client: connection, keyPrefix });
    const names = Array.from({ length: 250 }, (_, n) => `${n}`);
    await cache.set(names.map((name) => entry(name, 60)));
    await cache.clear([["none"]]);
    return {
      connection,
      operation: () => cache.set(names.map((name) => entry(name))),
      work: async () => {
        await other.clear([["a"]]);
        await other.set([entry("0", 90), entry("new", 90)]);
      },
      // What was set last is there; nothing is there twice, or without its deadline.
      check: async () => {
        const found = await other.get([key("0"), key("249"), key("new")]);
        expect(found.map(({ value }) => value)).toContain("new");
        const own = new CacheKeys(keyPrefix).ofNamespace(["a"]);
        const expiring = await client.hKeys(own.expiring);
        expect((await client.zRange(own.deadlines, 0, -1)).sort()).toEqual(expiring.sort());
        const permanent = new Set(await client.hKeys(own.permanent));
        expect(expiring.filter((name) => permanent.has(name))).toEqual([]);
        await other.clear([]);
        expect(await other.get([key("0"), key("249"), key("new")])).toEqual([]);
      },
    };
  });
});

test("clear of everything reaches namespaces by the thousand, other prefixes' stay", async () => {
  const { cache, stored } = setUp();
  const { cache: other } = setUp();
  await other.set([entry("1")]);
  await cache.set(Array.from({ length: 3_000 }, (_, n) => entry("1", undefined, ["n", `${n}`])));
  await cache.clear([]);
  expect(await stored()).toEqual([]);
  expect(await other.get([key("1")])).toHaveLength(1);
});

test("clear of everything comes to the end of a partition of more than a thousand namespaces", async () => {
  const { cache, keysOf, stored } = setUp();
  const { registry, base } = keysOf("a");
  await cache.set([entry("1")]);
  await client.zAdd(
    registry,
    Array.from({ length: 2_500 }, (_, n) => ({ score: Number.POSITIVE_INFINITY, value: `n${n}:` })),
  );
  await client.hSet(`${base}n2499:permanent`, "1", "1");
  await cache.clear([]);
  expect(await stored()).toEqual([]);
});

test("a server that has no memory left loses no entry, and says so", async () => {
  const server = await startServer({ own: true });
  onTestFinished(() => server.stop());
  const admin = await connect(server.url);
  const { errors, onError } = listener();
  await using cache = await RedisCache.fromConnString(server.url, { onError });
  await cache.set([entry("1")]);
  await admin.configSet("maxmemory", "1");
  await cache.set([entry("1", 60), entry("2")]);
  await cache.set([{ key: [["a new namespace"], "3"], value: "3" }]);
  const found = await cache.get([key("1"), key("2"), [["a new namespace"], "3"]]);
  expect(found.map(({ value }) => value)).toEqual(["1"]);
  expect(errors).toMatchObject([{ code: "OPERATION_FAILED" }, { code: "OPERATION_FAILED" }]);
  await cache.clear([]);
  expect(await cache.get([key("1")])).toEqual([]);
});
