import { setImmediate as nextTurn } from "node:timers/promises";
import { inspect } from "node:util";
import { type BaseStore, InMemoryStore } from "@langchain/langgraph-checkpoint";
import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.js";
import { FilterError } from "../../src/store/errors.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { StoreOperation } from "../../src/store/types.js";
import { connect, freshPrefix, redisUrl } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

const theirs = new TypeError("thrown by an argument");
const failing = () => {
  throw theirs;
};
/** An object with this property, which cannot be read. */
const unreadable = (name: string, rest: object = {}) =>
  Object.defineProperty({ ...rest }, name, { get: failing, enumerable: true });
const proxy = <T extends object>(target: T): T =>
  new Proxy(target, { get: failing, has: failing, ownKeys: failing, getPrototypeOf: failing });

const caught = (call: () => Promise<unknown>): Promise<unknown> =>
  call().then(
    () => undefined,
    (error: unknown) => error,
  );

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options = {}) => openStoreAt(options, url());

  describe("what is changed after the call does not change what is done:", () => {
    test("deleteNamespace", async () => {
      const store = await openStore();
      await store.put(["must go"], "k", {});
      await store.put(["must stay"], "k", {});
      const path = ["must go"];
      const told: number[] = [];
      const options = { onProgress: ({ deleted }: { deleted: number }) => void told.push(deleted) };
      const deleting = store.deleteNamespace(path, options);
      path[0] = "must stay";
      options.onProgress = failing;
      expect(await deleting).toBe(1);
      expect(told).toEqual([1]);
      expect(await store.listNamespaces()).toEqual([["must stay"]]);
    });

    test("listNamespaces", async () => {
      const store = await openStore();
      for (const namespace of [
        ["a", "x"],
        ["b", "y"],
      ])
        await store.put(namespace, "k", {});
      const options = { prefix: ["a"], suffix: ["x"] };
      const listing = store.listNamespaces(options);
      options.prefix[0] = "b";
      options.suffix[0] = "y";
      expect(await listing).toEqual([["a", "x"]]);
    });

    test("search", async () => {
      const store = await openStore();
      for (const n of [1, 2]) await store.put(["a"], String(n), { n });
      const namespacePrefix = ["a"];
      const options = { filter: { n: { $in: [1] } }, limit: 5 };
      const searching = store.search(namespacePrefix, options);
      namespacePrefix[0] = "b";
      options.filter.n.$in[0] = 2;
      options.limit = 0;
      expect(await searching).toMatchObject([{ key: "1" }]);
    });

    test("put and get", async () => {
      const store = await openStore({ index: textIndex() });
      const namespace = ["a"];
      const fields = ["text"];
      const putting = store.put(namespace, "k", { text: "green apples", note: "blue" }, fields);
      fields[0] = "note";
      namespace[0] = "b";
      await putting;
      expect((await store.search(["a"], { query: "green apples" }))[0]?.score).toBeCloseTo(1, 5);
      const from = ["a"];
      const getting = store.get(from, "k");
      from[0] = "b";
      expect(await getting).toMatchObject({ namespace: ["a"] });
    });

    test("batch, also which results and which operations it tells of", async () => {
      const store = await openStore({ index: textIndex() });
      await store.put(["a"], "k", { v: 1 });
      const get: StoreOperation = { namespace: ["a"], key: "k" };
      const reading = store.batch([get]);
      Object.assign(get, { value: {} });
      expect(await reading).toMatchObject([{ key: "k" }]);
    });

    test("reindex", async () => {
      const keyPrefix = freshPrefix();
      await (await openStore({ keyPrefix, index: textIndex() })).put(["a"], "k", { text: "green apples" });
      const store = new RedisStore({
        client: await connect(url()),
        keyPrefix,
        index: { ...textIndex(), numericFields: ["n"] },
      });
      const options = { reembed: true, onProgress: () => {} };
      const reindexing = store.reindex(options);
      options.reembed = false;
      options.onProgress = failing;
      expect(await reindexing).toMatchObject({ items: 1, embedded: 1, reused: 0 });
    });

    test("fromConnString", async () => {
      const index = textIndex(new FakeEmbeddings());
      const ttl = { defaultTTL: 5 };
      const opening = RedisStore.fromConnString(url(), { keyPrefix: freshPrefix(), index, ttl });
      index.fields[0] = "note";
      ttl.defaultTTL = -1;
      const store = await opening;
      await store.put(["a"], "k", { text: "green apples", note: "blue" });
      expect((await store.search(["a"], { query: "green apples" }))[0]?.score).toBeCloseTo(1, 5);
      await store.stop();
    });
  });

  test("search refuses an explain that is no function or fails, and does not take it for a failure of Redis", async () => {
    const store = await openStore();
    const error = await caught(() => store.search(["a"], { explain: 5 as never }));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toMatch(/explain must be a function, got a number/);
    if (store.engine === "search") {
      const failed = await caught(() => store.search(["a"], { filter: { a: 1 }, explain: failing }));
      expect(failed).toBeInstanceOf(InvalidInputError);
      expect(failed).toMatchObject({ cause: theirs, message: expect.stringMatching(/^explain failed/) });
    }
  });

  test("search takes a filter that it cannot read for a FilterError", async () => {
    const store = await openStore();
    let deep: Record<string, unknown> = { v: 1 };
    for (let depth = 0; depth < 20_000; depth++) deep = { v: deep };
    const circular: Record<string, unknown> = {};
    circular.v = circular;
    const filters: [unknown, unknown][] = [
      [unreadable("v"), theirs],
      [{ v: unreadable("w") }, theirs],
      [{ v: { $eq: unreadable("w") } }, theirs],
      [{ v: { $in: [{ toJSON: failing }] } }, theirs],
      [{ v: proxy({}) }, theirs],
      [proxy({}), theirs],
      [deep, undefined],
      [circular, undefined],
    ];
    for (const [filter, cause] of filters) {
      const error = await caught(() => store.search(["a"], { filter: filter as never }));
      expect(error).toBeInstanceOf(FilterError);
      expect((error as Error).cause).toBe(cause);
    }
    await store.put(["a"], "k", { v: 1 });
    let legal: Record<string, unknown> = { v: 1 };
    for (let depth = 0; depth < 450; depth++) legal = { v: legal };
    expect(await store.search(["a"], { filter: legal })).toEqual([]);
  });
});

