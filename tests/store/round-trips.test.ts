import { randomBytes } from "node:crypto";
import { AsyncBatchedStore } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, openStore, textIndex } from "./helpers.js";

test.each([
  ["plain", undefined],
  ["encrypted", { keys: { a: randomBytes(32), b: randomBytes(32) }, current: "a" }],
])("each operation takes the round trips that are promised for it, %s", async (_, encryption) => {
  const proxy = await proxied();
  const store = await openStore({ index: { ...textIndex(), numericFields: ["n"] }, encryption }, proxy.url);
  const roundTrips = async (work: () => Promise<unknown>) => {
    proxy.reset();
    await work();
    return proxy.roundTrips;
  };
  // Each script is loaded by its first call.
  await store.put(["a", "1"], "warm", { text: "warm up", n: 1 });
  await store.search(["a", "1"]);
  await store.delete(["a", "1"], "warm");
  await store.listNamespaces();
  for (let n = 0; n < 30; n++) await store.put(["a", `${n % 3}`], `${n}`, { text: `green apples ${n}`, n });

  const query = "green apples";
  const mixed = [
    { namespace: ["a", "1"], key: "1" },
    { namespacePrefix: ["a"], query },
    { namespacePrefix: ["a"], filter: { n: 3 } },
    { namespace: ["a", "1"], key: "new", value: { text: "new" } },
    { namespace: ["a", "2"], key: "2", value: null },
  ];
  expect({
    put: await roundTrips(() => store.put(["a", "1"], "x", { text: "x" })),
    get: await roundTrips(() => store.get(["a", "1"], "x")),
    delete: await roundTrips(() => store.delete(["a", "1"], "x")),
    list: await roundTrips(() => store.search(["a", "1"], { limit: 5, offset: 5 })),
    "list several namespaces": await roundTrips(() => store.search(["a"], { limit: 5, offset: 5 })),
    filter: await roundTrips(() => store.search(["a"], { filter: { n: { $gte: 3 } } })),
    "undeclared range": await roundTrips(() => store.search(["a"], { filter: { text: { $gte: "a" } } })),
    query: await roundTrips(() => store.search(["a"], { query })),
    "query with filter": await roundTrips(() =>
      store.search(["a"], { query, filter: { n: { $in: [1, 2, 3] } } }),
    ),
    text: await roundTrips(() => store.search(["a"], { query, mode: "text" })),
    hybrid: await roundTrips(() => store.search(["a"], { query, mode: "hybrid" })),
    "batch of puts": await roundTrips(() =>
      store.batch(
        Array.from({ length: 50 }, (_, n) => ({ namespace: ["b"], key: `${n}`, value: { text: `b ${n}` } })),
      ),
    ),
    "gets and puts": await roundTrips(() =>
      store.batch([
        { namespace: ["b"], key: "1" },
        { namespace: ["b"], key: "2", value: { text: "b" } },
      ]),
    ),
    "a get and a put of one item": await roundTrips(() =>
      store.batch([
        { namespace: ["b"], key: "1" },
        { namespace: ["b"], key: "1", value: { text: "b" } },
      ]),
    ),
    "mixed batch": await roundTrips(() => store.batch(mixed)),
    "searches and writes elsewhere": await roundTrips(() =>
      store.batch([
        ...mixed.slice(0, 3),
        { matchConditions: [{ matchType: "prefix", path: ["a"] }], limit: 10, offset: 0 },
        { matchConditions: [{ matchType: "suffix", path: ["1"] }], limit: 10, offset: 0 },
        { namespace: ["b"], key: "new", value: { text: "new" } },
        { namespace: ["aa"], key: "2", value: null },
      ]),
    ),
    "a listing of namespaces and a put": await roundTrips(() =>
      store.batch([
        { matchConditions: [{ matchType: "prefix", path: ["*"] }], limit: 10, offset: 0 },
        { namespace: ["b"], key: "new", value: { text: "new" } },
      ]),
    ),
    "list namespaces": await roundTrips(() => store.listNamespaces()),
  }).toEqual({
    put: 1,
    get: 1,
    delete: 1,
    list: 1,
    "list several namespaces": 2,
    filter: 1,
    "undeclared range": 1,
    query: 1,
    "query with filter": 1,
    text: 1,
    hybrid: 1,
    "batch of puts": 1,
    "gets and puts": 1,
    "a get and a put of one item": 2,
    "mixed batch": 2,
    "searches and writes elsewhere": 1,
    "a listing of namespaces and a put": 2,
    "list namespaces": 1,
  });
});

