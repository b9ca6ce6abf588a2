import { randomUUID } from "node:crypto";
import { createCluster } from "redis";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { asClient, createConnection, type RedisClient } from "../../src/redis/connection.js";
import { LIMITS, type Limits } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { RedisSearchOptions } from "../../src/store/types.js";
import { connect, freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { startCluster, startServer, type TestCluster } from "../helpers/servers/index.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { documentOf, ENGINES, namespaceKeys, openStore } from "./helpers.js";

const name = ({ namespace, key }: { namespace: string[]; key: string }) => `${namespace.join("/")}:${key}`;
const small = (limits: Partial<Limits>) => ({ [LIMITS]: limits });

/** All pages of a listing, one after the other. */
async function pagesOf(store: RedisStore, path: string[], limit: number, options: RedisSearchOptions = {}) {
  const names: string[] = [];
  for (let offset = 0; ; offset += limit) {
    const page = await store.search(path, { ...options, limit, offset });
    names.push(...page.map(name));
    if (page.length < limit) return names;
  }
}

/** Lets an item seem to be of another time. */
async function setTimes(
  url: string,
  keyPrefix: string,
  namespace: string[],
  key: string,
  created: number,
  updated: number,
) {
  const client = await connect(url);
  const document = documentOf(keyPrefix, namespace, key);
  await client.hSet(document, {
    meta: `${created} ${updated} ${updated}000`,
    order: `${String(99999999999999 - updated).padStart(14, "0")}!${key}!${namespace.join(":")}`,
  });
  const { updates } = namespaceKeys(keyPrefix, namespace);
  await client.zAdd(updates, { score: -updated, value: key });
}

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  /** Items of many namespaces, at four moments, in the order of a listing. */
  const keyPrefix = freshPrefix();
  const items: { namespace: string[]; key: string; created: number; updated: number }[] = [];
  beforeAll(async () => {
    const store = new RedisStore({ client: await connect(url()), keyPrefix, engine });
    for (let n = 0; n < 40; n++) {
      const namespace = n % 4 === 0 ? ["a"] : ["a", `${n % 7}`];
      items.push({
        namespace,
        key: `k${String(n % 10)}${n >= 20 ? "x" : ""}`,
        created: 1_600_000_000_000 + ((n * 7) % 5),
        updated: 1_700_000_000_000 + ((n * 3) % 4),
      });
    }
    const unique = new Map(items.map((item) => [name(item), item]));
    items.splice(0, items.length, ...unique.values());
    await store.batch(
      [...items, { namespace: ["b"], key: "other" }].map(({ namespace, key }, n) => ({
        namespace,
        key,
        value: { n, even: n % 2 === 0, text: `t${n}` },
      })),
    );
    for (const { namespace, key, created, updated } of items)
      await setTimes(url(), keyPrefix, namespace, key, created, updated);
  });

  const inOrder = (by: "updated" | "created" | "none") =>
    [...items].sort(
      (a, b) =>
        (by === "none" ? 0 : b[by] - a[by]) ||
        Buffer.compare(Buffer.from(a.key), Buffer.from(b.key)) ||
        Buffer.compare(Buffer.from(a.namespace.join(":")), Buffer.from(b.namespace.join(":"))),
    );

  const limits: [string, Partial<Limits>][] = [
    ["as usual", {}],
    ["a few at a time", { listPage: 2, filterPage: 3, partitionsTogether: 3 }],
    ["by a look at all", { listWindow: 1 }],
  ];
  const orders = [
    { options: {}, expected: () => inOrder("updated") },
    { options: { order: "asc" }, expected: () => inOrder("updated").reverse() },
    { options: { orderBy: "createdAt" }, expected: () => inOrder("created") },
    { options: { orderBy: "createdAt", order: "asc" }, expected: () => inOrder("created").reverse() },
    { options: { orderBy: "key" }, expected: () => inOrder("none") },
    { options: { orderBy: "key", order: "desc" }, expected: () => inOrder("none").reverse() },
  ] as const;
  const filters = [
    { filter: undefined, wanted: () => true },
    { filter: { even: true }, wanted: (_: unknown, n: number) => n % 2 === 0 },
    { filter: { text: { $gte: "t2" } }, wanted: (_: unknown, n: number) => `t${n}` >= "t2" },
  ];

  describe.each(limits)("%s", (_, few) => {
    test.each(orders)(
      "search lists all items once, in pages of any size, ordered by $options",
      async ({ options, expected }) => {
        const store = await openStore({ keyPrefix, engine, ...small(few) }, url());
        for (const { filter, wanted } of filters) {
          const matching = new Set(items.filter(wanted).map(name));
          const all = expected()
            .map(name)
            .filter((each) => matching.has(each));
          const inA = all.filter((each) => each.startsWith("a:"));
          const inA1 = all.filter((each) => each.startsWith("a/1:"));
          for (const limit of [2, 3, 100]) {
            expect(await pagesOf(store, ["a"], limit, { ...options, filter })).toEqual(all);
            expect(await pagesOf(store, ["a", "1"], limit, { ...options, filter })).toEqual(inA1);
          }
          expect(inA.length).toBeGreaterThan(0);
          expect(await pagesOf(store, ["none"], 2, { ...options, filter })).toEqual([]);
        }
        const everything = await pagesOf(store, [], 3, options);
        expect(everything).toHaveLength(items.length + 1);
        expect(everything.filter((each) => each !== "b:other")).toEqual(expected().map(name));
      },
    );
  });

  test("search lists a page however far it is from the first, and however long it may be", async () => {
    const store = await openStore({ keyPrefix, engine }, url());
    const all = inOrder("updated").map(name);
    for (const limit of [1_000_001, Number.MAX_SAFE_INTEGER])
      expect((await store.search(["a"], { limit })).map(name)).toEqual(all);
    expect(await store.search(["a"], { offset: Number.MAX_SAFE_INTEGER - 10 })).toEqual([]);
    expect(await store.search(["a"], { limit: 0 })).toEqual([]);
  });

  test("search refuses an order for a query, and one that there is not", async () => {
    const store = await openStore({ keyPrefix, engine }, url());
    await expect(store.search(["a"], { orderBy: "size" as never })).rejects.toThrow(/orderBy must be/);
    await expect(store.search(["a"], { order: "up" as never })).rejects.toThrow(/order must be/);
    await expect(store.search(["a"], { query: "x", orderBy: "key" })).rejects.toThrow(
      /orderBy and order are for listings/,
    );
  });

  type Work = (
    other: RedisStore,
    root: string,
    unlink: (path: string[], key: string) => Promise<unknown>,
  ) => unknown;
  const works: [string, Work][] = [
    ["puts an item of the page again", (other, root) => other.put([root, "1"], "5", { n: 1 })],
    ["puts an item behind the page again", (other, root) => other.put([root], "0", { n: 1 })],
    ["puts another item", (other, root) => other.put([root, "9"], "new", { n: 1 })],
    ["deletes an item of the page", (other, root) => other.delete([root, "2"], "6")],
    ["deletes a namespace", (other, root) => other.deleteNamespace([root, "2"])],
    ["lets items expire", (_, root, unlink) => Promise.all([unlink([root], "4"), unlink([root, "2"], "6")])],
  ];
  const listings: [string[], RedisSearchOptions][] = [
    [[], { limit: 4, offset: 2 }],
    [[], { limit: 100, filter: { n: { $gte: 0 } } }],
    [[], { limit: 4, offset: 2, orderBy: "createdAt" }],
    [["1"], { limit: 2 }],
  ];

  test.each(works)("search lists what there is before or after another client %s", async (_, work) => {
    const client = await connect(url());
    const keyPrefix = freshPrefix();
    const connection = new SteppingConnection(client);
    const other = new RedisStore({ client, keyPrefix, engine });
    for (const few of [{ listPage: 2, filterPage: 2 }, { listWindow: 1 }]) {
      const limits = small({ partitionsTogether: 128, ...few });
      const store = new RedisStore({ client: connection, keyPrefix, engine, scanBatchSize: 4, ...limits });
      await store.search([]);
      for (const [below, options] of listings) {
        await atEveryGap(async () => {
          const root = randomUUID();
          const path = [root, ...below];
          await other.batch(
            Array.from({ length: 10 }, (_, n) => ({
              namespace: n % 4 === 0 ? [root] : [root, `${n % 4}`],
              key: `${n}`,
              value: { n },
            })),
          );
          const list = async (from: RedisStore) => (await from.search(path, options)).map(name);
          const before = await list(other);
          return {
            connection,
            operation: () => list(store),
            work: () =>
              work(other, root, (namespace, key) => client.unlink(documentOf(keyPrefix, namespace, key))),
            check: async (gap, outcome) => {
              if (outcome.status === "rejected") throw outcome.reason;
              const found = [...(outcome.value as string[])].sort();
              const after = await list(other);
              expect(new Set(found).size, gap).toBe(found.length);
              // What goes through all namespaces may meet the one as it was before, the other as it is after.
              const isVisit = options.orderBy !== undefined || "listWindow" in few;
              const possible = [before.sort(), after.sort()];
              if (isVisit)
                expect(found, gap).toEqual(
                  expect.arrayContaining(before.filter((each) => after.includes(each))),
                );
              else expect(possible, gap).toContainEqual(found);
            },
          };
        });
      }
    }
  });

  test("search with a filter finds an item that is put again while it looks on", async () => {
    const client = await connect(url());
    const connection = new SteppingConnection(client);
    const keyPrefix = freshPrefix();
    const limits = small({ partitionsTogether: 128, filterPage: 3, listPage: 10 });
    const store = new RedisStore({ client: connection, keyPrefix, engine, ...limits });
    const other = new RedisStore({ client, keyPrefix, engine });
    await store.search([]);
    for (const below of [[], ["x"]]) {
      let gaps = 0;
      await atEveryGap(
        async () => {
          const root = randomUUID();
          const path = [root, ...below];
          const put = () => other.put(path, "target", { at: "2026" });
          await put();
          await new Promise((resolve) => setTimeout(resolve, 2));
          await other.batch(
            Array.from({ length: 40 }, (_, n) => ({ namespace: path, key: `${n}`, value: { at: "2020" } })),
          );
          return {
            connection,
            operation: () => store.search([root], { filter: { at: { $gte: "2025" } }, limit: 1 }),
            work: put,
            check: (gap, outcome) => {
              gaps++;
              const found = outcome.status === "fulfilled" ? (outcome.value as { key: string }[]) : [];
              expect(
                found.map(({ key }) => key),
                gap,
              ).toEqual(["target"]);
            },
          };
        },
        ({ args }) => args[0] !== "HMGET",
      );
      expect(gaps).toBeGreaterThan(3);
    }
  });
});

