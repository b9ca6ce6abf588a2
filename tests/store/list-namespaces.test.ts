import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { ENGINES, namespaceKeys, openStore as openStoreAt } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());

  test.each([1, 2, 3])("listNamespaces reads on where a page of %i ends", async (registryPage) => {
    const limits = { registryPage, partitionsTogether: registryPage };
    const store = await openStore({ [LIMITS]: limits } as RedisStoreOptions);
    const all = ["a", "b", "c", "d", "e"].flatMap((one) => ["1", "2"].map((two) => [one, two]));
    await store.batch(all.map((namespace) => ({ namespace, key: "k", value: {} })));
    const gone = [
      ["b", "1"],
      ["c", "1"],
      ["c", "2"],
    ];
    for (const namespace of gone) await store.delete(namespace, "k");
    const left = all.filter(([one, two]) => !gone.some(([a, b]) => a === one && b === two));
    for (let offset = 0; offset <= left.length; offset++) {
      for (let limit = 0; limit <= left.length; limit++) {
        expect(await store.listNamespaces({ limit, offset })).toEqual(left.slice(offset, offset + limit));
      }
    }
    expect(await store.listNamespaces({ maxDepth: 1 })).toEqual([["a"], ["b"], ["d"], ["e"]]);
    expect(await store.listNamespaces({ maxDepth: 1, limit: 2, offset: 1 })).toEqual([["b"], ["d"]]);
    expect(await store.listNamespaces({ suffix: ["2"] })).toEqual(left.filter(([, two]) => two === "2"));
    expect(await store.listNamespaces({ prefix: ["d"] })).toEqual([
      ["d", "1"],
      ["d", "2"],
    ]);
    expect(await store.stats()).toMatchObject({ namespaces: left.length, items: left.length });
  });

  test("listNamespaces returns more namespaces than fit one page", async () => {
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

  test("listNamespaces returns a namespace that is put to while others find it empty", async () => {
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

  test("listNamespaces leaves out those that hold nothing any more, wherever they are among others", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    const client = await connect(url());
    const names = ["a", "b", "c", "d", "e", "f", "g"];
    for (const gone of names) {
      for (const name of names) await store.put([name], "k", { v: 1 });
      // As when all of its items have expired or were evicted.
      await client.unlink(namespaceKeys(keyPrefix, [gone]).keys);
      expect(await store.listNamespaces()).toEqual(
        names.filter((name) => name !== gone).map((name) => [name]),
      );
    }
  });
});