test.each(ENGINES)("items that expire cost one round trip more, once, on engine $engine", async ({ url }) => {
  const proxy = await proxied(url());
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix }, proxy.url);
  const roundTrips = async (work: () => Promise<unknown>) => {
    proxy.reset();
    await work();
    return proxy.roundTrips;
  };
  await store.put(["a"], "never", { n: 1 });
  await store.put(["a"], "expires", { n: 2 }, { ttl: 10 });
  await store.search(["a"]); // each script is loaded by its first call
  const plain = await roundTrips(() => store.search(["a"], { filter: { n: 1 } }));
  expect(await roundTrips(() => store.search(["a"], { filter: { n: 2 } }))).toBe(plain + 1);
  const get = (key: string) => roundTrips(() => store.get(["a"], key));
  expect(await get("never")).toBe(1);
  expect(await get("expires")).toBe(2);
  expect(await get("expires")).toBe(1);
  expect(await get("never")).toBe(1);
  const other = await openStore({ keyPrefix, ttl: { defaultTTL: 10 } }, proxy.url);
  proxy.reset();
  await other.get(["a"], "expires");
  expect(proxy.roundTrips).toBe(1);
});

test("without a search engine, a search over a thousand items takes a round trip for names, items and results each", async () => {
  const proxy = await proxied(plainRedisUrl());
  const embeddings = new FakeEmbeddings(512);
  const store = await openStore({ index: textIndex(embeddings) }, proxy.url);
  for (let from = 0; from < 1_000; from += 250) {
    await store.batch(
      Array.from({ length: 250 }, (_, n) => ({
        namespace: ["a", `${n % 10}`],
        key: `${from + n}`,
        value: { text: `number ${from + n}` },
      })),
    );
  }
  await store.search(["a"], { query: "warm up" }); // loads the script
  for (const path of [["a"], ["a", "3"], []]) {
    proxy.reset();
    const [best] = await store.search(path, { query: "number 33" });
    expect(best).toMatchObject({ key: "33" });
    expect(proxy.roundTrips).toBe(3);
    const filter = { text: { $ne: "number 34" } };
    proxy.reset();
    expect(await store.search(path, { query: "number 33", filter })).toHaveLength(10);
    expect(proxy.roundTrips).toBe(2);
  }
  await store.search(["a", "3"]);
  for (const [path, options, expected] of [
    [["a", "3"], { limit: 10 }, 1],
    [["a"], { limit: 10 }, 2], // names, values
    [["a"], { query: "number 33", mode: "hybrid" }, 3], // names, vectors, values
    [["a"], { filter: { text: { $gte: "number 1" } } }, 2],
    [["a"], { filter: { text: "number 7" } }, 4], // of the first ones, then of all
  ] as const) {
    proxy.reset();
    expect((await store.search([...path], options)).length).toBeGreaterThan(0);
    expect(proxy.roundTrips).toBe(expected);
  }
  expect(store.engine).toBe("core");
});

test("without a search engine, a search goes to each of many namespaces once and moves the values of results only", async () => {
  const proxy = await proxied(plainRedisUrl());
  const dims = 256;
  const options = {
    keyPrefix: freshPrefix(),
    index: textIndex(new FakeEmbeddings(dims)),
    scanBatchSize: 100,
  };
  const store = await openStore(options, proxy.url);
  await store.batch(
    Array.from({ length: 400 }, (_, n) => ({
      namespace: ["users", `${n}`],
      key: "k",
      value: { text: `number ${n}`, more: "x".repeat(1_000) },
    })),
  );
  const search = () => store.search(["users"], { query: "number 33" });
  await search(); // loads the script
  proxy.reset();
  expect((await search())[0]).toMatchObject({ namespace: ["users", "33"] });
  expect(proxy.roundTrips).toBe(6); // names, four times a hundred items, results
  expect(proxy.replyBytes).toBeLessThan(1.2 * 400 * 4 * dims);
});

test("what nodes of a graph ask for at the same time goes out together", async () => {
  const proxy = await proxied();
  const store = await openStore({ index: textIndex() }, proxy.url);
  await store.put(["a"], "k", { text: "green apples" });
  const batched = new AsyncBatchedStore(store);
  batched.start();
  proxy.reset();
  await Promise.all([
    batched.get(["a"], "k"),
    batched.get(["a"], "none"),
    batched.put(["a"], "l", { text: "red wine" }),
    batched.put(["a"], "m", { text: "blue cheese" }),
  ]);
  expect(proxy.roundTrips).toBe(1);
  await batched.stop();
});

test("no command looks through the whole database", async () => {
  const proxy = await proxied();
  const store = await openStore({ index: textIndex() }, proxy.url);
  await store.put(["a", "b"], "k", { text: "green apples" });
  await store.search([], { query: "green" });
  await store.search(["a"], { filter: { text: { $ne: "x" } } });
  await store.listNamespaces({ prefix: ["*", "b"] });
  await store.delete(["a", "b"], "k");
  expect(proxy.commands).not.toEqual([]);
  expect(proxy.commands.filter((name) => ["KEYS", "SCAN", "MODULE"].includes(name))).toEqual([]);
});
