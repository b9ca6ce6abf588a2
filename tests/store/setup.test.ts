import { expect, test } from "vitest";
import { EngineUnavailableError, IndexMismatchError } from "../../src/store/errors.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { keysOf } from "../checkpoint/lifecycle/helpers.js";
import { connect, freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { openStore, textIndex } from "./helpers.js";

test("constructor uses a client lazily, and neither closes nor reconfigures it", async () => {
  const client = await connect();
  const store = new RedisStore({ client, keyPrefix: freshPrefix(), index: textIndex() });
  await store.put(["a"], "k", { text: "green apples" });
  expect(await store.search(["a"], { query: "green apples" })).toMatchObject([{ key: "k" }]);
  await store.stop();
  expect(client.isOpen).toBe(true);
  expect(await client.ping()).toBe("PONG");
});

test("constructor takes clients of either protocol, with mappings and options of their own", async () => {
  for (const RESP of [2, 3] as const) {
    const client = await connect(redisUrl(), { RESP, commandOptions: { timeout: 60_000 } });
    const store = new RedisStore({
      client: client.withTypeMapping({ 36: Buffer }),
      keyPrefix: freshPrefix(),
    });
    await store.put(["a"], "k", { v: RESP });
    expect(await store.search(["a"])).toMatchObject([{ value: { v: RESP } }]);
    expect(await store.listNamespaces()).toEqual([["a"]]);
  }
});

test("fromConnString owns its connection, and start and stop are safe to repeat", async () => {
  const store = await RedisStore.fromConnString(redisUrl(), { keyPrefix: freshPrefix() });
  await store.start();
  await store.setup();
  await store.put(["a"], "k", { v: 1 });
  await store.stop();
  await store.stop();
  await expect(store.get(["a"], "k")).rejects.toThrow(/get \(namespace \["a"\], key "k"\)/);
});

test("setup can be called by many clients at the same time", async () => {
  const keyPrefix = freshPrefix();
  const stores = await Promise.all(
    Array.from({ length: 12 }, () => openStore({ keyPrefix, index: textIndex() })),
  );
  await Promise.all(stores.map((store, n) => store.put(["a"], `${n}`, { text: `green apples ${n}` })));
  for (const store of stores) {
    expect(await store.search(["a"], { query: "green apples", limit: 20 })).toHaveLength(12);
  }
});

test("setup refuses another configuration before anything is written, and says what differs", async () => {
  const keyPrefix = freshPrefix();
  const first = await openStore({ keyPrefix, index: textIndex() });
  await first.put(["a"], "k", { text: "green apples" });
  const client = await connect();
  const before = await keysOf(client, keyPrefix);
  const others = [
    [{ ...textIndex(new FakeEmbeddings(32)) }, { setting: "dims", stored: 16, configured: 32 }],
    [
      { ...textIndex(), distance: "l2" as const },
      { setting: "distance", stored: "cosine", configured: "l2" },
    ],
    [
      { ...textIndex(), m: 16 },
      { setting: "m", stored: 32, configured: 16 },
    ],
    [
      { ...textIndex(), numericFields: ["n"] },
      { setting: "numericFields", stored: [], configured: ["n"] },
    ],
    [
      { ...textIndex(), text: false },
      { setting: "text", stored: true, configured: false },
    ],
  ] as const;
  for (const [index, difference] of others) {
    const error = await openStore({ keyPrefix, index: index as never }).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(IndexMismatchError);
    expect((error as IndexMismatchError).differences).toContainEqual(difference);
    const lazy = new RedisStore({ client, keyPrefix, index: index as never });
    await expect(lazy.put(["a"], "other", { text: "x" })).rejects.toThrow(IndexMismatchError);
  }
  const message = "dims is 16 there and 32 here";
  const index = textIndex(new FakeEmbeddings(32));
  await expect(openStore({ keyPrefix, index })).rejects.toThrow(message);
  expect(await keysOf(client, keyPrefix)).toEqual(before);
  expect(await first.search([])).toHaveLength(1);
});

test("setup accepts other query-time settings", async () => {
  const keyPrefix = freshPrefix();
  await openStore({ keyPrefix, index: textIndex() });
  const other = await openStore({
    keyPrefix,
    index: { ...textIndex(), efRuntime: 500, minScore: 0.5, cacheSize: 0 },
  });
  await other.put(["a"], "k", { text: "green apples" });
  expect(await other.search(["a"], { query: "green apples" })).toHaveLength(1);
});

test("setup keeps a store apart whose prefix begins with another store's documents", async () => {
  const prefix = freshPrefix();
  const prefixes = [
    prefix,
    `${prefix}:store`,
    `${prefix}:store:doc`,
    `${prefix}:store:doc:`,
    `${prefix}:store:doc:x`,
  ];
  const stores = await Promise.all(prefixes.map((keyPrefix) => openStore({ keyPrefix, index: textIndex() })));
  await Promise.all(stores.map((store, n) => store.put(["a"], "k", { text: "green apples", n })));
  for (const [n, store] of stores.entries()) {
    expect(await store.search([], { query: "green apples" })).toMatchObject([{ value: { n } }]);
    expect(await store.search([])).toMatchObject([{ value: { n } }]);
    expect(await store.listNamespaces()).toEqual([["a"]]);
  }
});

test("setup asks the server for its engine, unless the engine is fixed", async () => {
  const engineOf = async (options: RedisStoreOptions, url: string) => (await openStore(options, url)).engine;
  expect(await engineOf({}, redisUrl())).toBe("search");
  expect(await engineOf({}, plainRedisUrl())).toBe("core");
  expect(await engineOf({ engine: "core" }, redisUrl())).toBe("core");
  expect(new RedisStore({ client: await connect() }).engine).toBeUndefined();
  const asked = engineOf({ engine: "search" }, plainRedisUrl());
  await expect(asked).rejects.toThrow(EngineUnavailableError);
  await expect(asked).rejects.toThrow("does not know FT.SEARCH. Use Redis 8, or Redis with the module");
});

test("a store can be opened with the other engine at any time, and finds the same", async () => {
  const keyPrefix = freshPrefix();
  const core = await openStore({ keyPrefix, engine: "core", index: textIndex() });
  for (let n = 0; n < 20; n++) await core.put(["a"], `${n}`, { text: `apples ${n}` });
  const search = await openStore({ keyPrefix, engine: "search", index: textIndex() });
  const keysOfStore = async (store: RedisStore) =>
    (await store.search(["a"], { query: "apples 7", limit: 20 })).map(({ key, score }) => [
      key,
      score?.toFixed(4),
    ]);
  expect(await keysOfStore(search)).toEqual(await keysOfStore(core));
  await search.put(["a"], "new", { text: "apples 7" });
  expect(
    (await core.search(["a"], { query: "apples 7" })).map(({ score }) => score?.toFixed(4)).slice(0, 2),
  ).toEqual(["1.0000", "1.0000"]);
});

test("put, get and search go on with an empty store after FLUSHALL", async () => {
  const server = await startServer({ own: true });
  try {
    const store = await openStore({ index: textIndex() }, server.url);
    await store.put(["a"], "old", { text: "green apples" });
    const client = await connect(server.url);
    await client.flushAll();
    expect(await store.search(["a"], { query: "green apples" })).toEqual([]);
    await client.flushAll();
    await store.put(["a"], "new", { text: "green apples" });
    expect(await store.search(["a"], { query: "green apples" })).toMatchObject([{ key: "new" }]);
    await store.stop();
  } finally {
    await server.stop();
  }
});

test("search builds an index that was dropped again, from the stored items", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() });
  await store.batch(
    Array.from({ length: 300 }, (_, n) => ({
      namespace: ["a"],
      key: `${n}`,
      value: { text: `apples ${n}` },
    })),
  );
  const client = await connect();
  await client.ft.dropIndex(`${keyPrefix}:store:1`);
  expect(await store.search(["a"], { query: "apples", limit: 1_000 })).toHaveLength(300);
});

test("constructor refuses options that cannot be used, by name", async () => {
  const client = await connect();
  const embeddings = new FakeEmbeddings();
  const index = { dims: 16, embeddings };
  const refused: [object, RegExp][] = [
    [{ keyPrefix: "a{b}" }, /keyPrefix/],
    [{ index: { dims: 0, embeddings } }, /index\.dims/],
    [{ index: { dims: 16 } }, /index\.embeddings/],
    [{ index: { ...index, distance: "cos" } }, /index\.distance must be one of cosine, l2, ip, got a string/],
    [{ index: { ...index, algorithm: "ivf" } }, /index\.algorithm/],
    [{ index: { ...index, fields: [] } }, /index\.fields/],
    [{ index: { ...index, fields: ["a[b]"] } }, /"a\[b\]"/],
    [{ index: { ...index, m: -1 } }, /index\.m/],
    [{ index: { ...index, numericFields: "n" } }, /index\.numericFields/],
    [{ ttl: { defaultTTL: 0 } }, /ttl\.defaultTTL/],
    [{ engine: "fast" }, /engine/],
  ];
  for (const [options, message] of refused) {
    expect(() => new RedisStore({ client, ...(options as object) })).toThrow(message);
  }
});
