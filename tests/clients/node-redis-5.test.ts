import { createClient, createClientPool, createCluster } from "redis-5";
import { afterAll, beforeAll, describe } from "vitest";
import { plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { startCluster, type TestCluster } from "../helpers/servers/index.js";
import { conformance, quiet } from "./own-clients.js";

conformance("a node-redis 5 client", async () => {
  const client = quiet(createClient({ url: redisUrl() }));
  await client.connect();
  return { client, close: () => client.close() };
});

conformance("a node-redis 5 client that speaks RESP 3, of a server without modules", async () => {
  const client = quiet(createClient({ url: plainRedisUrl(), RESP: 3 }));
  await client.connect();
  return { client, close: () => client.close() };
});

conformance("a pool of node-redis 5 clients", async () => {
  const pool = quiet(createClientPool({ url: redisUrl() }, { minimum: 2, maximum: 5 }));
  await pool.connect();
  return { client: pool, close: () => pool.close() };
});

describe("on three masters", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster?.stop());

  conformance("a node-redis 5 cluster client", async () => {
    const client = quiet(createCluster({ rootNodes: cluster.rootNodes }));
    await client.connect();
    return { client, close: () => client.close() };
  });
});
