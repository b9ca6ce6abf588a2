import { expect, test } from "vitest";
import { connect, freshPrefix } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { cosine, FakeEmbeddings } from "./fake-embeddings.js";
import { openStore, textIndex } from "./helpers.js";

test("explain returns each query as it was sent", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() });
  const sent: unknown[] = [];
  const explain = (each: unknown) => sent.push(each);
  await store.search(["a", "b"], { filter: { kind: "x" }, explain });
  await store.search([], { query: "green apples", mode: "hybrid", explain });
  expect(sent).toEqual([
    {
      command: "FT.SEARCH",
      index: `${keyPrefix}:store:1`,
      query: "@kind:{item} @scope:{$p1} @paths:{$p2|$p3}",
      params: { p1: "a:b", p2: "kind=sx", p3: "~" },
    },
    ...["12", "48", "192"].map((k) => ({
      command: "FT.SEARCH",
      index: `${keyPrefix}:store:1`,
      query: "*=>[KNN $p1 @vector $p2 EF_RUNTIME $p3 AS distance]",
      params: { p1: k, p2: expect.any(Buffer), p3: "300" },
    })),
    {
      command: "FT.SEARCH",
      index: `${keyPrefix}:store:1`,
      query: "@words:($p1|$p2)",
      params: { p1: "green", p2: "apples" },
    },
  ]);
});

test("search takes efRuntime for one call", async () => {
  const store = await openStore({ index: textIndex() });
  const params: unknown[] = [];
  const explain = (sent: { params: Record<string, unknown> }) => params.push(sent.params.p3);
  await store.search([], { query: "green", efRuntime: 777, explain });
  await store.search([], { query: "green", limit: 400, explain });
  // Never less than the neighbours asked for.
  expect(params).toEqual(["777", "300", "300", "300", "768"]);
  await expect(store.search([], { query: "green", efRuntime: 0 })).rejects.toThrow(/efRuntime/);
});

test("search ignores documents of others among the store's own", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() });
  await store.put(["a"], "mine", { text: "green apples" });
  const client = await connect();
  const vector = Buffer.from(new Float32Array(16).fill(1).buffer);
  const doc = `${keyPrefix}:store:doc:{`;
  await client.hSet(`${doc}7}:a:no-value`, { scope: "a", kind: "item", "vector:1": vector, order: "0" });
  await client.hSet(`${doc}stranger`, {
    scope: "a",
    kind: "item,vector",
    "vector:1": vector,
    value: "{}",
    order: "0",
  });
  await client.hSet(`${doc}7}:%zz:k`, { scope: "a", "vector:1": vector });
  await client.hSet(`${doc}7}:a:bad-vector`, { scope: "a", kind: "vector", "vector:1": "short" });
  expect(await store.search(["a"], { query: "green apples" })).toMatchObject([{ key: "mine" }]);
  expect(await store.search([], { query: "green apples" })).toMatchObject([{ key: "mine" }]);
  expect(await store.search(["a"])).toMatchObject([{ key: "mine" }]);
  expect((await store.stats()).indexFailures).toBe(1);
});

test("search takes a filter of negations alone, in every mode", async () => {
  const store = await openStore({ index: textIndex() });
  await store.put(["a"], "one", { text: "green apples", n: 1 });
  await store.put(["b"], "two", { text: "green pears", n: 2 });
  const filter = { n: { $ne: 1 }, other: { $exists: false } };
  expect(await store.search([], { filter })).toMatchObject([{ key: "two" }]);
  for (const mode of ["vector", "text", "hybrid"] as const) {
    expect(await store.search([], { query: "green", mode, filter })).toMatchObject([{ key: "two" }]);
  }
});

test("search is exact in a namespace of up to a thousand items, and nearly so in a larger one", async () => {
  const embeddings = new FakeEmbeddings(32);
  const store = await openStore({ index: { ...textIndex(embeddings), text: false } });
  const texts = Array.from({ length: 4_000 }, (_, n) => `thing ${n} of kind ${n % 50}`);
  const namespaceOf = (n: number) => ["a", n < 1_000 ? "small" : "large"];
  for (let from = 0; from < texts.length; from += 500) {
    await store.batch(
      texts.slice(from, from + 500).map((text, n) => ({
        namespace: namespaceOf(from + n),
        key: `${from + n}`,
        value: { text },
      })),
    );
  }
  const found = { small: 0, large: 0 };
  const queries = Array.from({ length: 20 }, (_, n) => `kind ${n} thing ${n * 31}`);
  for (const query of queries) {
    const scored = texts.map((text, n) => ({
      n,
      score: cosine(embeddings.vector(text), embeddings.vector(query)),
    }));
    scored.sort((a, b) => b.score - a.score);
    for (const size of ["small", "large"] as const) {
      const best = scored.filter(({ n }) => namespaceOf(n)[1] === size).slice(0, 10);
      const items = await store.search(["a", size], { query });
      // By score, as different texts can be equally similar.
      found[size] += items.filter(({ score = 0 }) => score > (best.at(-1)?.score as number) - 1e-5).length;
    }
  }
  expect(found.small).toBe(200);
  expect(found.large).toBeGreaterThanOrEqual(190);
});

test("search returns full pages without expired items that are still in the index", async () => {
  const server = await startServer({ args: ["--enable-debug-command", "yes"] });
  try {
    const client = await connect(server.url);
    await client.sendCommand(["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: textIndex() }, server.url);
    for (let n = 0; n < 5; n++) await store.put(["a"], `stays ${n}`, { text: `green apples ${n}`, n });
    for (let n = 0; n < 10; n++)
      await store.put(["a"], `goes ${n}`, { text: "green apples", n }, { ttl: 0.0005 });
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await store.stats()).items).toBe(15); // the server has not looked at them yet
    const query = "green apples";
    for (const options of [
      {},
      { query },
      { query, minScore: 0.1 },
      { query, mode: "text" },
      { filter: { n: { $lt: 9 } } },
    ] as const) {
      const page = await store.search(["a"], { ...options, limit: 3 });
      expect(page).toHaveLength(3);
      expect(page.filter(({ key }) => key.startsWith("goes"))).toEqual([]);
      expect(await store.search(["a"], { ...options, limit: 50 })).toHaveLength(5);
    }
    await store.stop();
  } finally {
    await server.stop();
  }
});
