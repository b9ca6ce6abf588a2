import { RedisStore } from "langgraph-redis";
import { expect, test } from "vitest";
import { connect, freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";

test("inspectIndex prepares nothing where nothing was stored", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const store = new RedisStore({ client, keyPrefix, index: { text: true } });
  expect(await store.inspectIndex()).toBeUndefined();
  expect(await client.keys(`${keyPrefix}*`)).toEqual([]);
});

test("inspectIndex tells for what the index was made, and what it knows, to a store of any configuration", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const index = {
    dims: 3,
    embeddings: new FakeEmbeddings(3),
    model: "fake",
    text: true,
    numericFields: ["n"],
  };
  const store = new RedisStore({ client, keyPrefix, index });
  await store.put(["a"], "k", { text: "hello", n: 1 });
  await store.put(["a"], "l", { text: "world", n: 2 }, false);
  const other = new RedisStore({ client, keyPrefix });
  expect(await other.inspectIndex()).toMatchObject({
    ...{ generation: 1, dims: 3, model: "fake", distance: "cosine", algorithm: "hnsw", text: true },
    ...{ numericFields: ["n"], reindexing: false },
    search: { exists: true, items: 2, vectors: 1, indexing: false, failures: 0, foreignDocuments: 0 },
  });
  const { name = "" } = (await other.inspectIndex()) ?? {};
  await client.hSet(`${keyPrefix}:store:doc:{0}:x`, { a: "b" });
  expect(await other.inspectIndex()).toMatchObject({ search: { foreignDocuments: 1 } });
  await client.sendCommand(["FT.DROPINDEX", name]);
  expect(await other.inspectIndex()).toMatchObject({ name, search: { exists: false } });
});

test("inspectIndex says that an index of the engine core is none of the server's", async () => {
  const client = await connect(plainRedisUrl());
  const store = new RedisStore({ client, keyPrefix: freshPrefix() });
  await store.put(["a"], "k", { n: 1 });
  expect(await store.inspectIndex()).toMatchObject({ dims: null, text: false, search: undefined });
});

test("countItems counts the items of each namespace itself", async () => {
  const store = new RedisStore({ client: await connect(), keyPrefix: freshPrefix() });
  for (let n = 0; n < 3; n++) await store.put(["a"], `k${n}`, { n });
  await store.put(["a", "b"], "k", { n: 1 });
  expect(await store.countItems([["a", "b"], ["none"], ["a"]])).toEqual([1, 0, 3]);
  expect(await store.countItems([])).toEqual([]);
  await expect(store.countItems(["a"] as never)).rejects.toThrow("must be an array of strings");
  await expect(store.countItems([[]])).rejects.toThrow();
});

test("countVectors counts the texts of an item that were embedded", async () => {
  const index = { dims: 3, embeddings: new FakeEmbeddings(3), fields: ["text", "notes[*]"] };
  const store = new RedisStore({ client: await connect(), keyPrefix: freshPrefix(), index });
  await store.put(["a"], "three", { text: "hello", notes: ["one", "two"] });
  await store.put(["a"], "one", { text: "hello" });
  await store.put(["a"], "none", { text: "hello" }, false);
  const counts = ["three", "one", "none", "missing"].map((key) => store.countVectors(["a"], key));
  expect(await Promise.all(counts)).toEqual([3, 1, 0, 0]);
  await store.put(["a"], "three", { text: "hello", notes: ["one"] });
  expect(await store.countVectors(["a"], "three")).toBe(2);
  await expect(store.countVectors([], "three")).rejects.toThrow();
  await expect(store.countVectors(["a"], 1 as never)).rejects.toThrow("key must be a string");
});
