import {
  RedisCache,
  type RedisCacheOptions,
  type RedisClient,
  RedisSaver,
  type RedisSaverOptions,
  RedisStore,
} from "langgraph-redis";
import { fromIoredis, type Ioredis } from "langgraph-redis/ioredis";
import { afterAll, expect, test } from "vitest";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { cacheConformance } from "../conformance/cache/suite.js";
import { type SaverFactory, saverConformance } from "../conformance/saver/suite.js";
import { type StoreSetup, storeConformance } from "../conformance/store/suite.js";
import { freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "../store/fake-embeddings.js";

/** A client of the user's, with how the user closes it. */
export interface OwnClient {
  client: RedisClient;
  close(): unknown;
}

/** A saver on a client that the user opened, and closes after it. */
function injected(name: string, open: () => Promise<OwnClient>): SaverFactory {
  const clients = new Map<unknown, OwnClient>();
  return {
    name,
    onlyConnection: true,
    create: async () => {
      const own = await open();
      const saver = new RedisSaver({ client: own.client, keyPrefix: freshPrefix() });
      clients.set(saver, own);
      return saver;
    },
    destroy: async (saver) => {
      await (saver as RedisSaver).end();
      await clients.get(saver)?.close();
    },
  };
}

interface Emitter {
  on(event: "error", listener: () => void): unknown;
}

/** Lets errors of the connection reach whoever awaits a command, instead of ending the process. */
export function quiet<T extends Emitter>(client: T): T {
  client.on("error", () => {});
  return client;
}

export function ioredisClient(redis: Ioredis & Emitter & { disconnect(): void }): OwnClient {
  return { client: fromIoredis(quiet(redis)), close: () => redis.disconnect() };
}

/** Runs the suites of saver, store and cache on a client that the user opened. */
export function conformance(name: string, open: () => Promise<OwnClient>): void {
  saverConformance(injected(name, open));
  let own: Promise<OwnClient> | undefined;
  storeConformance({
    name: `RedisStore on ${name}`,
    onlyConnection: true,
    create: async (setup) => {
      own ??= open(); // one client for all of them
      return new RedisStore({ client: (await own).client, ...storeOptions(setup) });
    },
    destroy: (store) => (store as RedisStore).stop(),
  });
  cacheConformance({
    name: `RedisCache on ${name}`,
    onlyConnection: true,
    create: async () => {
      own ??= open();
      return new RedisCache({ client: (await own).client, keyPrefix: freshPrefix(), onError: fail });
    },
    destroy: (cache) => (cache as RedisCache).stop(),
  });
  afterAll(async () => (await own)?.close());
}

/** A cache hides what fails; a test does not. */
function fail(error: Error): never {
  throw error;
}

/** Runs the suite of the saver on connections that it opens and closes itself, and tries the store's and the cache's own. */
export function conformanceOpened(
  name: string,
  openSaver: (options: RedisSaverOptions) => Promise<RedisSaver>,
  openStore: (options: RedisStoreOptions) => Promise<RedisStore>,
  openCache: (options: RedisCacheOptions) => Promise<RedisCache>,
): void {
  saverConformance({
    name: `RedisSaver.${name}`,
    onlyConnection: true,
    create: () => openSaver({ keyPrefix: freshPrefix() }),
    destroy: (saver) => (saver as RedisSaver).end(),
  });
  test(`RedisStore.${name} opens and closes its connections`, async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore(storeOptions({ embeddings, fields: ["text"] }));
    await store.put(["a"], "1", { text: "green apples" });
    await store.put(["a"], "2", { text: "red wine" });
    const [best] = await store.search(["a"], { query: "apples", limit: 1 });
    expect(best).toMatchObject({ key: "1", value: { text: "green apples" } });
    await store.stop();
    await expect(store.get(["a"], "1")).rejects.toThrow("closed by end() or stop()");
  });
  test(`RedisCache.${name} opens and closes its connections`, async () => {
    const cache = await openCache({ keyPrefix: freshPrefix(), onError: fail });
    const keys = ["a", "b", "c", "d"].map((label): [string[], string] => [[label], "k"]);
    await cache.set(keys.map((key) => ({ key, value: key[0] })));
    await cache.clear([["b"]]);
    expect((await cache.get(keys)).map(({ value }) => value)).toEqual([["a"], ["c"], ["d"]]);
    await cache.clear([]);
    expect(await cache.get(keys)).toEqual([]);
    await cache.stop();
    await expect(cache.get(keys)).rejects.toThrow("closed by end() or stop()");
  });
}

/** Options of a store of its own, as the suite wants it. */
function storeOptions({ embeddings, ...index }: StoreSetup): RedisStoreOptions {
  return { keyPrefix: freshPrefix(), index: embeddings && { dims: embeddings.dims, embeddings, ...index } };
}
