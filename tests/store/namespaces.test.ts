import { describe, expect, test } from "vitest";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  test("more namespaces than one page are listed, whatever number of items they hold", async () => {
    const store = await openStore();
    const count = 10_500;
    for (let from = 0; from < count; from += 1_500) {
      await store.batch(
        Array.from({ length: Math.min(1_500, count - from) }, (_, n) => ({
          namespace: ["users", `${from + n}`],
          key: "k",
          value: {},
        })),
      );
    }
    expect(await store.listNamespaces({ limit: 20_000 })).toHaveLength(count);
    expect(await store.listNamespaces()).toHaveLength(100);
    expect(await store.listNamespaces({ offset: 10_450 })).toHaveLength(50);
    expect(await store.listNamespaces({ maxDepth: 1 })).toEqual([["users"]]);
    expect(await store.listNamespaces({ suffix: ["10499"] })).toEqual([["users", "10499"]]);
    expect(await store.deleteNamespace(["users"])).toBe(count);
    expect(await store.listNamespaces()).toEqual([]);
  }, 120_000);

  test("everything under a path is deleted, and nothing beside it", async () => {
    const keyPrefix = freshPrefix();
    const embeddings = new FakeEmbeddings();
    const index = { dims: 16, embeddings, fields: ["title", "chapters[*]"] };
    const store = await openStore({ keyPrefix, index });
    const value = { title: "green", chapters: ["apples", "pears"] };
    for (const namespace of [["a", "b"], ["a", "b", "c"], ["a", "bb"], ["a:b"], ["b"]]) {
      await store.batch(Array.from({ length: 7 }, (_, n) => ({ namespace, key: `${n}`, value })));
    }
    const progress: object[] = [];
    expect(
      await store.deleteNamespace(["a", "b"], { batchSize: 3, onProgress: (each) => progress.push(each) }),
    ).toBe(14);
    expect(progress).toEqual([
      { deleted: 6, namespaces: 0, totalNamespaces: 2 },
      { deleted: 12, namespaces: 0, totalNamespaces: 2 },
      { deleted: 14, namespaces: 2, totalNamespaces: 2 },
    ]);
    expect(await store.search(["a", "b"])).toEqual([]);
    expect(await store.search([], { query: "apples", limit: 100 })).toHaveLength(21);
    expect(await store.listNamespaces()).toEqual([["a:b"], ["a", "bb"], ["b"]]);
    const client = await connect();
    expect(await client.keys(`${keyPrefix}*{a:b[}:]*`)).toEqual([]);
    expect(await store.deleteNamespace(["nothing"])).toBe(0);
    await expect(store.deleteNamespace([])).rejects.toThrow(/at least one label/);
  });

  test("what is put while a namespace is deleted stays", async () => {
    const store = await openStore({ index: textIndex() });
    await store.batch(
      Array.from({ length: 50 }, (_, n) => ({ namespace: ["a"], key: `${n}`, value: { n } })),
    );
    let put: Promise<void> | undefined;
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.deleteNamespace(["a"], {
      batchSize: 10,
      onProgress: () => {
        put ??= store.put(["a"], "new", { text: "new" });
      },
    });
    await put;
    expect(await store.search(["a"])).toMatchObject([{ key: "new" }]);
    expect(await store.listNamespaces()).toEqual([["a"]]);
  });

  test("a namespace that is put to while others find it empty stays listed", async () => {
    const keyPrefix = freshPrefix();
    const stores = await Promise.all([
      openStore({ keyPrefix }),
      openStore({ keyPrefix }),
      openStore({ keyPrefix }),
    ]);
    for (let round = 0; round < 60; round++) {
      const [one, two, three] = stores;
      await Promise.all([
        one?.delete(["a", "b"], "k"),
        two?.put(["a", "b"], "l", { round }),
        three?.listNamespaces(),
        one?.put(["a", "b"], "m", { round }),
        two?.delete(["a", "b"], "m"),
      ]);
      expect(await one?.listNamespaces()).toEqual([["a", "b"]]);
      await two?.delete(["a", "b"], "l");
      await one?.delete(["a", "b"], "m");
      expect(await three?.listNamespaces()).toEqual([]);
    }
  });

  test("stats count items, vectors and namespaces", async () => {
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
