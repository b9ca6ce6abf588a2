import { Cluster } from "ioredis";
import { type EncryptionOptions, RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { createClient, createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type ModelFactory, saverModel } from "../conformance/saver/model.js";
import { config, id, put } from "../conformance/saver/steps.js";
import { expectFailure } from "../faults/ledger.js";
import { ENCRYPTION, KEYS } from "../helpers/encryption.js";
import { freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { startCluster, type TestCluster } from "../helpers/servers/index.js";
import { startTcpProxy, type TcpProxy } from "../helpers/tcp-proxy.js";
import { conformance, conformanceOpened, ioredisClient, quiet } from "./own-clients.js";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

conformanceOpened(
  "fromCluster",
  (options) => RedisSaver.fromCluster(cluster.rootNodes, options),
  (options) => RedisStore.fromCluster(cluster.rootNodes, options),
  (options) => RedisCache.fromCluster(cluster.rootNodes, options),
);

async function openCluster() {
  const client = quiet(createCluster({ rootNodes: cluster.rootNodes }));
  await client.connect();
  return client;
}

conformance("a node-redis cluster client, with RESP 2", async () => {
  const client = quiet(createCluster({ rootNodes: cluster.rootNodes, RESP: 2 }));
  await client.connect();
  return { client, close: () => client.close() };
});

conformance("an ioredis cluster client", async () =>
  ioredisClient(new Cluster(cluster.nodes.map(({ host, port }) => ({ host, port })))),
);

describe("a saver on a cluster", () => {
  let client: Awaited<ReturnType<typeof openCluster>>;
  const prefix = freshPrefix();
  beforeAll(async () => {
    client = await openCluster();
  });
  afterAll(() => client.destroy());
  const factory: ModelFactory = {
    name: "RedisSaver on a cluster, with encryption",
    create: async (store, options) =>
      new RedisSaver({ client, keyPrefix: `${prefix}-${store}`, encryption: ENCRYPTION, ...options }),
    destroy: async () => {},
  };
  saverModel(factory, 25);
});

/** A client of the cluster through one proxy for each node, to count what goes to each. */
async function observedCluster() {
  const proxies = new Map<string, TcpProxy>();
  for (const { url, host, port } of cluster.nodes) proxies.set(`${host}:${port}`, await startTcpProxy(url));
  const all = [...proxies.values()];
  onTestFinished(() => void all.map((proxy) => proxy.stop()));
  const client = quiet(
    createCluster({
      rootNodes: cluster.rootNodes,
      nodeAddressMap: (address) => {
        const { hostname, port } = new URL((proxies.get(address) as TcpProxy).url);
        return { host: hostname, port: Number(port) };
      },
    }),
  );
  await client.connect();
  onTestFinished(() => client.destroy());
  /** The round trips of an operation, for each node that had any. */
  const tripsOf = async (operation: () => Promise<unknown>) => {
    for (const proxy of all) proxy.reset();
    await operation();
    return all.map((proxy) => proxy.roundTrips).filter((count) => count > 0);
  };
  return { client, tripsOf };
}

test("each operation of a saver is one round trip to a node, and to one node", async () => {
  const { client, tripsOf } = await observedCluster();
  const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
  const thread = (n: number) => `thread-${n}`;
  const checkpoint = (n: number) => put(saver, thread(n), { id: id(1), values: { a: [1] } });
  const writes = (n: number) => saver.putWrites(config(thread(n), "", id(1)), [["a", 1]], "task");
  const tuple = (n: number) => saver.getTuple(config(thread(n)));
  const remove = (n: number) => saver.deleteThread(thread(n));
  const operations = { put: checkpoint, putWrites: writes, getTuple: tuple, deleteThread: remove };
  // Threads in all nodes, so that each of them knows all scripts.
  for (const operation of Object.values(operations)) for (let n = 0; n < 30; n++) await operation(n);

  for (const [name, operation] of Object.entries(operations)) {
    for (let n = 0; n < 10; n++) expect([name, await tripsOf(() => operation(n))]).toEqual([name, [1]]);
  }
});

test("each operation of a store is one round trip to a node, and to no more nodes than it needs", async () => {
  const { client, tripsOf } = await observedCluster();
  const store = new RedisStore({ client, keyPrefix: freshPrefix() });
  await store.setup();
  const namespace = (n: number) => ["memories", `user-${n}`];
  const operations = {
    put: (n: number) => store.put(namespace(n), "key", { n }),
    get: (n: number) => store.get(namespace(n), "key"),
    "many gets": (n: number) =>
      store.batch([1, 2, 3, 4, 5].map((at) => ({ namespace: namespace(n + at), key: "key" }))),
    "put of a new namespace": (n: number) => store.put([`new-${n}`], "key", { n }),
    "delete of one of two": (n: number) => store.delete(namespace(n), "other"),
    "delete of the last one": (n: number) => store.delete([`new-${n}`], "key"),
    listNamespaces: () => store.listNamespaces(),
  };
  for (const operation of Object.values(operations)) for (let n = 0; n < 40; n++) await operation(n);
  for (let n = 0; n < 10; n++) await store.put(namespace(n), "other", { n });

  // What a write has to know and to change is all in the slot of its namespace.
  const nodes = {
    put: 1,
    get: 1,
    "many gets": 3,
    "put of a new namespace": 1,
    "delete of one of two": 1,
    "delete of the last one": 1,
    listNamespaces: 3,
  };
  for (const [name, operation] of Object.entries(operations)) {
    for (let n = 0; n < 10; n++) {
      const trips = await tripsOf(() => operation(n));
      expect([name, trips]).toEqual([name, trips.map(() => 1)]);
      expect(trips.length, name).toBeLessThanOrEqual(nodes[name as keyof typeof nodes]);
    }
  }
});

test("a store on a cluster tells deadlines exactly, deletes by a filter, and writes in parts", async () => {
  const client = await openCluster();
  onTestFinished(() => client.close());
  const keyPrefix = freshPrefix();
  const store = new RedisStore({ client, keyPrefix });
  const refreshing = new RedisStore({ client, keyPrefix, ttl: { refreshOnRead: true } });
  const puts = Array.from({ length: 1_200 }, (_, n) => ({
    namespace: ["users", `${n % 60}`],
    key: `${n}`,
    value: { n },
    ttl: n % 2 === 0 ? 10 : null,
  }));
  await store.batch(puts);
  const search = { filter: { n: { $lt: 120 } }, limit: 1_000 };
  const before = await store.search(["users"], search);
  expect(before).toHaveLength(120);
  for (const { value, updatedAt, expiresAt } of before) {
    expect(expiresAt?.getTime()).toBe(value.n % 2 === 0 ? updatedAt.getTime() + 600_000 : undefined);
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  const refreshed = await refreshing.search(["users"], search);
  expect(await store.search(["users"], search)).toEqual(refreshed);
  expect(
    refreshed.every(({ expiresAt }, at) => Number(expiresAt ?? 1) > Number(before[at]?.expiresAt ?? 0)),
  ).toBe(true);
  const item = await store.putItem(["users", "0"], "0", { n: 0 }, { ttl: 5 });
  expect(await store.get(["users", "0"], "0")).toEqual(item);
  expect(await store.deleteWhere(["users"], { $not: { n: { $lt: 100 } } }, { batchSize: 70 })).toBe(1_100);
  expect(await store.search(["users"], { limit: 1_000 })).toHaveLength(100);
  expect(await store.deleteWhere([], { n: { $gte: 0 } })).toBe(100);
  expect(await store.listNamespaces()).toEqual([]);
});

test("a store on a cluster counts what it deletes, whichever nodes know the script", async () => {
  const client = await openCluster();
  onTestFinished(() => client.close());
  const store = new RedisStore({ client, keyPrefix: freshPrefix() });
  const fill = () =>
    store.batch(
      Array.from({ length: 60 }, (_, n) => ({ namespace: ["users", `${n}`], key: "k", value: { n } })),
    );
  // As after a fail-over: one of the nodes has to be told the scripts again.
  for (const { port } of cluster.nodes) {
    const node = createClient({ url: `redis://127.0.0.1:${port}` });
    await node.connect();
    await fill();
    await node.scriptFlush();
    expect(await store.deleteNamespace(["users"])).toBe(60);
    await fill();
    await node.scriptFlush();
    expect(await store.deleteWhere(["users"], { n: { $gte: 0 } })).toBe(60);
    await node.close();
  }
});

test("one node that can be reached is enough, and none is told", async () => {
  const [one] = cluster.rootNodes as [{ url: string }];
  const saver = await RedisSaver.fromCluster(["redis://127.0.0.1:1", one], { keyPrefix: freshPrefix() });
  await put(saver, "t", { id: id(1) });
  await saver.end();
  await expectFailure(
    RedisSaver.fromCluster(["redis://:s3cret@127.0.0.1:1"]),
    /^connecting to the cluster at 127\.0\.0\.1:1 failed: .* \(connect ECONNREFUSED/,
  );
  await expect(RedisSaver.fromCluster([])).rejects.toThrow("rootNodes must be a non-empty array");
});

test("a server that is no cluster is told", async () => {
  await expectFailure(RedisSaver.fromCluster([plainRedisUrl()]), /cluster support disabled/);
});

test("an encrypted thread is copied to whichever node, and encrypted anew where it is", async () => {
  const keyPrefix = freshPrefix();
  const open = (encryption: EncryptionOptions) =>
    RedisSaver.fromCluster(cluster.rootNodes, { keyPrefix, encryption });
  await using before = await open({ keys: { old: KEYS.old }, current: "old" });
  const values = { l: Array.from({ length: 40 }, (_, n) => `${n} `.repeat(200)) };
  await put(before, "t", { id: id(1), values });
  const copies = ["a", "b", "c", "d", "e", "f"];
  for (const copy of copies) await before.copyThread("t", copy);
  await using after = await open(ENCRYPTION);
  for (const thread of ["t", ...copies])
    expect((await after.reencrypt(thread))?.rewritten).toBeGreaterThan(1);
  await using reader = await open({ keys: { new: KEYS.new }, current: "new" });
  for (const thread of ["t", ...copies]) {
    expect((await reader.getTuple(config(thread)))?.checkpoint.channel_values).toEqual(values);
  }
});
