import { setTimeout } from "node:timers/promises";
import type { Embeddings } from "@langchain/core/embeddings";
import { type BaseStore, InMemoryStore } from "@langchain/langgraph";
import { PostgresStore } from "@langchain/langgraph-checkpoint-postgres/store";
import { RedisStore, type RedisStoreOptions } from "langgraph-redis";
import { copyStore, verifyStore } from "langgraph-redis/migrate";
import { describe, expect, onTestFinished, test } from "vitest";
import { freshPrefix, redisUrl } from "../helpers/redis.js";
import { freshSchema, postgresUrl } from "./sources.js";

async function openStore(options: RedisStoreOptions = {}): Promise<RedisStore> {
  const store = await RedisStore.fromConnString(redisUrl(), { keyPrefix: freshPrefix(), ...options });
  onTestFinished(() => store.stop());
  return store;
}

const sources: Record<string, () => Promise<BaseStore>> = {
  InMemoryStore: async () => new InMemoryStore(),
  PostgresStore: async () => {
    const connectionOptions = await postgresUrl();
    const store = new PostgresStore({ connectionOptions, schema: freshSchema() });
    await store.setup();
    onTestFinished(() => store.stop());
    return store;
  },
  "RedisStore of this package": () => openStore(),
};

async function fill(store: BaseStore, namespace: string[], count: number): Promise<void> {
  const text = (n: number) => `item ${n} of ${namespace.join("/")}`;
  await store.batch(
    Array.from({ length: count }, (_, n) => ({ namespace, key: `k${n}`, value: { n, text: text(n) } })),
  );
}

describe.each(Object.entries(sources))("copyStore from %s", (_, open) => {
  test("copies all items of all namespaces, once each", async () => {
    const from = await open();
    await fill(from, ["users"], 3);
    await fill(from, ["users", "1"], 120);
    await fill(from, ["users", "10"], 3);
    await fill(from, ["users2"], 2);
    await from.batch(
      Array.from({ length: 105 }, (_, n) => ({ namespace: ["many", `n${n}`], key: "k", value: { n } })),
    );
    await from.put(["users", "10"], "k0", { n: "updated", deep: { list: [1, null, { a: "b" }] } });
    const to = await openStore();
    const report = await copyStore(from, to, { verify: true });
    expect(report).toMatchObject({ items: 233, copied: 233, errors: [], differences: [] });
    expect(await copyStore(from, to)).toMatchObject({ items: 233, copied: 0, unchanged: 233, errors: [] });
    const item = await to.get(["users", "10"], "k0");
    expect(item?.value).toEqual({ n: "updated", deep: { list: [1, null, { a: "b" }] } });
  });

  test("begins with the item that was updated first", async () => {
    const from = await open();
    for (const key of ["b", "d", "a", "c", "b"]) {
      await from.put(["n", key], key, { key });
      await setTimeout(2);
    }
    const to = await openStore();
    const times: Record<string, number> = {};
    await copyStore(from, to, { batchSize: 1 });
    for (const { key, updatedAt } of await to.search(["n"])) times[key] = updatedAt.getTime();
    const inOrder = ["d", "a", "c", "b"].map((key) => times[key] ?? Number.NaN);
    expect(inOrder).toEqual([...inOrder].sort((one, other) => one - other));
    expect(new Set(inOrder).size).toBeGreaterThan(1);
  });

  test("copies the items under a prefix, and counts them only in a dry run", async () => {
    const from = await open();
    await fill(from, ["users", "1"], 2);
    await fill(from, ["users", "10"], 2);
    const to = await openStore();
    const options = { prefix: ["users", "1"] };
    expect(await copyStore(from, to, { ...options, dryRun: true })).toMatchObject({ items: 2, copied: 2 });
    expect(await to.listNamespaces()).toEqual([]);
    expect(await copyStore(from, to, { ...options, verify: true })).toMatchObject({
      copied: 2,
      differences: [],
    });
    expect(await to.listNamespaces()).toEqual([["users", "1"]]);
  });
});

test.each([
  ["error", { copied: 0, errors: [{ namespace: ["n"], key: "k1" }] }, "there"],
  ["skip", { copied: 0, skipped: 1, errors: [] }, "there"],
  ["replace", { copied: 1, errors: [] }, 1],
  ["newest", { copied: 0, skipped: 1, errors: [] }, "there"],
] as const)(
  "copyStore with onExisting %s meets an item of another value",
  async (onExisting, expected, value) => {
    const from = new InMemoryStore();
    await fill(from, ["n"], 3);
    const to = await openStore();
    await copyStore(from, to, { batchSize: 2 });
    await to.put(["n"], "k1", { n: "there" });
    expect(await copyStore(from, to, { onExisting })).toMatchObject({ ...expected, unchanged: 2 });
    expect((await to.get(["n"], "k1"))?.value.n).toBe(value);
  },
);

test('copyStore with onExisting "newest" copies what was updated in the source since', async () => {
  const from = await openStore();
  await fill(from, ["n"], 2);
  const to = await openStore();
  await copyStore(from, to);
  const timeOf = async (store: BaseStore) => (await store.get(["n"], "k0"))?.updatedAt.getTime() ?? 0;
  // Times are of milliseconds.
  do await from.put(["n"], "k0", { n: "later" });
  while ((await timeOf(from)) <= (await timeOf(to)));
  expect(await copyStore(from, to, { onExisting: "newest" })).toMatchObject({
    copied: 1,
    unchanged: 1,
    errors: [],
  });
  expect((await verifyStore(from, to)).differences).toEqual([]);
});

