import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { RedisCache } from "../../../src/cache/redis-cache.js";
import { POLLUTING } from "../../helpers/hostile.js";
import { connect, freshPrefix, plainRedisUrl } from "../../helpers/redis.js";
import { cacheConformance } from "./suite.js";

cacheConformance({
  name: "LangGraph's InMemoryCache",
  create: async () => new InMemoryCache(),
  destroy: async () => {},
  deviations: { "labels that hold a separator are not two labels": "labels are joined with a comma" },
});

cacheConformance({
  name: "RedisCache",
  create: () => RedisCache.fromConnString(plainRedisUrl(), { keyPrefix: freshPrefix(), onError: fail }),
  destroy: async (cache) => (cache as RedisCache).stop(),
});

cacheConformance({
  name: "RedisCache on a client of the user's, with RESP 2",
  onlyConnection: true,
  create: async () =>
    new RedisCache({ client: await connect(plainRedisUrl(), { RESP: 2 }), keyPrefix: freshPrefix() }),
  destroy: async (cache) => (cache as RedisCache).stop(),
});

const key = Buffer.alloc(32, 7);
cacheConformance({
  name: "RedisCache with encryption",
  create: () =>
    RedisCache.fromConnString(plainRedisUrl(), {
      keyPrefix: freshPrefix(),
      encryption: { keys: { "2026-11": async () => key }, current: "2026-11" },
      onError: fail,
    }),
  destroy: async (cache) => (cache as RedisCache).stop(),
});

cacheConformance({
  name: "RedisCache with encryption, while keys are rotated and plaintext is read",
  onlyConnection: true,
  create: () =>
    RedisCache.fromConnString(plainRedisUrl(), {
      keyPrefix: freshPrefix(),
      encryption: {
        keys: { "2026-05": Buffer.alloc(32, 6).toString("base64"), "2026-11": key },
        current: "2026-11",
        allowPlaintext: true,
      },
      onError: fail,
    }),
  destroy: async (cache) => (cache as RedisCache).stop(),
});

/** A cache hides what fails; a test does not. */
function fail(error: Error): never {
  throw error;
}

test("RedisCache: names of JavaScript's own are namespaces like others", async () => {
  await using cache = await RedisCache.fromConnString(plainRedisUrl(), { keyPrefix: freshPrefix() });
  const keys = [...POLLUTING].map((name): [string[], string] => [[name], name]);
  expect(await cache.get(keys)).toEqual([]);
  await cache.set(keys.map((key) => ({ key, value: key[1] })));
  expect(await cache.get(keys)).toEqual(keys.map((key) => ({ key, value: key[1] })));
  await cache.clear([["__proto__"]]);
  expect(await cache.get(keys)).toHaveLength(POLLUTING.size - 1);
});