test("every method takes arguments that cannot be read for an InvalidInputError with their error as its cause", async () => {
  const store = await openStoreAt();
  const calls: [string, () => Promise<unknown>][] = [
    ["get", () => store.get(proxy(["a"]), "k")],
    ["put", () => store.put(proxy(["a"]), "k", {})],
    ["put", () => store.put(["a"], "k", proxy({}))],
    ["put", () => store.put(["a"], "k", {}, unreadable("ttl"))],
    ["put", () => store.put(["a"], "k", {}, proxy({}))],
    ["delete", () => store.delete(proxy(["a"]), "k")],
    ["search", () => store.search(proxy(["a"]))],
    ["search", () => store.search(["a"], unreadable("limit"))],
    ["search", () => store.search(["a"], proxy({}))],
    ["listNamespaces", () => store.listNamespaces(unreadable("prefix"))],
    ["listNamespaces", () => store.listNamespaces({ prefix: proxy(["a"]) })],
    ["deleteNamespace", () => store.deleteNamespace(proxy(["a"]))],
    ["deleteNamespace", () => store.deleteNamespace(["a"], unreadable("onProgress"))],
    ["reindex", () => store.reindex(unreadable("reembed"))],
    ["batch", () => store.batch(proxy([{ namespace: ["a"], key: "k" }]))],
    ["batch", () => store.batch([proxy({ namespace: ["a"], key: "k" })])],
    ["batch", () => store.batch([unreadable("key", { namespace: ["a"] }) as never])],
    ["fromConnString", () => RedisStore.fromConnString(redisUrl(), unreadable("index"))],
    ["fromConnString", () => RedisStore.fromConnString(redisUrl(), proxy({}))],
  ];
  for (const [name, call] of calls) {
    const error = await caught(call);
    expect(error, name).toBeInstanceOf(InvalidInputError);
    expect((error as Error).cause, name).toBe(theirs);
    expect((error as Error).message, name).not.toContain(theirs.message);
  }
  const client = await connect();
  expect(() => new RedisStore(unreadable("index", { client }) as never)).toThrow(InvalidInputError);
  const batch = await caught(() =>
    store.batch([{ namespace: ["a"], key: "k", value: {} }, proxy({ namespace: ["a"], key: "l" })]),
  );
  expect(batch).toMatchObject({ failures: [{ index: 1, error: { cause: theirs } }] });
  expect(await store.get(["a"], "k")).not.toBeNull();
});

test("deleteNamespace and reindex refuse an onProgress that is no function or fails", async () => {
  const store = await openStoreAt({ index: textIndex() });
  await store.put(["a"], "k", {});
  for (const call of [
    (onProgress: never) => store.reindex({ onProgress }),
    (onProgress: never) => store.deleteNamespace(["a"], { onProgress }),
  ]) {
    expect(await caught(() => call(5 as never))).toMatchObject({
      code: "INVALID_INPUT",
      message: "onProgress must be a function, got a number.",
    });
    expect(await caught(() => call(failing as never))).toMatchObject({
      code: "INVALID_INPUT",
      cause: theirs,
      message: expect.stringMatching(/^onProgress failed/),
    });
  }
});

