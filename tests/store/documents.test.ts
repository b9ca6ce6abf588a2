import { describe, expect, test } from "vitest";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { documentOf, ENGINES, openStore as openStoreAt } from "./helpers.js";

describe.each(ENGINES)("the documents of an item, on engine $engine", ({ engine, url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt({ engine, ...options }, url());
  const embeddings = new FakeEmbeddings();
  const indexOf = (...fields: string[]) => ({ dims: embeddings.dims, embeddings, fields });

  async function documentsOf(keyPrefix: string, key: string): Promise<Record<string, string[]>> {
    const client = await connectTo(url());
    const document = documentOf(keyPrefix, ["a"], key);
    const names = await client.keys(`${document}*`);
    const entries = names
      .sort()
      .map(async (name) => [name.slice(document.length), (await client.hKeys(name)).sort()]);
    return Object.fromEntries(await Promise.all(entries));
  }

  const ITEM = ["generation", "kind", "meta", "order", "paths", "scope", "tokens", "value"];

  test("have the fields that are needed, and none that says nothing", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: indexOf("title", "parts[*]") });
    await store.put(["a"], "none", { other: "green" });
    await store.put(["a"], "one", { title: "green" }, { ttl: 10 });
    await store.put(["a"], "two", { title: "green", parts: ["red"] });
    const vector = ["text:1", "vector:1"];
    expect(await documentsOf(keyPrefix, "none")).toEqual({ "": ITEM });
    expect(await documentsOf(keyPrefix, "one")).toEqual({ "": [...ITEM, ...vector].sort() });
    expect(await documentsOf(keyPrefix, "two")).toEqual({
      "": [...ITEM, ...vector, "parts"].sort(),
      ":1.1": ["kind", "paths", "scope", ...vector].sort(),
    });
    await store.put(["a"], "two", { title: "green" });
    expect(await documentsOf(keyPrefix, "two")).toEqual({ "": [...ITEM, ...vector].sort() });
  });

  test("are those of the new index alone after reindex, with fewer vectors and with more", async () => {
    const keyPrefix = freshPrefix();
    const client = await connectTo(url());
    const several = await openStore({ keyPrefix, index: indexOf("title", "parts[*]") });
    await several.put(["a"], "k", { title: "green", parts: ["red", "blue"] });
    const reindexed = async (index: object) => {
      await new RedisStore({ client, engine, keyPrefix, index: index as never }).reindex();
      return documentsOf(keyPrefix, "k");
    };
    const vector = (generation: number) => [`text:${generation}`, `vector:${generation}`];
    expect(await reindexed({ ...indexOf("title"), m: 16 })).toEqual({ "": [...ITEM, ...vector(2)].sort() });
    const again = await reindexed({ ...indexOf("title", "parts[1]"), m: 8 });
    expect(again).toEqual({
      "": [...ITEM, ...vector(3), "parts"].sort(),
      ":3.1": ["kind", "paths", "scope", ...vector(3)].sort(),
    });
    expect(await reindexed({ text: true })).toEqual({ "": [...ITEM, "words"].sort() });
  });
});