/** A client that counts round trips, and the items whose values come. */
function counting(client: RedisClient) {
  const inner = createConnection(client);
  const counts = { roundTrips: 0, values: 0 };
  const connection = asClient({
    isCluster: inner.isCluster,
    pipeline: async (commands) => {
      const replies = await inner.pipeline(commands);
      counts.roundTrips++;
      counts.values += JSON.stringify(replies.map((reply) => showing(reply))).split("a value").length - 1;
      return replies;
    },
  });
  return { connection, counts };
}

function showing(reply: unknown): unknown {
  if (reply instanceof Buffer) return reply.toString();
  return Array.isArray(reply) ? reply.map(showing) : String(reply);
}

describe("search lists the newest ten of 4,000 items", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
    return () => cluster.stop();
  });

  const servers: [string, () => Promise<RedisClient>, RedisStoreOptions["engine"]][] = [
    ["one server", () => connect(plainRedisUrl()), "core"],
    ["one server with a search engine", () => connect(redisUrl()), "search"],
    [
      "a cluster",
      async () => {
        const client = createCluster({ rootNodes: cluster.rootNodes });
        client.on("error", () => {});
        await client.connect();
        onTestFinished(() => client.destroy());
        return client;
      },
      "core",
    ],
  ];
  test.each(servers)(
    "on %s in few round trips, and reads ten values, in one and in many namespaces",
    async (_, open, engine) => {
      const { connection, counts } = counting(await open());
      const store = new RedisStore({ client: connection, keyPrefix: freshPrefix(), engine });
      const put = (namespaces: (n: number) => string[], count: number) =>
        store.batch(
          Array.from({ length: count }, (_, n) => ({
            namespace: namespaces(n),
            key: `${n}`,
            value: { n, text: "a value" },
          })),
        );
      await put((n) => ["many", `${n}`], 2_000);
      await put((n) => ["other", `${n % 300}`], 600);
      await put(() => ["one"], 1_200);
      await put((n) => ["few", `${n % 3}`], 200);
      const list = async (path: string[], options: RedisSearchOptions = {}) => {
        counts.roundTrips = counts.values = 0;
        const found = await store.search(path, options);
        return {
          ...counts,
          names: found.map(({ namespace, key }) => `${namespace.join("/")}:${key}`),
          found,
        };
      };
      for (const path of [[], ["one"], ["many"]]) await list(path); // loads the scripts
      for (const path of [["one"], ["many"], ["few"], ["other"], []]) {
        const { roundTrips, values, found } = await list(path);
        expect(found).toHaveLength(10);
        expect(values).toBe(10);
        expect(roundTrips).toBeLessThanOrEqual(path[0] === "one" ? 1 : 3);
        // All of them, from another way of listing, in the same order.
        const all = await list(path, { limit: 100_000 });
        const reversed = await list(path, { limit: 100_000, order: "asc" });
        expect(all.names).toEqual(reversed.names.reverse());
        expect(all.names.slice(0, 10)).toEqual(
          found.map(({ namespace, key }) => `${namespace.join("/")}:${key}`),
        );
        const pages: string[] = [];
        for (let offset = 0; offset < 200; offset += 40)
          pages.push(...(await list(path, { limit: 40, offset })).names);
        expect(pages).toEqual(all.names.slice(0, 200));
      }
      // What was newest goes: the bounds of what namespaces hold are too high now.
      const { found } = await list(["many"], { limit: 300 });
      await store.batch(found.slice(0, 200).map(({ namespace, key }) => ({ namespace, key, value: null })));
      await store.batch(
        found.slice(250, 300).map(({ namespace }) => ({ namespace, key: "x", value: { text: "a value" } })),
      );
      await store.batch(found.slice(250, 300).map(({ namespace }) => ({ namespace, key: "x", value: null })));
      const names = found.slice(200).map(({ namespace, key }) => `${namespace.join("/")}:${key}`);
      for (let round = 0; round < 2; round++)
        expect((await list(["many"])).names).toEqual(names.slice(0, 10));
      expect((await list(["many"], { limit: 100 })).names).toEqual(names);
    },
    60_000,
  );
});

