import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { type BatchError, FilterError } from "../../src/store/errors.js";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { StoreOperation } from "../../src/store/types.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { ENGINES, openStore as openStoreAt } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());

  test("batch does the other operations when some fail", async () => {
    const store = await openStore();
    const error = await store
      .batch([
        { namespace: ["a.b"], key: "k", value: { v: 1 } },
        { namespace: ["a"], key: "k", value: { v: 1 } },
        { namespacePrefix: ["a"], filter: { v: { $foo: 1 } } },
        { namespace: ["a"], key: 5 as never },
        { namespacePrefix: ["a"], limit: -1 },
        { matchConditions: [{ matchType: "prefix", path: ["a"] }], limit: 1, offset: 0.5 },
      ])
      .catch((each: unknown) => each as BatchError);
    const { failures } = error as BatchError;
    expect(failures.map(({ index, error: { name } }) => [index, name])).toEqual([
      [0, "InvalidNamespaceError"],
      [2, "FilterError"],
      [3, "InvalidInputError"],
      [4, "InvalidInputError"],
      [5, "InvalidInputError"],
    ]);
    expect((error as BatchError).message).toMatch(
      /^5 of 6 operations failed, the others were done. Operation 0: /,
    );
    expect(await store.get(["a"], "k")).not.toBeNull();
  });

  test("batch of one operation throws the error of that operation", async () => {
    const store = await openStore();
    await expect(store.search(["a"], { filter: { v: { $foo: 1 } } })).rejects.toThrow(FilterError);
    await expect(store.batch([{ namespacePrefix: ["a"], filter: { v: { $foo: 1 } } }])).rejects.toThrow(
      FilterError,
    );
  });

  test("batch checks conditional puts of one item in order", async () => {
    const store = await openStore();
    const error = await store
      .batch([
        { namespace: ["a"], key: "k", value: { n: 1 }, ifAbsent: true },
        { namespace: ["a"], key: "k", value: { n: 2 }, ifAbsent: true },
        { namespace: ["a"], key: "l", value: { n: 1 } },
        { namespace: ["a"], key: "l", value: { n: 2 }, ifAbsent: true },
      ])
      .catch((each: unknown) => each as BatchError);
    expect((error as BatchError).failures.map(({ index }) => index)).toEqual([1, 3]);
    expect((await store.get(["a"], "k"))?.value).toEqual({ n: 1 });
    expect((await store.get(["a"], "l"))?.value).toEqual({ n: 1 });
  });

  test("batch reads an item as it was before the batch, also when scripts were forgotten", async () => {
    const client = await connect(url());
    const keyPrefix = freshPrefix();
    const store = new RedisStore({ client, keyPrefix, ttl: { defaultTTL: 10, refreshOnRead: true } });
    await store.put(["a"], "k", { v: "old" });
    await client.scriptFlush();
    await store.put(["a"], "k", { v: "before" }); // the put is known again, the read is not
    const [item] = await store.batch([
      { namespace: ["a"], key: "k" },
      { namespace: ["a"], key: "k", value: { v: "after" } },
    ]);
    expect(item?.value).toEqual({ v: "before" });
    expect((await store.get(["a"], "k"))?.value).toEqual({ v: "after" });
  });

  test("batch sends no write of an item before the item was read", async () => {
    const connection = createConnection(await connect(url()));
    let slow = false;
    // As a pool does, whose connections do not wait for each other: what only reads comes late.
    const client = asClient({
      pipeline: async (commands) => {
        if (slow && commands.every(({ args }) => args[0] === "HMGET")) await sleep(30);
        return connection.pipeline(commands);
      },
    });
    const store = new RedisStore({ client, keyPrefix: freshPrefix() });
    await store.put(["a"], "k", { v: "before" });
    slow = true;
    const [item, , none] = await store.batch([
      { namespace: ["a"], key: "k" },
      { namespace: ["a"], key: "k", value: { v: "after" } },
      { namespace: ["a"], key: "new" },
      { namespace: ["a"], key: "new", value: { v: "after" } },
    ]);
    expect(item?.value).toEqual({ v: "before" });
    expect(none).toBeNull();
    expect((await store.get(["a"], "k"))?.value).toEqual({ v: "after" });
  });

  test("batch sends no write before what can see it was read", async () => {
    const connection = createConnection(await connect(url()));
    let slow = false;
    // As a pool does, whose connections do not wait for each other: what only reads comes late.
    const client = asClient({
      pipeline: async (commands) => {
        const writes = commands.some(({ key, args }) => key.includes(":doc:") && args[0] !== "HMGET");
        if (slow && !writes) await sleep(30);
        return connection.pipeline(commands);
      },
    });
    const listing = (matchType: "prefix" | "suffix", path: string[]): StoreOperation => ({
      matchConditions: [{ matchType, path }],
      limit: 10,
      offset: 0,
    });
    for (const [operation, sees] of [
      [{ namespacePrefix: [] }, true],
      [{ namespacePrefix: ["a"] }, true],
      [{ namespacePrefix: ["a", "b"], filter: { v: "after" } }, true],
      [{ namespacePrefix: ["a", "b", "c"] }, false],
      [{ namespacePrefix: ["b"] }, false],
      [{ matchConditions: undefined, limit: 10, offset: 0 }, true],
      [listing("prefix", ["*", "b"]), true],
      [listing("suffix", ["b"]), true],
      [listing("suffix", ["a"]), false],
      [{ namespace: ["a", "b"], key: "new" }, true],
      [{ namespace: ["a", "b"], key: "other" }, false],
    ] as [StoreOperation, boolean][]) {
      const store = new RedisStore({ client, keyPrefix: freshPrefix() });
      slow = false;
      await store.put(["x", "a"], "k", { v: "before" });
      await store.setup();
      const [before] = await store.batch([operation]);
      slow = true;
      const [read] = await store.batch([
        operation,
        { namespace: ["a", "b"], key: "new", value: { v: "after" } },
        { namespace: ["x", "b"], key: "new", value: { v: "after" } },
      ]);
      expect(read).toEqual(before);
      const [after] = await store.batch([operation]);
      if (sees) expect(after).not.toEqual(before);
      else expect(after).toEqual(before);
    }
  });

  test("batch knows which parts of its writes were done when the connection is lost between them", async () => {
    const connection = createConnection(await connect(url()));
    let left = Number.POSITIVE_INFINITY;
    const client = asClient({
      pipeline: async (commands) => {
        if (left-- <= 0) throw new Error("connection lost");
        return connection.pipeline(commands);
      },
    });
    const keyPrefix = freshPrefix();
    const value = { text: "x".repeat(300) };
    const puts = Array.from({ length: 12 }, (_, n) => ({ namespace: ["a", `${n % 3}`], key: `${n}`, value }));
    const other = await openStore({ keyPrefix });
    for (const [limits, done] of [
      [{ writesTogether: 3 }, 6],
      [{ writeBytes: 1_300 }, 8],
    ] as const) {
      const store = new RedisStore({ client, keyPrefix, ...{ [LIMITS]: limits } });
      await store.put(["a"], "first", {}); // the script is known
      left = 2;
      const { failures } = (await store.batch(puts).catch((error: unknown) => error)) as BatchError;
      left = Number.POSITIVE_INFINITY;
      expect(failures.map(({ index }) => index)).toEqual(puts.slice(done).map((_, n) => done + n));
      const stored = await other.batch(puts.map(({ namespace, key }) => ({ namespace, key })));
      expect(stored.map((item) => item !== null)).toEqual(puts.map((_, n) => n < done));
      await other.deleteNamespace(["a"]);
    }
  });

  test("batch does what was refused in one part, and what depends on it, before later writes of the item", async () => {
    const store = await openStore({ keyPrefix: freshPrefix(), ...{ [LIMITS]: { writesTogether: 2 } } });
    const puts = (n: number, more: object) =>
      ["a", "b", "c"].map((key) => ({ namespace: ["a"], key, value: { n }, ...more }));
    const error = (await store
      .batch([...puts(1, {}), ...puts(2, { ifAbsent: true }), ...puts(3, {}), ...puts(4, { ifVersion: 1 })])
      .catch((each: unknown) => each)) as BatchError;
    expect(error.failures.map(({ index }) => index)).toEqual([3, 4, 5, 9, 10, 11]);
    for (const key of ["a", "b", "c"]) expect((await store.get(["a"], key))?.value).toEqual({ n: 3 });
  });

  test("batch does the last write of an item that can be done, however many after it are refused", async () => {
    const connection = createConnection(await connect(url()));
    const oom = new Error("OOM command not allowed when used memory > 'maxmemory'.");
    // As a server that has no memory left for some of them.
    const client = asClient({
      pipeline: async (commands) => {
        const refused = commands.map(({ args }) => args.some((arg) => String(arg).includes("refused")));
        const replies = await connection.pipeline(commands.filter((_, at) => !refused[at]));
        return refused.map((each) => (each ? oom : (replies.shift() ?? null)));
      },
    });
    const store = new RedisStore({ client, keyPrefix: freshPrefix() });
    for (const count of [1, 2, 3]) {
      const key = `${count}`;
      const refused = Array.from({ length: count }, () => ({
        namespace: ["a"],
        key,
        value: { v: "refused" },
      }));
      const error = await store
        .batch([
          { namespace: ["a"], key, value: { v: "first" } },
          { namespace: ["a"], key, value: { v: "good" } },
          ...refused,
        ])
        .catch((each: unknown) => each as BatchError);
      expect((error as BatchError).failures.map(({ index }) => index)).toEqual(
        refused.map((_, at) => at + 2),
      );
      expect((await store.get(["a"], key))?.value).toEqual({ v: "good" });
    }
  });

  test("batch does what it was asked for at the call", async () => {
    const store = await openStore();
    await store.put(["b"], "k", { v: [0] });
    const namespace = ["a"];
    const value = { v: [1] };
    const put = { namespace, key: "k", value };
    const change = () => {
      namespace[0] = "b";
      value.v.push(2);
      put.key = "l";
    };
    const putting = store.batch([put]);
    change();
    await putting;
    expect((await store.get(["a"], "k"))?.value).toEqual({ v: [1] });
    expect((await store.get(["b"], "k"))?.value).toEqual({ v: [0] });
    expect(await store.get(["b"], "l")).toBeNull();

    const path = ["a"];
    const wanted = [1];
    const operations: StoreOperation[] = [
      { namespace: path, key: "k" },
      { namespacePrefix: path, filter: { v: { $in: wanted } } },
      { matchConditions: [{ matchType: "prefix", path }], limit: 10, offset: 0 },
    ];
    const reading = store.batch(operations);
    path[0] = "b";
    wanted[0] = 0;
    operations.length = 0;
    const [item, found, namespaces] = (await reading) as unknown[];
    expect(item).toMatchObject({ namespace: ["a"], value: { v: [1] } });
    expect(found).toMatchObject([{ namespace: ["a"], value: { v: [1] } }]);
    expect(namespaces).toEqual([["a"]]);
  });
});
