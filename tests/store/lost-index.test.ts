import { describe, expect, test } from "vitest";
import { StoreKeys } from "../../src/store/keys.js";
import type { RedisSearchOptions } from "../../src/store/types.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { openStore, textIndex } from "./helpers.js";

/** A store with ten items, whose index is lost. */
async function withoutIndex() {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() });
  for (let n = 0; n < 10; n++) await store.put(["a"], `${n}`, { text: `green apples ${n}`, n });
  await (await connect()).sendCommand(["FT.DROPINDEX", new StoreKeys(keyPrefix).indexName(1)]);
  return { keyPrefix, store };
}

describe("after FT.DROPINDEX", () => {
  test("stats counts all items, as the index is built again", async () => {
    const { store } = await withoutIndex();
    expect(await store.stats()).toMatchObject({ items: 10, vectors: 10, namespaces: 1, indexing: false });
  });

  test.each<RedisSearchOptions>([
    {},
    { filter: { n: { $gte: 0 } } },
    { query: "apples" },
    { query: "apples", mode: "text" },
    { query: "apples", mode: "hybrid" },
    { query: "apples", mode: "hybrid", minScore: 0.01 },
  ])("search finds all items with %j", async (options) => {
    const { store } = await withoutIndex();
    expect(await store.search(["a"], { ...options, limit: 20 })).toHaveLength(10);
  });

  test("put is found", async () => {
    const { store } = await withoutIndex();
    await store.put(["a"], "10", { text: "green apples 10", n: 10 });
    expect(await store.search(["a"], { query: "apples", limit: 20 })).toHaveLength(11);
  });
});

test("search and stats go on after a reindex by a store of the other engine", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() });
  for (let n = 0; n < 10; n++) await store.put(["a"], `${n}`, { text: `green apples ${n}` });
  const core = await openStore({ keyPrefix, engine: "core", index: textIndex() });
  await core.reindex();
  for (const mode of ["vector", "text", "hybrid"] as const) {
    for (const each of [store, core])
      expect(await each.search(["a"], { query: "apples", mode, limit: 20 })).toHaveLength(10);
  }
  expect(await store.stats()).toMatchObject({ items: 10, vectors: 10 });
  expect(await core.stats()).toMatchObject({ items: 10, vectors: 10 });
});
