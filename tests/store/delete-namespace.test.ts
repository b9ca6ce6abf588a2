import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import type { DeleteProgress } from "../../src/store/types.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  test("deleteNamespace deletes what was put right before it, in the same millisecond, too", async () => {
    const store = await openStore();
    for (let n = 0; n < 100; n++) {
      await store.put(["a"], "k", { n });
      expect(await store.deleteNamespace(["a"])).toBe(1);
    }
  });

  test("deleteNamespace deletes everything under a path, and nothing beside it", async () => {
    const keyPrefix = freshPrefix();
    const embeddings = new FakeEmbeddings();
    const index = { dims: 16, embeddings, fields: ["title", "chapters[*]"] };
    const store = await openStore({ keyPrefix, index });
    const value = { title: "green", chapters: ["apples", "pears"] };
    for (const namespace of [["a", "b"], ["a", "b", "c"], ["a", "bb"], ["a%3Ab"], ["b"]]) {
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
    expect(await store.listNamespaces()).toEqual([["a%3Ab"], ["a", "bb"], ["b"]]);
    const client = await connect();
    expect(await client.keys(`${keyPrefix}*:a:b:*`)).toEqual([]);
    expect(await store.deleteNamespace(["nothing"])).toBe(0);
    await expect(store.deleteNamespace([])).rejects.toThrow(/at least one label/);
  });

  test.each([1, 2, 3, 7, 8])("deleteNamespace deletes all in steps of %i", async (batchSize) => {
    const store = await openStore({
      [LIMITS]: { deleteNamespaces: 2, registryPage: 2 },
    } as RedisStoreOptions);
    for (const label of ["1", "2", "3", "4", "5"]) {
      await store.batch(
        Array.from({ length: 7 }, (_, n) => ({ namespace: ["a", label], key: `${n}`, value: {} })),
      );
    }
    await store.put(["b"], "stays", {});
    const progress: DeleteProgress[] = [];
    const options = { batchSize, onProgress: (each: DeleteProgress) => progress.push(each) };
    expect(await store.deleteNamespace(["a"], options)).toBe(35);
    expect(progress.at(-1)).toEqual({ deleted: 35, namespaces: 5, totalNamespaces: 5 });
    expect(await store.search([])).toMatchObject([{ key: "stays" }]);
    expect(await store.listNamespaces()).toEqual([["b"]]);
  });

  test("deleteNamespace keeps what is put meanwhile", async () => {
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
});