test("a callback that returns a promise is awaited, and one that rejects ends the operation as a callback that throws does", async () => {
  const store = await openStoreAt({ index: textIndex(), engine: "search" });
  const refill = async () => {
    await store.put(["a"], "k", { a: 1 });
    await store.put(["b"], "k", {});
  };
  const rejecting = async () => failing();
  const calls: [string, (callback: () => Promise<void>) => Promise<unknown>][] = [
    ["onProgress", (onProgress) => store.reindex({ reembed: true, onProgress })],
    ["explain", (explain) => store.search(["a"], { filter: { a: 1 }, explain })],
    ["onProgress", (onProgress) => store.deleteWhere(["a"], { a: 1 }, { onProgress })],
    ["onProgress", (onProgress) => store.deleteNamespace(["b"], { onProgress })],
  ];
  for (const [name, call] of calls) {
    await refill();
    const message = expect.stringMatching(new RegExp(`^${name} failed`));
    expect(await caught(() => call(rejecting))).toMatchObject({
      code: "INVALID_INPUT",
      cause: theirs,
      message,
    });
    let ended = false;
    await refill();
    await call(async () => {
      await nextTurn();
      ended = true;
    });
    expect(ended).toBe(true);
  }
});

describe("what would be silently ignored is refused:", () => {
  const refused: [string, (store: RedisStore) => Promise<unknown>, RegExp][] = [
    ...[0, "", Number.NaN, null, "false", 1].map((ifAbsent): (typeof refused)[number] => [
      `ifAbsent: ${inspect(ifAbsent)}`,
      (store) => store.put(["a"], "k", {}, { ifAbsent } as never),
      /ifAbsent must be true or false/,
    ]),
    ...["", 0, Number.NaN, false].flatMap((path) =>
      ["prefix", "suffix"].map((name): (typeof refused)[number] => [
        `${name}: ${inspect(path)}`,
        (store) => store.listNamespaces({ [name]: path }),
        new RegExp(`${name} must be an array of strings`),
      ]),
    ),
    [
      "a Map as options",
      (store) => store.put(["a"], "k", {}, new Map([["ttl", 1]]) as never),
      /the options of put must be a plain object, got a Map/,
    ],
    [
      "an object of a class as options",
      (store) => store.search(["a"], new (class Options {})()),
      /the options of search must be a plain object, got an Options/,
    ],
    [
      "a Date as operation",
      (store) => store.batch([new Date() as never]),
      /an operation must be a plain object, got a Date/,
    ],
  ];
  test.each(refused)("%s", async (_, call, message) => {
    const store = await openStoreAt();
    const error = await caught(() => call(store));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toMatch(message);
    expect(await store.search([])).toEqual([]);
  });

  test.each([
    { keyPrefix: null },
    { engine: null },
    { scanBatchSize: null },
    { commandTimeout: null },
    { ttl: null },
    { ttl: { defaultTTL: null } },
    { ttl: { refreshOnRead: null } },
    { index: null },
    ...["model", "fields", "distance", "algorithm", "m", "efConstruction", "efRuntime", "numericFields"].map(
      (name) => ({ index: { ...textIndex(), [name]: null } }),
    ),
    ...["text", "cacheSize", "minScore"].map((name) => ({ index: { ...textIndex(), [name]: null } })),
  ])("null as an option %#", async (options) => {
    const client = await connect();
    expect(() => new RedisStore({ client, ...options } as never)).toThrow(InvalidInputError);
  });

  test("null for the options", async () => {
    expect(() => new RedisStore(null as never)).toThrow(InvalidInputError);
    await expect(RedisStore.fromConnString(redisUrl(), null as never)).rejects.toThrow(InvalidInputError);
  });
});

test("get and delete refuse the empty namespace where LangGraph's InMemoryStore does", async () => {
  const store = await openStoreAt();
  const refuses = async (call: (store: BaseStore) => Promise<unknown>) => {
    const outcomes = [];
    for (const each of [store, new InMemoryStore()]) outcomes.push((await caught(() => call(each))) as Error);
    return outcomes.map((error) => error?.name);
  };
  for (const call of [
    (each: BaseStore) => each.get([], "k"),
    (each: BaseStore) => each.delete([], "k"),
    (each: BaseStore) => each.batch([{ namespace: [], key: "k" }]),
    (each: BaseStore) => each.batch([{ namespace: [], key: "k", value: null }]),
  ]) {
    const [ours, expected] = await refuses(call);
    expect(ours).toBe(expected);
  }
});
