import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.js";
import type { Command } from "../../src/redis/command.js";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { VersionConflictError } from "../../src/store/errors.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { documentOf, ENGINES, openStore as openStoreAt } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  test("put refuses values that would come back as something else, names the place, and writes nothing", async () => {
    const store = await openStore();
    const circular: Record<string, unknown> = {};
    circular.self = [circular];
    let deep: unknown = 1;
    for (let n = 0; n < 20_000; n++) deep = { deep };
    const refused: [unknown, RegExp][] = [
      [undefined, /it is of type undefined/],
      ["text", /it is of type string/],
      [[1], /it is an array/],
      [new Date(0), /it is of type string/],
      [new Uint8Array(2), /it is bytes/],
      [new Map([["a", 1]]), /Map is there/],
      [{ f: () => 1 }, /a function is there at "f"/],
      [{ s: Symbol("s") }, /a symbol is there at "s"/],
      [{ big: 1n }, /a bigint is there at "big"/],
      [{ deep: [{ map: new Map([[1, 2]]) }] }, /Map is there at "deep\.0\.map"/],
      [{ set: new Set([1]) }, /Set is there at "set"/],
      [{ buffer: new ArrayBuffer(2) }, /ArrayBuffer is there at "buffer"/],
      [{ floats: new Float32Array(2) }, /Float32Array is there at "floats"/],
      [{ n: Number.NaN }, /NaN is there at "n"/],
      [{ n: [1, Number.POSITIVE_INFINITY] }, /Infinity is there at "n\.1"/],
      [{ n: new Number(Number.NaN) }, /NaN is there at "n"/],
      [{ failed: { why: new TypeError("boom") } }, /TypeError is there at "failed\.why"/],
      [{ pattern: /x/ }, /RegExp is there at "pattern"/],
      [{ text: Promise.resolve("forgotten await") }, /Promise is there at "text"/],
      [{ weak: new WeakMap() }, /WeakMap is there at "weak"/],
      [{ query: new URLSearchParams("a=1") }, /URLSearchParams is there at "query"/],
      [{ at: new Date(Number.NaN) }, /an invalid Date is there at "at"/],
      [{ list: [1, undefined] }, /undefined is there at "list\.1"/],
      [{ list: new Array(2) }, /undefined is there at "list\.0"/],
      [{ list: [() => 1] }, /a function is there at "list\.0"/],
      [{ own: { toJSON: () => Number.NaN } }, /NaN is there at "own"/],
      [{ own: { toJSON: () => new Map() } }, /Map is there at "own"/],
      [{ own: [{ toJSON: () => undefined }] }, /undefined is there at "own\.0"/],
      [
        {
          get failing() {
            throw new Error("secret");
          },
        },
        /one of its methods failed/,
      ],
      [{ deep }, /nested more than 500 deep/],
      [circular, /a circular reference is there at "self\.0"/],
    ];
    for (const [value, message] of refused) {
      const put = store.put(["a"], "key 1", value as never);
      await expect(put).rejects.toThrow(InvalidInputError);
      await expect(put).rejects.toThrow(message);
      await expect(put).rejects.toThrow(/"key 1"/);
      await expect(put).rejects.not.toThrow(/boom|secret/);
    }
    await expect(store.put(["a"], "k", null as never)).rejects.toThrow(/delete/);
    expect(await store.search([])).toEqual([]);
  });

  test("put stores values with toJSON as what that returns", async () => {
    const store = await openStore();
    await store.put(["a"], "k", { at: new Date(0), url: new URL("https://example.com/a"), none: undefined });
    const value = { at: "1970-01-01T00:00:00.000Z", url: "https://example.com/a" };
    expect((await store.get(["a"], "k"))?.value).toStrictEqual(value);
    expect(await store.search(["a"], { filter: { at: { $lt: new Date(1) } } })).toHaveLength(1);
  });

  test("get names itself and its item when Redis answers with an error", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    await store.put(["a"], "k", { v: 1 });
    const client = await connect();
    await client.set(documentOf(keyPrefix, ["b"], "wrong"), "a string");
    await expect(store.get(["b"], "wrong")).rejects.toThrow(
      /^get \(namespace \["b"\], key "wrong"\) failed: WRONGTYPE/,
    );
  });

  test("put gives a greater version, also when the server's clock was set back", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    await store.put(["a"], "k", { n: 0 });
    const client = await connect();
    const future = Date.now() * 1_000 + 3_600_000_000;
    const times = (await client.hGet(documentOf(keyPrefix, ["a"], "k"), "meta"))
      ?.split(" ")
      .slice(0, 2)
      .join(" ");
    await client.hSet(documentOf(keyPrefix, ["a"], "k"), "meta", `${times} ${future}`);
    await store.put(["a"], "k", { n: 1 });
    const after = (await store.get(["a"], "k"))?.version as number;
    expect(after).toBeGreaterThan(future);
    await expect(store.put(["a"], "k", { n: 2 }, { ifVersion: future })).rejects.toThrow(
      VersionConflictError,
    );
    await store.put(["a"], "k", { n: 2 }, { ifVersion: after });
    expect((await store.get(["a"], "k"))?.version).toBeGreaterThan(after);
  });

  test("put with ifVersion or ifAbsent is refused when the item is another one", async () => {
    const store = await openStore();
    await store.put(["a"], "k", { n: 0 }, { ifAbsent: true });
    await expect(store.put(["a"], "k", { n: 9 }, { ifAbsent: true })).rejects.toThrow(VersionConflictError);
    const { version } = (await store.get(["a"], "k")) ?? { version: 0 };
    await store.put(["a"], "k", { n: 1 }, { ifVersion: version });
    const conflict = await store
      .put(["a"], "k", { n: 2 }, { ifVersion: version })
      .catch((error: unknown) => error);
    const current = (await store.get(["a"], "k"))?.version as number;
    expect(conflict).toMatchObject({ name: "VersionConflictError", expected: version, actual: current });
    expect(current).toBeGreaterThan(version);
    await store.delete(["a"], "k");
    await expect(store.put(["a"], "k", { n: 3 }, { ifVersion: current })).rejects.toMatchObject({
      actual: null,
    });
    await store.put(["a"], "k", { n: 4 }, { ifAbsent: true });
    expect((await store.get(["a"], "k"))?.version).toBeGreaterThan(current);
    await expect(store.put(["a"], "k", { n: 5 }, { ifVersion: current })).rejects.toThrow(
      VersionConflictError,
    );
  });

  test("put with an ifVersion of 0, which no item has, is refused", async () => {
    const store = await openStore();
    const refused = { name: "VersionConflictError", expected: 0 };
    await expect(store.put(["a"], "k", { n: 1 }, { ifVersion: 0 })).rejects.toMatchObject(refused);
    expect(await store.get(["a"], "k")).toBeNull();
    await store.put(["a"], "k", { n: 1 });
    await expect(store.put(["a"], "k", { n: 2 }, { ifVersion: 0 })).rejects.toMatchObject(refused);
    expect((await store.get(["a"], "k"))?.value).toEqual({ n: 1 });
  });

  test("put with ifVersion lets one of many writers at once win", async () => {
    const keyPrefix = freshPrefix();
    const stores = await Promise.all(Array.from({ length: 4 }, () => openStore({ keyPrefix })));
    const absent = await Promise.allSettled(
      stores.flatMap((store, n) => [0, 1, 2].map((m) => store.put(["a"], "k", { n, m }, { ifAbsent: true }))),
    );
    expect(absent.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    let done = 0;
    await Promise.all(
      stores.map(async (store) => {
        for (let n = 0; n < 10; ) {
          const item = await store.get(["a"], "counter");
          try {
            const condition = item ? { ifVersion: item.version } : { ifAbsent: true };
            await store.put(["a"], "counter", { n: ((item?.value.n as number) ?? 0) + 1 }, condition);
            n++;
            done++;
          } catch (error) {
            expect(error).toBeInstanceOf(VersionConflictError);
          }
        }
      }),
    );
    expect((await stores[0]?.get(["a"], "counter"))?.value).toEqual({ n: done });
  });

  test("put with ifVersion that is sent again has happened, even if others came after it", async () => {
    const keyPrefix = freshPrefix();
    const connection = createConnection(await connect());
    const sent: Command[] = [];
    const client = asClient({
      pipeline: (commands) => {
        sent.push(...commands.filter(({ args }) => String(args[0]).startsWith("EVALSHA")));
        return connection.pipeline(commands);
      },
    });
    const store = new RedisStore({ client, keyPrefix });
    await store.put(["a"], "k", { n: 0 });
    sent.length = 0;
    await store.put(["a"], "k", { n: 1 }, { ifVersion: (await store.get(["a"], "k"))?.version });
    const [conditional] = sent;
    const { version } = (await store.get(["a"], "k")) ?? {};
    await store.put(["a"], "k", { n: 2 });
    await store.put(["a"], "k", { n: 3 });
    const before = await store.get(["a"], "k");
    const [reply] = await connection.pipeline([conditional as Command]);
    expect(String(reply)).toMatch(new RegExp(`^1,\\d+ \\d+ ${version}$`));
    expect(await store.get(["a"], "k")).toEqual(before);
    expect(before?.value).toEqual({ n: 3 });
  });
});
