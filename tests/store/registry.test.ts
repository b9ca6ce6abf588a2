import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createConnection, type RedisClient } from "../../src/redis/connection.js";
import { executeAll } from "../../src/redis/script.js";
import { StoreKeys } from "../../src/store/keys.js";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { DyingConnection } from "../helpers/dying-connection.js";
import { connect, connectCluster, freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";
import { startCluster, type TestCluster } from "../helpers/servers/index.js";
import { openStore } from "./helpers.js";
import type { News, Place } from "./processes/jobs.js";
import { startWorker, type Worker } from "./processes/processes.js";

// A namespace is registered exactly as long as it holds an item, whatever several clients do, and whenever one is killed.

const NAMESPACES = Array.from({ length: 120 }, (_, n) => ["users", `${n % 40}`, `${n}`]);
const KEYS = ["a", "b"];
const DELETES = 10_000;
/** Commands after which one process after the other is killed, about. */
const LIVES = [1_500, 300, 3_000, 2_000, 4_500];

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

const servers: [string, () => Promise<RedisClient>, () => Place][] = [
  ["one server", () => connect(plainRedisUrl()), () => ({ url: plainRedisUrl() })],
  [
    "a cluster of three masters",
    () => connectCluster(cluster.rootNodes),
    () => ({ rootNodes: cluster.rootNodes }),
  ],
];

describe.each(servers)("on %s", (_, open, place) => {
  test("10,000 deletes beside puts by several processes, some of them killed, lose no namespace and leave no empty one", async () => {
    const keyPrefix = freshPrefix();
    const workers = new Set<Worker>();
    const ends: string[] = [];
    let deletes = 0;
    const onNews = (news: News) => {
      if (news.news === "deleted") deletes += news.count;
      if (deletes >= DELETES) for (const worker of workers) worker.stop();
    };
    /** One process after the other: each is killed after some commands, and the next takes its place. */
    const work = async () => {
      while (deletes < DELETES) {
        const left = (LIVES[ends.length % LIVES.length] as number) + Math.floor(Math.random() * 500);
        const what = { do: "churn", namespaces: NAMESPACES, keys: KEYS } as const;
        const worker = await startWorker(
          { ...what, place: place(), keyPrefix, engine: "core", left },
          onNews,
        );
        workers.add(worker);
        ends.push(await worker.ended);
        if (ends.includes("failed")) break;
        workers.delete(worker);
      }
    };
    await Promise.all([work(), work(), work()]);
    expect(ends).not.toContain("failed");
    expect(ends.filter((end) => end === "killed").length).toBeGreaterThan(3);

    const store = new RedisStore({ client: await open(), keyPrefix, engine: "core" });
    const items = await store.batch(
      NAMESPACES.flatMap((namespace) => KEYS.map((key) => ({ namespace, key }))),
    );
    const holding = new Set(items.flatMap((item) => (item ? [JSON.stringify(item.namespace)] : [])));
    const listed = await store.listNamespaces({ limit: 1_000 });
    expect(new Set(listed.map((namespace) => JSON.stringify(namespace)))).toEqual(holding);
    expect(listed.length).toBe(holding.size);
    expect([deletes >= DELETES, holding.size > 10]).toEqual([true, true]);
    expect(await store.search(["users"], { limit: 1_000 })).toHaveLength(
      items.filter((item) => item !== null).length,
    );
    const connection = createConnection(await open());
    const members = async (names: string[]) =>
      (
        await executeAll(
          connection,
          names.map((key) => ({ key, args: ["ZRANGE", key, "0", "-1"] })),
        )
      ).map((reply) => (reply as Buffer[]).map(String).sort());
    const { partitions } = new StoreKeys(keyPrefix);
    expect(await members(partitions.map(({ recent }) => recent))).toEqual(
      await members(partitions.map(({ registry }) => registry)),
    );
    await store.deleteNamespace(["users"]);
    expect(await store.listNamespaces()).toEqual([]);
  }, 180_000);

  test("deleteNamespace that is killed can be called again, and leaves no namespace listed", async () => {
    const keyPrefix = freshPrefix();
    const client = await open();
    const store = new RedisStore({ client, keyPrefix, engine: "core" });
    for (let left = 1; left < 30; left += 4) {
      await store.batch(NAMESPACES.slice(0, 20).map((namespace) => ({ namespace, key: "a", value: {} })));
      const doomed = new RedisStore({ client: new DyingConnection(client, left), keyPrefix, engine: "core" });
      await doomed.deleteNamespace(["users"]).catch(() => {});
      const holding = (await store.search([], { limit: 100 }))
        .map(({ namespace }) => namespace.join("/"))
        .sort();
      expect((await store.listNamespaces()).map((each) => each.join("/")).sort()).toEqual(holding);
    }
    await store.deleteNamespace(["users"]);
    expect(await store.listNamespaces()).toEqual([]);
  });
});

test("listNamespaces forgets a namespace whose last item expires while deleteNamespace is under way", async () => {
  const store = await openStore({}, plainRedisUrl());
  for (let n = 0; n < 10; n++) await store.put(["n"], `k${n}`, { v: 1 });
  await new Promise((resolve) => setTimeout(resolve, 5));
  let put: Promise<void> | undefined;
  await store.deleteNamespace(["n"], {
    batchSize: 1,
    onProgress: () => {
      put ??= store.put(["n"], "goes", { v: 1 }, { ttl: 0.01 });
    },
  });
  await put;
  await expect.poll(() => store.listNamespaces(), { timeout: 10_000 }).toEqual([]);
});

test("put of a new namespace clears away others whose items have all expired", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix }, plainRedisUrl());
  const client = await connect(plainRedisUrl());
  const put = (round: number, ttl?: number) =>
    store.batch(
      Array.from({ length: 1_000 }, (_, n) => ({
        namespace: [`${round}`, `${n}`],
        key: "k",
        value: {},
        ...(ttl === undefined ? {} : { ttl }),
      })),
    );
  await put(0, 0.0001);
  await put(1);
  const registries = await client.keys(`${keyPrefix}:store:namespaces:*`);
  const sizes = await Promise.all(registries.map((registry) => client.zCard(registry)));
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(1_500);
});

test("listNamespaces and a search without a search engine take few round trips, however many namespaces there are", async () => {
  const proxy = await proxied(plainRedisUrl());
  const keyPrefix = freshPrefix();
  const few = { [LIMITS]: { registryPage: 100 }, scanBatchSize: 400 } as RedisStoreOptions;
  const store = await openStore({ keyPrefix, ...few }, proxy.url);
  const count = 6_000;
  for (let from = 0; from < count; from += 1_000) {
    await store.batch(
      Array.from({ length: 1_000 }, (_, n) => ({
        namespace: ["users", `${from + n}`],
        key: "k",
        value: { n: from + n },
      })),
    );
  }
  await store.search(["users"], { limit: 1 }); // loads the scripts
  proxy.reset();
  expect(await store.listNamespaces({ limit: 10_000 })).toHaveLength(count);
  expect(proxy.roundTrips).toBe(1);
  proxy.reset();
  expect(await store.listNamespaces({ limit: 10, offset: 100 })).toHaveLength(10);
  expect(proxy.roundTrips).toBe(1);
  proxy.reset();
  const [found] = await store.search(["users"], { filter: { n: 17 } });
  expect(found?.namespace).toEqual(["users", "17"]);
  expect(proxy.roundTrips).toBeLessThanOrEqual(20);
});