test("search lists items of one millisecond by key, wherever most of them are", async () => {
  const client = await connect(plainRedisUrl());
  const keyPrefix = freshPrefix();
  const store = new RedisStore({ client, keyPrefix, engine: "core" });
  const items = [
    ...Array.from({ length: 90 }, (_, n) => ({ namespace: ["t", "most"], key: `${1_000 + n}` })),
    ...Array.from({ length: 300 }, (_, n) => ({ namespace: ["t", `${n}`], key: `${2_000 + n}` })),
  ];
  await store.batch(items.map((item) => ({ ...item, value: {} })));
  const time = 1_700_000_000_000;
  for (const { namespace, key } of items) {
    await client.hSet(documentOf(keyPrefix, namespace, key), "meta", `${time} ${time} ${time}000`);
    await client.zAdd(namespaceKeys(keyPrefix, namespace).updates, { score: -time, value: key });
  }
  for (const limit of [10, 100, 150]) {
    // Twice: the bounds of namespaces are set right by the first one.
    for (let round = 0; round < 2; round++) {
      const found = await store.search(["t"], { limit });
      expect(found.map(({ key }) => key)).toEqual(items.slice(0, limit).map(({ key }) => key));
    }
  }
});

test("search lists full pages of a namespace in which items were evicted", async () => {
  const client = await connect(plainRedisUrl());
  for (const [limit, offset] of [
    [3, 0],
    [3, 1],
    [10, 0],
  ] as const) {
    const keyPrefix = freshPrefix();
    const store = new RedisStore({ client, keyPrefix, engine: "core" });
    for (let n = 8; n > 0; n--) {
      await store.put(["a"], `${n}`, {});
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await client.unlink(["3", "4", "6"].map((key) => documentOf(keyPrefix, ["a"], key)));
    const found = await store.search(["a"], { limit, offset });
    expect(found.map(({ key }) => key)).toEqual(["1", "2", "5", "7", "8"].slice(offset, offset + limit));
  }
});

test("search pages through all that match, past what the search engine returns", async () => {
  const server = await startServer({ own: true });
  onTestFinished(() => server.stop());
  const client = await connect(server.url);
  await client.sendCommand(["FT.CONFIG", "SET", "MAXSEARCHRESULTS", "1000"]);
  const store = new RedisStore({ client, keyPrefix: freshPrefix(), engine: "search" });
  const count = 2_500;
  await store.batch(
    Array.from({ length: count }, (_, n) => ({
      namespace: ["a", `${n % 50}`],
      key: `${n}`,
      value: { n, fits: n % 5 !== 0 },
    })),
  );
  for (const [filter, expected] of [
    [{ fits: true }, 2_000],
    [{ n: { $gte: 500 } }, 2_000],
    [{ fits: false }, 500],
  ] as const) {
    const all = await store.search(["a"], { filter, limit: 1_000_001 });
    expect(all).toHaveLength(expected);
    const names = all.map(({ key }) => key);
    const pages: string[] = [];
    for (let offset = 0; offset < expected; offset += 330)
      pages.push(...(await store.search(["a"], { filter, limit: 330, offset })).map(({ key }) => key));
    expect(pages).toEqual(names);
    expect(new Set(names).size).toBe(expected);
  }
}, 60_000);