test("copyStore never replaces what somebody puts into the target meanwhile", async () => {
  const from = new InMemoryStore();
  await fill(from, ["n"], 3);
  const to = await openStore();
  const batch = to.batch.bind(to) as BaseStore["batch"];
  let reads = 0;
  to.batch = (async (operations: Parameters<BaseStore["batch"]>[0]) => {
    const result = await batch(operations);
    if (reads++ === 0) await batch([{ namespace: ["n"], key: "k1", value: { n: "meanwhile" } }]);
    return result;
  }) as typeof to.batch;
  const report = await copyStore(from, to, { onExisting: "replace" });
  expect(report).toMatchObject({ copied: 2, errors: [{ key: "k1", error: { code: "VERSION_CONFLICT" } }] });
  expect((await to.get(["n"], "k1"))?.value.n).toBe("meanwhile");
});

test("copyStore embeds the texts of a batch in one call of the target's model", async () => {
  const from = new InMemoryStore();
  await fill(from, ["n"], 25);
  const calls: number[] = [];
  const vector = (text: string) => [text.length, 1, 0];
  const embeddings = {
    embedQuery: async (text: string) => vector(text),
    embedDocuments: async (texts: string[]) => {
      calls.push(texts.length);
      return texts.map(vector);
    },
  } as unknown as Embeddings;
  const to = await openStore({ index: { dims: 3, embeddings, fields: ["text"] } });
  await copyStore(from, to, { batchSize: 10, index: ({ key }) => (key === "k3" ? false : undefined) });
  expect(calls).toEqual([9, 10, 5]);
  expect((await to.search(["n"], { query: "item 1 of n", limit: 100 })).length).toBe(24);
});

test("copyStore keeps what is left of the time to live, where the source tells it", async () => {
  const from = await openStore();
  await from.put(["n"], "k", { a: 1 }, { ttl: 60 });
  const to = await openStore();
  await copyStore(from, to);
  const [source, copy] = [await from.get(["n"], "k"), await to.get(["n"], "k")];
  const seconds = (item: typeof copy) => Math.round((item?.expiresAt?.getTime() ?? 0) / 10_000);
  expect(Math.abs(seconds(copy) - seconds(source))).toBeLessThanOrEqual(1);
});

test("copyStore reports an item that the target refuses, and copies the others", async () => {
  const from = new InMemoryStore();
  await fill(from, ["n"], 2);
  await from.put(["n"], "big", { n: 1n });
  const report = await copyStore(from, await openStore());
  expect(report).toMatchObject({
    copied: 2,
    errors: [{ namespace: ["n"], key: "big", error: { code: "INVALID_INPUT" } }],
  });
});

test("verifyStore names the items that differ, and no value", async () => {
  const from = new InMemoryStore();
  await fill(from, ["n"], 3);
  const to = await openStore();
  await to.put(["n"], "k0", { n: 0, text: "item 0 of n" });
  await to.put(["n"], "k1", { n: "secret" });
  await to.put(["n"], "more", { n: 1 });
  const { items, differences } = await verifyStore(from, to);
  expect(items).toBe(3);
  expect(differences).toEqual([
    { namespace: ["n"], key: "k1", part: "value" },
    { namespace: ["n"], key: "k2", part: "missing" },
    { namespace: ["n"], key: "more", part: "extra" },
  ]);
});

test("copyStore misses no item when others are deleted between the pages of a list", async () => {
  const from = new InMemoryStore();
  await fill(from, ["n"], 330);
  const search = from.search.bind(from);
  let pages = 0;
  from.search = async (...args) => {
    const page = await search(...args);
    // More than two pages have in common.
    if (pages++ === 0) for (let n = 0; n < 60; n++) await from.delete(["n"], `k${n}`);
    return page;
  };
  const to = await openStore();
  expect(await copyStore(from, to)).toMatchObject({ copied: 270, errors: [] });
});

test("copyStore is aborted with the reason of its signal, and gone on with", async () => {
  const from = new InMemoryStore();
  await fill(from, ["n"], 30);
  const to = await openStore();
  const controller = new AbortController();
  const reason = new Error("enough");
  const copying = copyStore(from, to, {
    batchSize: 10,
    signal: controller.signal,
    onProgress: ({ items }) => items === 20 && controller.abort(reason),
  });
  await expect(copying).rejects.toBe(reason);
  expect(await copyStore(from, to)).toMatchObject({ unchanged: 20, copied: 10 });
});

test("copyStore refuses options that cannot be used", async () => {
  const store = new InMemoryStore();
  await expect(copyStore(store, store, { batchsize: 1 } as object)).rejects.toThrow(
    /Did you mean "batchSize"/,
  );
  await expect(copyStore(store, store, { batchSize: 0 })).rejects.toThrow(/batchSize must be a whole number/);
  await expect(copyStore(store, store, { prefix: "users" as never })).rejects.toThrow(
    /prefix must be a list of labels/,
  );
  await expect(copyStore({} as BaseStore, store)).rejects.toThrow(/from must be a store/);
});

test("copyStore ends with the error of an async onProgress that rejects", async () => {
  const from = new InMemoryStore();
  await fill(from, ["n"], 3);
  const to = await openStore();
  const reason = new Error("enough");
  const onProgress = () => Promise.reject(reason);
  await expect(copyStore(from, to, { batchSize: 1, onProgress })).rejects.toBe(reason);
  expect(await to.search(["n"])).toHaveLength(1);
});
