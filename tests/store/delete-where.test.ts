import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { FilterError } from "../../src/store/errors.js";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { DeleteWhereProgress, RedisItem } from "../../src/store/types.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

const names = (items: readonly RedisItem[]) =>
  items.map(({ namespace, key }) => [...namespace, key].join("/")).sort();

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  test("deleteWhere deletes what matches under its path, with all of its documents, and nothing else", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: { ...textIndex(), fields: ["text", "more[*]"] } });
    for (const namespace of [["a"], ["a", "b"], ["ab"], ["c"]]) {
      await store.put(namespace, "old", { text: "green apples", more: ["x", "y"], age: 9 });
      await store.put(namespace, "young", { text: "green pears", more: ["x"], age: 1 });
    }
    await store.put(["a", "only"], "old", { age: 10 }, { ttl: 10 });
    const filter = { $or: [{ age: { $gt: 5 } }, { text: { $startsWith: "red" } }] };
    expect(await store.deleteWhere(["a"], filter)).toBe(3);
    expect(names(await store.search([], { limit: 100 }))).toEqual([
      ...["a/b/young", "a/young", "ab/old", "ab/young", "c/old", "c/young"],
    ]);
    expect(await store.search(["a"], { query: "y" })).toHaveLength(2);
    expect(await store.listNamespaces()).toEqual([["a"], ["a", "b"], ["ab"], ["c"]]);
    const client = await connect();
    expect(await client.keys(`${keyPrefix}*:old*`)).toHaveLength(6);
    expect(await store.deleteWhere(["a"], filter)).toBe(0);
    expect(await store.deleteWhere([], { age: 9 })).toBe(2);
    expect(await store.deleteWhere(["nothing"], { age: 9 })).toBe(0);
  });

  test.each([1, 2, 3, 7, 500])("deleteWhere looks at each item once, %i at a time", async (batchSize) => {
    const store = await openStore({
      keyPrefix: freshPrefix(),
      ...{ [LIMITS]: { registryPage: 2, partitionsTogether: 2 } },
    });
    const puts = Array.from({ length: 21 }, (_, n) => ({
      namespace: ["a", `${n % 4}`],
      key: `${n}`,
      value: { n, third: n % 3 === 0 },
    }));
    await store.batch(puts);
    const progress: DeleteWhereProgress[] = [];
    const onProgress = (each: DeleteWhereProgress) => progress.push(each);
    expect(await store.deleteWhere(["a"], { third: true }, { batchSize, onProgress })).toBe(7);
    expect(progress.at(-1)).toEqual({ deleted: 7, visited: 21, total: 21 });
    expect(progress.map(({ visited }) => visited)).toEqual(
      progress.map((_, at) => Math.min((at + 1) * batchSize, 21)),
    );
    const left = await store.search(["a"], { limit: 100 });
    expect(names(left)).toEqual(names(puts.filter(({ value }) => !value.third) as never));
  });

  test("deleteWhere goes on where it was interrupted when it is called again", async () => {
    const store = await openStore();
    await store.batch(Array.from({ length: 9 }, (_, n) => ({ namespace: ["a"], key: `${n}`, value: { n } })));
    const stop = () => {
      throw new Error("enough");
    };
    const filter = { n: { $lt: 6 } };
    await expect(store.deleteWhere(["a"], filter, { batchSize: 2, onProgress: stop })).rejects.toThrow(
      /onProgress failed/,
    );
    expect(await store.search(["a"], { limit: 100 })).toHaveLength(7);
    expect(await store.deleteWhere(["a"], filter, { batchSize: 2 })).toBe(4);
    expect(names(await store.search(["a"]))).toEqual(["a/6", "a/7", "a/8"]);
  });

  test("deleteWhere refuses a filter that asks for nothing, and what it cannot read, before it deletes", async () => {
    const store = await openStore();
    await store.put(["a"], "k", { n: 1 });
    for (const filter of [
      ...[{}, undefined, null, { $and: [] }, { $or: [{}, { n: 2 }] }, { $not: { $or: [] } }],
      ...[{ n: { $and: [] } }, { n: { $nin: [] } }, { n: { $not: { $in: [] } } }],
    ]) {
      await expect(store.deleteWhere(["a"], filter as never)).rejects.toThrow(/needs a filter/);
    }
    await expect(store.deleteWhere(["a"], { n: { $foo: 1 } })).rejects.toThrow(FilterError);
    await expect(store.deleteWhere("a" as never, { n: 1 })).rejects.toThrow(/path must be an array/);
    await expect(store.deleteWhere(["a"], { n: 1 }, { batchSize: 0 })).rejects.toThrow(/batchSize/);
    await expect(store.deleteWhere(["a"], { n: 1 }, { size: 5 } as never)).rejects.toThrow(/"size"/);
    expect(await store.get(["a"], "k")).not.toBeNull();
  });

  test("deleteWhere deletes no item as it was not looked at, whoever puts at any moment", async () => {
    const keyPrefix = freshPrefix();
    const connection = new SteppingConnection(await connect());
    const store = new RedisStore({ client: connection, keyPrefix });
    const other = await openStore({ keyPrefix });
    await store.setup();
    const works: Record<string, (root: string) => Promise<unknown>> = {
      "makes a match none": (root) => other.put([root, "n"], "b", { old: false, by: "other" }),
      "puts a match again": (root) => other.put([root, "n"], "b", { old: true, by: "other" }),
      "makes another item match": (root) => other.put([root, "n"], "c", { old: true, by: "other" }),
      "deletes a match": (root) => other.delete([root, "n"], "b"),
      "deletes a match and puts it": async (root) => {
        await other.delete([root, "n"], "b");
        await other.put([root, "n"], "b", { old: false, by: "other" });
      },
      "deletes the last one": (root) => other.delete([root, "last"], "a"),
    };
    for (const [what, work] of Object.entries(works)) {
      await atEveryGap(async () => {
        const root = randomUUID();
        await other.batch([
          { namespace: [root, "last"], key: "a", value: { old: true } },
          { namespace: [root, "n"], key: "a", value: { old: true } },
          { namespace: [root, "n"], key: "b", value: { old: true } },
          { namespace: [root, "n"], key: "c", value: { old: false } },
        ]);
        return {
          connection,
          operation: () => store.deleteWhere([root], { old: true }, { batchSize: 2 }),
          work: () => work(root),
          check: async (gap, outcome) => {
            const where = `another client ${what} ${gap}`;
            const left = await other.search([root], { limit: 100 });
            expect(outcome.status, where).toBe("fulfilled");
            // What was there all the time is gone if it matched, and stays if not.
            expect(names(left), where).not.toContain(`${root}/n/a`);
            expect(names(left), where).not.toContain(`${root}/last/a`);
            for (const { key, value } of left) {
              if (value.old) expect({ key, by: value.by }, where).toEqual({ key, by: "other" });
            }
            const kept = what === "makes a match none" || what === "deletes a match and puts it";
            if (kept) expect(names(left), where).toEqual([`${root}/n/b`, `${root}/n/c`]);
            else if (what !== "makes another item match") expect(names(left), where).toContain(`${root}/n/c`);
            const listed = new Set(left.map(({ namespace }) => namespace.join("/")));
            const namespaces = await other.listNamespaces({ prefix: [root] });
            expect(
              namespaces.map((each) => each.join("/")),
              where,
            ).toEqual([...listed]);
          },
        };
      });
    }
  });

  test("deleteWhere beside clients that put deletes each item that matched, and none that they made match no more", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: textIndex() });
    const other = await openStore({ keyPrefix, index: textIndex() });
    const keys = Array.from({ length: 60 }, (_, n) => `${n}`);
    await store.batch(keys.map((key) => ({ namespace: ["a"], key, value: { old: true } })));
    const kept = keys.filter((_, n) => n % 3 === 0);
    const putting = (async () => {
      for (const key of kept) await other.put(["a"], key, { old: false });
    })();
    let deleted = 0;
    const options = { batchSize: 5 };
    deleted += await store.deleteWhere(["a"], { old: true }, options);
    await putting;
    const left = await store.search(["a"], { limit: 100 });
    expect(names(left)).toEqual(names(kept.map((key) => ({ namespace: ["a"], key }) as RedisItem)));
    expect(left.every(({ value }) => value.old === false)).toBe(true);
    expect(deleted).toBeGreaterThanOrEqual(keys.length - kept.length);
  });
});
