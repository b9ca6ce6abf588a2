import { Cluster, Redis } from "ioredis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { createClient, createClientPool, createCluster } from "redis";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import type { Command } from "../../src/redis/command.js";
import { createConnection, type RedisClient } from "../../src/redis/connection.js";
import { freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { startCluster, type TestCluster } from "../helpers/servers/index.js";
import { startTcpProxy, type TcpProxy } from "../helpers/tcp-proxy.js";
import { quiet } from "./own-clients.js";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

/** A client whose connections all go through proxies. */
interface Proxied {
  readonly client: RedisClient;
  readonly proxies: readonly TcpProxy[];
}

async function single(open: (url: string) => Promise<RedisClient>): Promise<Proxied> {
  const proxy = await startTcpProxy(plainRedisUrl());
  onTestFinished(() => proxy.stop());
  return { client: await open(proxy.url), proxies: [proxy] };
}

async function clustered(
  open: (addressOf: (node: string) => { host: string; port: number }) => Promise<RedisClient>,
): Promise<Proxied> {
  const proxies = new Map<string, TcpProxy>();
  for (const { url, host, port } of cluster.nodes) proxies.set(`${host}:${port}`, await startTcpProxy(url));
  onTestFinished(async () => {
    for (const proxy of proxies.values()) await proxy.stop();
  });
  const client = await open((node) => {
    const { hostname, port } = new URL((proxies.get(node) as TcpProxy).url);
    return { host: hostname, port: Number(port) };
  });
  return { client, proxies: [...proxies.values()] };
}

const kinds: Record<string, () => Promise<Proxied>> = {
  "a client of node-redis": () =>
    single(async (url) => {
      const client = quiet(createClient({ url }));
      await client.connect();
      onTestFinished(() => client.destroy());
      return client;
    }),
  "a pool of node-redis": () =>
    single(async (url) => {
      const pool = quiet(createClientPool({ url }));
      await pool.connect();
      onTestFinished(() => pool.destroy());
      return pool;
    }),
  "a cluster of node-redis": () =>
    clustered(async (nodeAddressMap) => {
      const client = quiet(createCluster({ rootNodes: cluster.rootNodes, nodeAddressMap }));
      await client.connect();
      onTestFinished(() => client.destroy());
      return client;
    }),
  "a client of ioredis": () =>
    single(async (url) => {
      const redis = quiet(new Redis(url));
      onTestFinished(() => redis.disconnect());
      return fromIoredis(redis);
    }),
  "a cluster of ioredis": () =>
    clustered(async (natMap) => {
      const nodes = cluster.nodes.map(({ host, port }) => `${host}:${port}`);
      const redis = quiet(
        new Cluster(nodes.map(natMap), {
          natMap: Object.fromEntries(nodes.map((node) => [node, natMap(node)])),
        }),
      );
      onTestFinished(() => redis.disconnect());
      return fromIoredis(redis);
    }),
};

const reason = new Error("the user left");
const set = (key: string, value: string): Command => ({ key, args: ["SET", key, value] });
const get = (key: string): Command => ({ key, args: ["GET", key] });
const keysOf = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}:${n}`);

describe.each(Object.entries(kinds))("a signal through %s", (kind, open) => {
  test("stops the wait for what was sent, and disturbs nobody else on the connection", async () => {
    const { client, proxies } = await open();
    const connection = createConnection(client, 60_000);
    const prefix = freshPrefix();
    // On all nodes.
    const keys = keysOf(prefix, 20);
    expect(await connection.pipeline(keys.map((key) => set(key, key)))).toHaveLength(20);
    for (const proxy of proxies) proxy.stall();
    const controller = new AbortController();
    const before = connection.pipeline(keys.map(get));
    const aborted = connection.pipeline(keys.map(get), controller.signal);
    const after = connection.pipeline([...keys].reverse().map(get));
    setTimeout(() => controller.abort(reason), 20);
    await expect(aborted).rejects.toBe(reason);
    for (const proxy of proxies) proxy.resume();
    expect((await before).map(String)).toEqual(keys);
    expect((await after).map(String)).toEqual([...keys].reverse());
    expect((await connection.pipeline(keys.map(get))).map(String)).toEqual(keys);
    await connection.pipeline(keys.map((key) => ({ key, args: ["DEL", key] })));
  });

  // A cluster of ioredis keeps what waits for one node in a queue of its own.
  test.skipIf(kind === "a cluster of ioredis")(
    "takes back what waits for a connection: it is never sent",
    async () => {
      const { client, proxies } = await open();
      const connection = createConnection(client, 60_000);
      const prefix = freshPrefix();
      const keys = keysOf(prefix, 20);
      expect(await connection.pipeline(keys.map(get))).toEqual(keys.map(() => null));
      for (const proxy of proxies) {
        proxy.refuse = true;
        proxy.cutAll();
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
      const controller = new AbortController();
      const before = connection.pipeline([set(`${prefix}:before`, "1")]);
      const aborted = connection.pipeline(
        keys.map((key) => set(key, "1")),
        controller.signal,
      );
      const after = connection.pipeline([set(`${prefix}:after`, "1")]);
      setTimeout(() => controller.abort(reason), 50);
      await expect(aborted).rejects.toBe(reason);
      for (const proxy of proxies) proxy.refuse = false;
      expect(String(await before)).toBe("OK");
      expect(String(await after)).toBe("OK");
      expect(await connection.pipeline(keys.map(get))).toEqual(keys.map(() => null));
      await connection.pipeline(
        [`${prefix}:before`, `${prefix}:after`].map((key) => ({ key, args: ["DEL", key] })),
      );
    },
    30_000,
  );
});

test("a client of ioredis that was reconnected many times has no more listeners than before", async () => {
  const proxy = await startTcpProxy(plainRedisUrl());
  onTestFinished(() => proxy.stop());
  const redis = quiet(new Redis(proxy.url));
  onTestFinished(() => redis.disconnect());
  const connection = createConnection(fromIoredis(redis), 60_000);
  const count = () => redis.listenerCount("ready") + redis.listenerCount("end");
  await connection.pipeline([get("k")]);
  const before = count();
  for (let n = 0; n < 3; n++) {
    proxy.cutAll();
    await vi.waitFor(() => expect(redis.status).not.toBe("ready"));
    await Promise.all(Array.from({ length: 20 }, () => connection.pipeline([get("k")])));
  }
  expect(count()).toBe(before);
});

test("what waits for a connection of ioredis fails when the client gives up", async () => {
  const proxy = await startTcpProxy(plainRedisUrl());
  onTestFinished(() => proxy.stop());
  const redis = quiet(new Redis(proxy.url, { retryStrategy: (attempt) => (attempt > 3 ? null : 30) }));
  const connection = createConnection(fromIoredis(redis), 60_000);
  await connection.pipeline([get("k")]);
  proxy.refuse = true;
  proxy.cutAll();
  await vi.waitFor(() => expect(redis.status).not.toBe("ready"));
  await expect(connection.pipeline([get("k")])).rejects.toMatchObject({ kind: "not connected" });
});
