import { AsyncBatchedStore } from "@langchain/langgraph-checkpoint";
import { describe, expect, onTestFinished, test } from "vitest";
import { InvalidInputError } from "../../src/errors.js";
import { IndexMismatchError } from "../../src/store/errors.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix, redisUrl } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { openStore, textIndex } from "./helpers.js";

test.each([
  [{ ttl: 60 }, /the options of ttl must be an object, got a number/],
  [{ ttl: { defaultTtl: 60 } }, /ttl has no option "defaultTtl"\. Did you mean "defaultTTL"\?/],
  [{ ttl: { defaultTTL: 60, refreshOnReads: true } }, /Did you mean "refreshOnRead"/],
  [{ ttl: { refreshOnRead: "yes" } }, /ttl\.refreshOnRead must be true or false/],
  [{ index: { ...textIndex(), dim: 3 } }, /index has no option "dim"\. Did you mean "dims"\?/],
  [{ index: { ...textIndex(), text: "yes" } }, /index\.text must be true or false/],
  [{ index: { ...textIndex(), model: 5 } }, /index\.model must be a non-empty string/],
  [{ index: [] }, /the options of index must be an object, got an empty array/],
  [{ prefix: "x" }, /RedisStore has no option "prefix"/],
  [{ keyprefix: "x" }, /Did you mean "keyPrefix"/],
])("constructor and fromConnString refuse %j", async (options, message) => {
  const client = await connect();
  const construct = () => new RedisStore({ client, ...options } as never);
  expect(construct).toThrow(InvalidInputError);
  expect(construct).toThrow(message);
  // Nobody listens there: the options are looked at before.
  const opening = RedisStore.fromConnString("redis://127.0.0.1:1", options as never);
  await expect(opening).rejects.toThrow(message);
});

test("constructor refuses options of fromConnString, which a client of its own has already", async () => {
  const client = await connect();
  expect(() => new RedisStore({ client, tls: {} } as never)).toThrow(/no option "tls"/);
  const store = await RedisStore.fromConnString(redisUrl(), { keyPrefix: freshPrefix(), tls: undefined });
  onTestFinished(() => store.stop());
});

describe("an operation with an option that does not exist is refused, and nothing is written", () => {
  const refused: [string, (store: RedisStore) => Promise<unknown>, RegExp][] = [
    ["put", (store) => store.put(["a"], "k", {}, { tll: 5 } as never), /put has no option "tll".*"ttl"/],
    ["put", (store) => store.put(["a"], "k", {}, { namespace: ["b"] } as never), /no option "namespace"/],
    ["put", (store) => store.put(["a"], "k", {}, "text" as never), /options of put must be an object/],
    ["search", (store) => store.search(["a"], { limits: 5 } as never), /search has no option.*"limit"/],
    ["search", (store) => store.search(["a"], null as never), /options of search must be an object/],
    ["listNamespaces", (store) => store.listNamespaces({ depth: 5 } as never), /no option "depth"/],
    ["deleteNamespace", (store) => store.deleteNamespace(["a"], { batch: 5 } as never), /"batch"/],
    ["reindex", (store) => store.reindex({ reEmbed: true } as never), /Did you mean "reembed"/],
    [
      "batch",
      (store) => store.batch([{ namespace: ["a"], key: "k", valeu: {} } as never]),
      /get has no.*"valeu"/,
    ],
    ["batch", (store) => store.batch([{ namespace: ["a"], key: "k", value: {}, ttL: 1 } as never]), /"ttl"/],
    [
      "batch",
      (store) => store.batch([{ namespacePrefix: ["a"], ttl: 1 } as never]),
      /search has no option "ttl"/,
    ],
    ["batch", (store) => store.batch([{ prefix: ["a"] } as never]), /listNamespaces has no option "prefix"/],
    [
      "batch",
      (store) => store.batch([{ matchConditions: ["a"] } as never]),
      /matchConditions must be an object/,
    ],
    [
      "batch",
      (store) => store.batch([{ matchConditions: "a" } as never]),
      /matchConditions must be an array/,
    ],
    ["batch", (store) => store.batch([null as never]), /an operation must be an object/],
    ["batch", (store) => store.batch(undefined as never), /batch needs an array/],
    [
      "batch",
      (store) => store.batch([{ namespace: ["a"], key: "k", value: null, ifVersion: 1 } as never]),
      /ifVersion and ifAbsent are for a put/,
    ],
  ];
  test.each(refused)("%s %#", async (_, call, message) => {
    const store = await openStore();
    await store.put(["a"], "there", {});
    await expect(call(store)).rejects.toThrow(InvalidInputError);
    await expect(call(store)).rejects.toThrow(message);
    expect(await store.search([])).toMatchObject([{ key: "there" }]);
  });
});

test("what LangGraph's batching proxy sends is not refused", async () => {
  const proxy = new AsyncBatchedStore(await openStore({ index: textIndex() }));
  proxy.start();
  onTestFinished(() => proxy.stop());
  await proxy.put(["a"], "k", { text: "green apples" });
  expect(await proxy.get(["a"], "k")).toMatchObject({ key: "k" });
  expect(await proxy.search(["a"])).toHaveLength(1);
  expect(await proxy.search(["a"], { query: "apples", filter: { text: "green apples" } })).toHaveLength(1);
  await proxy.delete(["a"], "k");
  expect(await proxy.get(["a"], "k")).toBeNull();
});

test("put takes null for no options", async () => {
  const store = await openStore({ index: textIndex() });
  await store.put(["a"], "k", { text: "green apples" }, null as never);
  expect(await store.search(["a"], { query: "apples" })).toHaveLength(1);
});

describe("index.model", () => {
  test("keeps two models of equal dimensions from one index", async () => {
    const keyPrefix = freshPrefix();
    const named = (model?: string) => ({ ...textIndex(), model });
    const store = await openStore({ keyPrefix, index: named("small-1") });
    await store.put(["a"], "k", { text: "green apples" });
    for (const other of ["small-2", undefined]) {
      const error = await openStore({ keyPrefix, index: named(other) }).catch((each: unknown) => each);
      expect(error).toBeInstanceOf(IndexMismatchError);
      expect((error as IndexMismatchError).differences).toEqual([
        { setting: "model", stored: "small-1", configured: other ?? null },
      ]);
    }
    await openStore({ keyPrefix, index: named("small-1") });
  });

  test("makes reindex embed again what another model has embedded", async () => {
    const keyPrefix = freshPrefix();
    const first = await openStore({ keyPrefix, index: { ...textIndex(), model: "small-1" } });
    await first.put(["a"], "k", { text: "green apples" });
    const embeddings = new FakeEmbeddings();
    embeddings.vector = () => Array.from({ length: embeddings.dims }, (_, at) => at + 1);
    const client = await connect();
    const index = { ...textIndex(embeddings), model: "small-2" };
    const second = new RedisStore({ client, keyPrefix, index });
    expect(await second.reindex()).toMatchObject({ items: 1, embedded: 1, reused: 0 });
    expect((await second.search(["a"], { query: "anything" }))[0]?.score).toBeCloseTo(1, 5);
    const third = new RedisStore({ client, keyPrefix, index: { ...index, numericFields: ["n"] } });
    expect(await third.reindex()).toMatchObject({ items: 1, embedded: 0, reused: 1 });
  });
});
