import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.js";
import type { Command, Connection } from "../../src/redis/command.js";
import { createConnection } from "../../src/redis/connection.js";
import {
  BatchError,
  EmbeddingError,
  FilterError,
  InvalidVectorError,
  VersionConflictError,
} from "../../src/store/errors.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/store.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  test("values that JSON cannot hold are refused, and nothing is written", async () => {
    const store = await openStore();
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const refused: [unknown, RegExp][] = [
      [undefined, /undefined/],
      ["text", /string/],
      [[1], /an array/],
      [new Date(0), /writes itself as/],
      [{ f: () => 1 }, /function is there at "f"/],
      [{ big: 1n }, /bigint is there at "big"/],
      [{ deep: [{ map: new Map([[1, 2]]) }] }, /Map is there at "map"/],
      [{ set: new Set([1]) }, /Set is there at "set"/],
      [{ bytes: new Uint8Array(2) }, /Uint8Array is there at "bytes"/],
      [{ n: Number.NaN }, /NaN is there at "n"/],
      [{ n: [Number.POSITIVE_INFINITY] }, /Infinity is there at "0"/],
      [circular, /circular/i],
    ];
    for (const [value, message] of refused) {
      const put = store.put(["a"], "key 1", value as never);
      await expect(put).rejects.toThrow(InvalidInputError);
      await expect(put).rejects.toThrow(message);
      await expect(put).rejects.toThrow(/"key 1"/);
    }
    await expect(store.put(["a"], "k", null as never)).rejects.toThrow(/delete/);
    expect(await store.search([])).toEqual([]);
  });

  test("what knows how to write itself as JSON is stored as that", async () => {
    const store = await openStore();
    await store.put(["a"], "k", { at: new Date(0), url: new URL("https://example.com/a"), none: undefined });
    const value = { at: "1970-01-01T00:00:00.000Z", url: "https://example.com/a" };
    expect((await store.get(["a"], "k"))?.value).toStrictEqual(value);
    expect(await store.search(["a"], { filter: { at: { $lt: new Date(1) } } })).toHaveLength(1);
  });

  test.each([
    ["too short", [1, 2], /has 2 dimensions, this store is configured with 16/],
    ["too long", new Array(17).fill(1), /has 17 dimensions/],
    ["not a number", new Array(16).fill(Number.NaN), /NaN at position 0/],
    ["too large for 32 bits", [...new Array(15).fill(1), 1e39], /1e\+39 at position 15/],
    ["zero", new Array(16).fill(0), /no direction/],
    ["missing", undefined, /not an array of numbers/],
  ])(
    "a vector that is %s is refused with the item's key, the others are stored",
    async (_, vector, message) => {
      const embeddings = new FakeEmbeddings();
      const store = await openStore({ index: textIndex(embeddings) });
      const right = embeddings.vector.bind(embeddings);
      embeddings.vector = (text) => (text === "bad" ? (vector as number[]) : right(text));
      const error = await store
        .batch([
          { namespace: ["a"], key: "good key", value: { text: "good" } },
          { namespace: ["a"], key: "bad key", value: { text: "bad" } },
        ])
        .catch((each: unknown) => each as BatchError);
      expect(error).toBeInstanceOf(BatchError);
      const [failure] = (error as BatchError).failures;
      expect(failure).toMatchObject({ index: 1, operation: { key: "bad key" } });
      expect(failure?.error).toBeInstanceOf(InvalidVectorError);
      expect(failure?.error.message).toMatch(message);
      expect(failure?.error.message).toMatch(/"bad key"/);
      expect(await store.get(["a"], "bad key")).toBeNull();
      expect(await store.search(["a"], { query: "good" })).toMatchObject([{ key: "good key" }]);
      await expect(store.search(["a"], { query: "bad" })).rejects.toThrow(InvalidVectorError);
    },
  );

  test("a vector of zeros is one like others where direction does not matter", async () => {
    const embeddings = new FakeEmbeddings(4);
    embeddings.vector = (text) => (text === "zero" ? [0, 0, 0, 0] : [0, 0, 3, 4]);
    const store = await openStore({ index: { ...textIndex(embeddings), distance: "l2" } });
    await store.put(["a"], "zero", { text: "zero" });
    await store.put(["a"], "five away", { text: "x" });
    const found = await store.search(["a"], { query: "zero" });
    expect(found.map(({ key, score }) => [key, score])).toEqual([
      ["zero", 1],
      ["five away", 1 / 6],
    ]);
  });

  test("the inner product is a similarity too", async () => {
    const embeddings = new FakeEmbeddings(2);
    embeddings.vector = (text) => (text === "long" ? [3, 4] : text === "short" ? [0.3, 0.4] : [1, 0]);
    const store = await openStore({ index: { ...textIndex(embeddings), distance: "ip" } });
    await store.put(["a"], "long", { text: "long" });
    await store.put(["a"], "short", { text: "short" });
    const found = await store.search(["a"], { query: "query" });
    expect(found.map(({ key }) => key)).toEqual(["long", "short"]);
    expect(found[0]?.score).toBeCloseTo(3, 5);
    expect(found[1]?.score).toBeCloseTo(0.3, 5);
  });

  test("a model that fails fails what needs it, and leaves nothing half written", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: textIndex(embeddings) });
    await store.put(["a"], "old", { text: "old text" });
    embeddings.failure = new Error("rate limit");
    await expect(store.put(["a"], "old", { text: "new text" })).rejects.toThrow(/embedDocuments: rate limit/);
    await expect(store.search(["a"], { query: "anything" })).rejects.toThrow(EmbeddingError);
    const error = await store
      .batch([
        { namespace: ["a"], key: "needs it", value: { text: "some text" } },
        { namespace: ["a"], key: "does not", value: { other: 1 } },
        { namespace: ["a"], key: "old" },
      ])
      .catch((each: unknown) => each as BatchError);
    expect((error as BatchError).failures.map(({ index }) => index)).toEqual([0]);
    expect((error as BatchError).results[2]).toMatchObject({ value: { text: "old text" } });
    expect((await store.search([])).map(({ key }) => key)).toEqual(["does not", "old"]);
  });

  test("a model that forgets a text is an error", async () => {
    const embeddings = new FakeEmbeddings();
    embeddings.embedDocuments = async () => [];
    const store = await openStore({ index: textIndex(embeddings) });
    await expect(store.put(["a"], "k", { text: "x" })).rejects.toThrow(
      /given 1 texts and answered with 0 vectors/,
    );
  });

  test("one failing operation does not poison the others", async () => {
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

  test("the error of a single operation is that error", async () => {
    const store = await openStore();
    await expect(store.search(["a"], { filter: { v: { $foo: 1 } } })).rejects.toThrow(FilterError);
    await expect(store.batch([{ namespacePrefix: ["a"], filter: { v: { $foo: 1 } } }])).rejects.toThrow(
      FilterError,
    );
  });

  test("an error of Redis says which operation it struck", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    await store.put(["a"], "k", { v: 1 });
    const client = await connect();
    await client.set(`${keyPrefix}:store:doc:{b}:wrong`, "a string");
    await expect(store.get(["b"], "wrong")).rejects.toThrow(
      /^get \(namespace \["b"\], key "wrong"\) failed: WRONGTYPE/,
    );
  });

  test("a text is embedded once, however often it is stored and asked for", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: { ...textIndex(embeddings), cacheSize: 2 } });
    await store.put(["a"], "1", { text: "one" });
    await store.put(["a"], "2", { text: "one", changed: true });
    await store.put(["a"], "3", { text: "two" });
    await store.put(["a"], "3", { text: "one" });
    expect(embeddings.documentCalls).toEqual([["one"], ["two"]]);
    await store.put(["a"], "4", { text: "three" }); // forgets "two"
    await store.put(["a"], "5", { text: "one" });
    await store.put(["a"], "6", { text: "two" });
    expect(embeddings.documentCalls).toEqual([["one"], ["two"], ["three"], ["two"]]);
    for (let n = 0; n < 3; n++) await store.search(["a"], { query: "one" });
    await store.batch([
      { namespacePrefix: ["a"], query: "new" },
      { namespacePrefix: ["b"], query: "new" },
    ]);
    expect(embeddings.queryCalls).toEqual(["one", "new"]);
  });

  test("blank texts are not embedded", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: { ...textIndex(embeddings), fields: ["text", "title"] } });
    await store.put(["a"], "k", { text: "", title: " \n" });
    await store.put(["a"], "l", { text: null });
    expect(embeddings.documentCalls).toEqual([]);
    expect(await store.search(["a"])).toHaveLength(2);
  });

  test("a put can depend on the version, and is done once however often it is sent", async () => {
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

  test("of many writers at once with one version, one wins", async () => {
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

  test("conditional puts of one item in a batch are checked in order", async () => {
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

  test("a put that is sent again has happened, even if others came after it", async () => {
    const keyPrefix = freshPrefix();
    const connection = createConnection(await connect());
    const sent: Command[] = [];
    const client: Connection = {
      pipeline: (commands) => {
        sent.push(...commands.filter(({ args }) => String(args[0]).startsWith("EVALSHA")));
        return connection.pipeline(commands);
      },
    };
    const store = new RedisStore({ client, keyPrefix });
    await store.put(["a"], "k", { n: 0 });
    sent.length = 0;
    await store.put(["a"], "k", { n: 1 }, { ifVersion: (await store.get(["a"], "k"))?.version });
    const [conditional] = sent;
    await store.put(["a"], "k", { n: 2 });
    await store.put(["a"], "k", { n: 3 });
    const before = await store.get(["a"], "k");
    const [reply] = await connection.pipeline([conditional as Command]);
    expect(reply).toMatchObject([1, Buffer.from(String(before?.version))]);
    expect(await store.get(["a"], "k")).toEqual(before);
    expect(before?.value).toEqual({ n: 3 });
  });
});
