import { describe, expect, test } from "vitest";
import { createConnection } from "../../src/redis/connection.js";
import { SCAN } from "../../src/store/engines/scan/scan.js";
import { StoreKeys } from "../../src/store/keys.js";
import { LIMITS } from "../../src/store/limits.js";
import { visitItems } from "../../src/store/operations/visit-items.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { SteppingConnection } from "../helpers/stepping-connection.js";
import { openStore, textIndex } from "./helpers.js";

/** Namespaces with so many items each, and all items by name in the order of a visit. */
async function fill(sizes: readonly number[]) {
  const keyPrefix = freshPrefix();
  const other = await openStore({ keyPrefix }, plainRedisUrl());
  const namespaces = sizes.map((_, n) => ["a", `${n}`]);
  const names: string[] = [];
  for (const [n, size] of sizes.entries()) {
    for (let key = 0; key < size; key++) {
      await other.put(["a", `${n}`], `${key}`, { n });
      names.push(`${n}/${key}`);
    }
  }
  return { keyPrefix, other, namespaces, names };
}

describe("visitItems", () => {
  test.each([1, 2, 3, 100])("visits each item once and in order, %i at a time", async (batchSize) => {
    const { keyPrefix, namespaces, names } = await fill([3, 1, 7, 0, 2, 6, 1]);
    const connection = createConnection(await connect(plainRedisUrl()));
    const keys = new StoreKeys(keyPrefix);
    const all = async (after?: { namespace: string[]; key: string }) => {
      const visited: string[] = [];
      for await (const { namespace, member } of visitItems(
        { connection, keys },
        namespaces,
        batchSize,
        after,
      ))
        visited.push(`${namespace[1]}/${member}`);
      return visited;
    };
    expect(await all()).toEqual(names);
    for (const [at, name] of names.entries()) {
      const [n, key] = name.split("/") as [string, string];
      expect(await all({ namespace: ["a", n], key })).toEqual(names.slice(at + 1));
    }
    expect(await all({ namespace: ["a", "3"], key: "none" })).toEqual(names.slice(11));
  });

  test.each([1, 2, 3])(
    "visits what is there all the time once, %i at a time, while others write",
    async (batchSize) => {
      const { keyPrefix, other, namespaces, names } = await fill([4, 3, 5]);
      const connection = new SteppingConnection(await connect(plainRedisUrl()));
      const keys = new StoreKeys(keyPrefix);
      const visited: string[] = [];
      let n = 0;
      for await (const { namespace, member } of visitItems({ connection, keys }, namespaces, batchSize)) {
        visited.push(`${namespace[1]}/${member}`);
        // The first and the last of a namespace are put again in turn, one in the middle goes, another comes.
        const target = namespaces[n % 3] as string[];
        await other.put(target, n % 2 ? "0" : "2", { n });
        await other.delete(target, "1");
        await other.put(target, `1${n++}`, { n });
      }
      const lasting = names.filter((name) => !name.endsWith("/1"));
      expect(visited.filter((name) => lasting.includes(name))).toEqual(lasting);
      expect(new Set(visited).size).toBe(visited.length);
    },
  );
});

test.each([1, 2, 3])(
  "search compares what is there all the time, %i at a time, while it is put again",
  async (held) => {
    const options = { keyPrefix: freshPrefix(), scanBatchSize: held, index: textIndex() };
    const connection = new SteppingConnection(await connect(plainRedisUrl()));
    const store = new RedisStore({ client: connection, ...options });
    const other = await openStore(options, plainRedisUrl());
    const names = ["0", "1", "2", "3", "4"];
    for (const key of names) await other.put(["a"], key, { text: "apples" });
    await store.search(["a"], { query: "apples" });
    for (const target of names) {
      let reads = 0;
      connection.before(
        ({ args }) => args[1] === SCAN.sha && ++reads === 2,
        () => other.put(["a"], target, { text: "apples" }),
      );
      const found = await store.search(["a"], { query: "apples" });
      expect(found.map(({ key }) => key).sort()).toEqual(names);
    }
  },
);

test.each([1, 2])(
  "deleteNamespace deletes all that was there, %i at a time, and nothing that is put meanwhile",
  async (batchSize) => {
    const keyPrefix = freshPrefix();
    const few = { keyPrefix, [LIMITS]: { deleteNamespaces: 2 } } as RedisStoreOptions;
    const store = await openStore(few, plainRedisUrl());
    for (const namespace of ["0", "1", "2"])
      for (const key of ["0", "1", "2"]) await store.put(["a", namespace], key, {});
    await new Promise((resolve) => setTimeout(resolve, 5));
    const rounds: number[] = [];
    const puts: Promise<void>[] = [];
    const deleted = await store.deleteNamespace(["a"], {
      batchSize,
      onProgress: (progress) => {
        if (rounds.push(progress.deleted) === 1)
          puts.push(store.put(["a", "0"], "3", {}), store.put(["a", "2"], "0", {}));
      },
    });
    await Promise.all(puts);
    expect(deleted).toBeGreaterThanOrEqual(8);
    const left = await store.search(["a"]);
    expect(left.map(({ namespace, key }) => `${namespace[1]}/${key}`).sort()).toEqual(["0/3", "2/0"]);
    await store.deleteNamespace(["a"], { batchSize });
    expect(await store.listNamespaces()).toEqual([]);
  },
);
