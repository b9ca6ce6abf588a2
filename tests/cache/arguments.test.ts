import { InvalidInputError, RedisCache } from "langgraph-redis";
import { beforeAll, expect, test } from "vitest";
import { CacheKeys } from "../../src/cache/keys.js";
import { connect, freshPrefix, plainRedisUrl, proxied, type TestClient } from "../helpers/redis.js";
import { entry, key, listener } from "./helpers.js";

let client: TestClient;
beforeAll(async () => {
  client = await connect(plainRedisUrl());
});

test.each([
  [{ keyPrefx: "a" }, 'RedisCache has no option "keyPrefx". Did you mean "keyPrefix"?'],
  [{ tls: {} }, 'RedisCache has no option "tls"'],
  [{ keyPrefix: "{a}" }, "keyPrefix must be"],
  [{ ttl: "60" }, "ttl must be a number of seconds"],
  [{ ttl: Number.NaN }, "ttl must be a number of seconds"],
  [{ ttl: 0 }, "ttl must be a positive number of seconds, got 0"],
  [{ ttl: -1 }, "ttl must be a positive number of seconds, got -1"],
  [{ serde: {} }, "serde must be a serializer"],
  [{ onError: "log" }, "onError must be a function"],
  [{ commandTimeout: -1 }, "commandTimeout must be"],
])("the constructor refuses %j", (options, message) => {
  const construct = () => new RedisCache({ client, ...options } as never);
  expect(construct).toThrow(InvalidInputError);
  expect(construct).toThrow(message);
});

test.each([[undefined], [null], ["redis://localhost"], [{}]])(
  "the constructor refuses %j for options",
  (options) => {
    expect(() => new RedisCache(options as never)).toThrow(InvalidInputError);
  },
);

test("fromConnString, fromCluster and fromSentinel refuse unknown options before they connect", async () => {
  const unknown = { keyprefix: "a" } as never;
  const proxy = await proxied(plainRedisUrl());
  const group = {
    name: "mymaster",
    sentinelRootNodes: [{ host: "127.0.0.1", port: Number(new URL(proxy.url).port) }],
  };
  for (const opening of [
    RedisCache.fromConnString(proxy.url, unknown),
    RedisCache.fromCluster([proxy.url], unknown),
    RedisCache.fromSentinel(group, unknown),
  ]) {
    await expect(opening).rejects.toThrow('RedisCache has no option "keyprefix". Did you mean "keyPrefix"?');
  }
  expect(proxy.connections).toBe(0);
});

const METHODS: Record<string, [given: unknown, message: string][]> = {
  get: [
    [undefined, "get() takes an array of [namespace, key], got undefined"],
    [["key"], 'the key of an entry must be [namespace, key], as in [["weather"], "Paris"], got a string'],
    [[["a", "k"]], "a namespace must be an array of strings, got a string"],
    [[[["a"], 1]], "the key of an entry must be"],
    [[[["a"], "k", "l"]], "the key of an entry must be"],
    [[[["a", 1], "k"]], "a namespace must be an array of strings"],
  ],
  set: [
    [{}, "set() takes an array of { key, value, ttl }, got an object"],
    [[null], "set() takes objects { key, value, ttl }, got null"],
    [[{ value: 1 }], "the key of an entry must be"],
  ],
  clear: [
    [undefined, "clear() takes an array of namespaces, [] for all of them, got undefined"],
    [["a"], "a namespace must be an array of strings, got a string of 1 character"],
  ],
};

test.each(
  Object.entries(METHODS).flatMap(([method, cases]) => cases.map((each) => [method, ...each] as const)),
)("%s refuses %j, and has done nothing", async (method, given, message) => {
  const keyPrefix = freshPrefix();
  const onError = () => expect.fail("it is no failure of Redis");
  const cache = new RedisCache({ client, keyPrefix, onError });
  await cache.set([entry("0")]);
  const refused = Reflect.apply(Reflect.get(cache, method), cache, [given]) as Promise<unknown>;
  await expect(refused).rejects.toThrow(InvalidInputError);
  await expect(refused).rejects.toThrow(message);
  expect(await cache.get([key("0"), key("1")])).toEqual([{ key: key("0"), value: "0" }]);
});

test.each([
  ["60", "ttl must be a number of seconds"],
  [Number.NaN, "ttl must be a number of seconds"],
  [1e13, "at most 8640000000000 or Infinity, got 10000000000000"],
])(
  "set does not store an entry whose ttl is %j, and tells onError, since a graph does not wait for it",
  async (ttl, message) => {
    const { errors, onError } = listener();
    const cache = new RedisCache({ client, keyPrefix: freshPrefix(), onError });
    await cache.set([entry("1"), { ...entry("2"), ttl: ttl as number }]);
    expect(errors).toMatchObject([{ code: "INVALID_INPUT", message: expect.stringContaining(message) }]);
    expect(await cache.get([key("1"), key("2")])).toEqual([{ key: key("1"), value: "1" }]);
  },
);

test("set takes its values at the call, also while its key is being fetched", async () => {
  const fetched = async () => Buffer.alloc(32, 7);
  for (const encryption of [undefined, { keys: { a: fetched }, current: "a" }]) {
    const cache = new RedisCache({ client, keyPrefix: freshPrefix(), encryption });
    const list = ["fetched"];
    const bytes = Uint8Array.of(1, 2);
    const setting = cache.set([
      { key: key("list"), value: { list } },
      { key: key("bytes"), value: bytes },
    ]);
    list.push("changed");
    bytes.fill(9);
    await setting;
    expect(await cache.get([key("list"), key("bytes")])).toEqual([
      { key: key("list"), value: { list: ["fetched"] } },
      { key: key("bytes"), value: Uint8Array.of(1, 2) },
    ]);
  }
});

test("the option ttl is for entries without one of their own", async () => {
  const keyPrefix = freshPrefix();
  const cache = new RedisCache({ client, keyPrefix, ttl: 100 });
  await cache.set([entry("default"), entry("own", 200), entry("for ever", Number.POSITIVE_INFINITY)]);
  const { expiring, permanent } = new CacheKeys(keyPrefix).ofNamespace(["a"]);
  expect((await client.hKeys(expiring)).sort()).toEqual(["default", "own"]);
  expect(await client.hLen(permanent)).toBe(1);
});
