// A store in a process of its own. Not a test: processes.ts bundles and starts it.
//
// node worker.mjs <job as JSON>

import { setTimeout as sleep } from "node:timers/promises";
import { createClient, createCluster } from "redis";
import type { Command } from "../../../src/redis/command.js";
import { asClient, type RedisClient } from "../../../src/redis/connection.js";
import { IndexMismatchError, ReindexConflictError } from "../../../src/store/errors.js";
import { LIMITS } from "../../../src/store/limits.js";
import { RedisStore } from "../../../src/store/redis-store.js";
import type { ReindexProgress } from "../../../src/store/types.js";
import { DyingConnection } from "../../helpers/dying-connection.js";
import { FakeEmbeddings } from "../fake-embeddings.js";
import { type Churn, type Job, type News, type Place, writtenItem } from "./jobs.js";

const job: Job = JSON.parse(process.argv[2] ?? "");
let isRunning = true;
process.once("message", () => {
  isRunning = false;
});
process.once("disconnect", () => process.exit());

const tell = (news: News) => new Promise((resolve) => process.send?.(news, resolve));

async function connect(place: Place): Promise<RedisClient> {
  const client = "url" in place ? createClient(place) : createCluster({ rootNodes: [...place.rootNodes] });
  client.on("error", () => {}); // whoever awaits a command sees its error
  await client.connect();
  return client;
}

/** Kills the process when its time has come: nothing is caught, finished or closed. */
function mortal(client: RedisClient, left: number): RedisClient {
  const connection = new DyingConnection(client, left);
  const pipeline = async (commands: readonly Command[], signal?: AbortSignal) => {
    try {
      return await connection.pipeline(commands, signal);
    } finally {
      if (connection.isDead) process.kill(process.pid, "SIGKILL");
    }
  };
  return asClient({ pipeline, isCluster: connection.isCluster });
}

async function openStore(): Promise<RedisStore> {
  const { place, keyPrefix, engine, dims, reindexLease, left } = job;
  const client = await connect(place);
  const index =
    dims === undefined
      ? undefined
      : { dims, embeddings: new FakeEmbeddings(dims), fields: ["text"], text: true };
  return new RedisStore({
    client: left === undefined ? client : mortal(client, left),
    ...{ keyPrefix, engine, index },
    ...(reindexLease === undefined ? {} : { [LIMITS]: { reindexLease } }),
  });
}

async function churn(store: RedisStore, { namespaces, keys }: Churn): Promise<void> {
  const random = <T>(from: readonly T[]) => from[Math.floor(Math.random() * from.length)] as T;
  while (isRunning) {
    const operations = Array.from({ length: 1 + Math.floor(Math.random() * 12) }, () => ({
      namespace: random(namespaces),
      key: random(keys),
      value: Math.random() < 0.4 ? {} : null,
    }));
    await store.batch(operations);
    await tell({ news: "deleted", count: operations.filter(({ value }) => value === null).length });
  }
}

async function write(store: RedisStore, name: string): Promise<void> {
  for (let n = 0; isRunning; n++) {
    const item = writtenItem(`k-${name}-${n}`);
    try {
      await store.put(item.namespace, item.key, item.value);
      await tell({ news: "acknowledged", keys: [item.key] });
    } catch (error) {
      if (!(error instanceof IndexMismatchError)) throw error;
      await tell({ news: "refused", keys: [item.key] });
    }
    await sleep(20);
  }
}

async function read(
  store: RedisStore,
  path: readonly string[],
  query: string,
  keys: readonly string[],
): Promise<void> {
  while (isRunning) {
    try {
      const found = new Set((await store.search([...path], { query, limit: 1_000 })).map(({ key }) => key));
      const missing = keys.filter((key) => !found.has(key));
      if (missing.length > 0) throw new Error(`a search missed ${missing.length} of ${keys.length} items`);
      await tell({ news: "read", outcome: "all" });
    } catch (error) {
      if (!(error instanceof IndexMismatchError)) throw error;
      await tell({ news: "read", outcome: "refused" });
    }
    await sleep(5);
  }
}

async function reindex(store: RedisStore, batchSize: number): Promise<void> {
  let last: ReindexProgress | undefined;
  const onProgress = (progress: ReindexProgress) => {
    const { phase, done } = progress;
    if (last?.phase !== phase || done <= last.done) tell({ news: "pass", phase });
    last = progress;
  };
  try {
    const { items, embedded, reused } = await store.reindex({ batchSize, onProgress });
    await tell({ news: "reindexed", items, embedded, reused });
  } catch (error) {
    if (!(error instanceof ReindexConflictError)) throw error;
    await tell({ news: "conflict" });
  }
}

try {
  const store = await openStore();
  if (job.do === "churn") await churn(store, job);
  else if (job.do === "write") await write(store, job.name);
  else if (job.do === "read") await read(store, job.path, job.query, job.keys);
  else await reindex(store, job.batchSize);
} catch (error) {
  await tell({ news: "failed", error: String((error as Error).stack) });
}
process.exit();
