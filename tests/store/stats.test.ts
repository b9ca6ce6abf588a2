import { describe, expect, test } from "vitest";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, openStore as openStoreAt } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());

  test("stats counts items, vectors and namespaces", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: { dims: 16, embeddings, fields: ["title", "chapters[*]"] } });
    expect(await store.stats()).toMatchObject({ items: 0, vectors: 0, namespaces: 0 });
    await store.put(["a"], "1", { title: "green", chapters: ["apples", "pears"] });
    await store.put(["a"], "2", { title: "red" });
    await store.put(["b"], "3", { other: 1 });
    const stats = await store.stats();
    expect(stats).toMatchObject({
      engine,
      items: 3,
      vectors: 4,
      namespaces: 2,
      indexing: false,
      indexFailures: 0,
    });
    expect(stats.indexBytes > 0).toBe(engine === "search");
  });
});
