import { expect, test } from "vitest";
import { connect, freshPrefix } from "../helpers/redis.js";
import { openStore, textIndex } from "./helpers.js";

test("explain tells each query as it was sent", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() });
  const sent: unknown[] = [];
  const explain = (each: unknown) => sent.push(each);
  await store.search(["a", "b"], { filter: { kind: "x" }, explain });
  await store.search([], { query: "green apples", mode: "hybrid", explain });
  expect(sent).toEqual([
    {
      command: "FT.SEARCH",
      index: `${keyPrefix}:store`,
      query: "@kind:{item} @scope:{$p1} @paths:{$p2|$p3}",
      params: { p1: "a:b", p2: "kind=sx", p3: "~" },
    },
    {
      command: "FT.SEARCH",
      index: `${keyPrefix}:store`,
      query: "*=>[KNN $p1 @vector $p2 EF_RUNTIME $p3 AS distance]",
      params: { p1: "50", p2: expect.any(Buffer), p3: "100" },
    },
    {
      command: "FT.SEARCH",
      index: `${keyPrefix}:store`,
      query: "@words:($p1|$p2)",
      params: { p1: "green", p2: "apples" },
    },
  ]);
});

test("efRuntime can be set for one search", async () => {
  const store = await openStore({ index: textIndex() });
  const params: unknown[] = [];
  const explain = (sent: { params: Record<string, unknown> }) => params.push(sent.params.p3);
  await store.search([], { query: "green", efRuntime: 777, explain });
  await store.search([], { query: "green", limit: 300, explain });
  expect(params).toEqual(["777", "300"]);
  await expect(store.search([], { query: "green", efRuntime: 0 })).rejects.toThrow(/efRuntime/);
});

test("documents of others among the store's own do no harm", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() });
  await store.put(["a"], "mine", { text: "green apples" });
  const client = await connect();
  const vector = Buffer.from(new Float32Array(16).fill(1).buffer);
  const doc = `${keyPrefix}:store:doc:{`;
  await client.hSet(`${doc}a}:no-value`, { scope: "a", kind: "item", "vector:1": vector, order: "0" });
  await client.hSet(`${doc}stranger`, {
    scope: "a",
    kind: "item,vector",
    "vector:1": vector,
    value: "{}",
    order: "0",
  });
  await client.hSet(`${doc}%zz}:k`, { scope: "a", "vector:1": vector });
  await client.hSet(`${doc}a}:bad-vector`, { scope: "a", kind: "vector", "vector:1": "short" });
  expect(await store.search(["a"], { query: "green apples" })).toMatchObject([{ key: "mine" }]);
  expect(await store.search([], { query: "green apples" })).toMatchObject([{ key: "mine" }]);
  expect(await store.search(["a"])).toMatchObject([{ key: "mine" }]);
  expect((await store.stats()).indexFailures).toBe(1);
});
