import { randomBytes, randomUUID } from "node:crypto";
import { createClient, createCluster } from "redis";
import { afterAll, inject, onTestFinished } from "vitest";
import { deleteUnder } from "./servers/delete-under.mjs";
import { startTcpProxy, type TcpProxy } from "./tcp-proxy.js";

type Options = NonNullable<Parameters<typeof createClient>[0]>;

/** The run's server, with a search engine. */
export function redisUrl(): string {
  return inject("redisUrl");
}

/** The run's server without modules. */
export function plainRedisUrl(): string {
  return inject("plainRedisUrl");
}

/** A key prefix that nobody else uses. Keys and search indexes under it are gone after the file. */
export function freshPrefix(): string {
  filePrefix ??= `${inject("runPrefix")}${randomBytes(4).toString("hex")}-`;
  latestPrefix = filePrefix + randomUUID();
  return latestPrefix;
}

let latestPrefix: string | undefined;

/**
 * Deletes what is under the prefix that was made last from the server with a search engine: for files with so many
 * stores that the keys of all of them would slow every index that is created.
 */
export async function clearLatestPrefix(): Promise<void> {
  if (latestPrefix === undefined) return;
  cleaner ??= openCleaner();
  await deleteUnder(await cleaner, latestPrefix);
  latestPrefix = undefined;
}

let cleaner: ReturnType<typeof openCleaner> | undefined;

async function openCleaner() {
  const client = createClient({ url: redisUrl(), RESP: 2 });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** What all prefixes of this file start with. */
let filePrefix: string | undefined;

// A search engine looks at every key of the server whenever an index is created: what files leave behind slows others.
afterAll(async () => {
  await cleaner?.then((client) => client.close());
  if (filePrefix === undefined) return;
  for (const url of [redisUrl(), plainRedisUrl()]) {
    const client = createClient({ url, RESP: 2 });
    client.on("error", () => undefined);
    await client.connect();
    await deleteUnder(client, filePrefix);
    await client.close();
  }
});

/** A connected client of its own, closed after the test, or after the file when not called by a test. */
export async function connect(url = redisUrl(), options: Omit<Options, "url"> = {}) {
  const client = createClient({ ...options, url });
  client.on("error", () => undefined); // whoever awaits a command sees its error
  await client.connect();
  const close = () => {
    if (client.isOpen) client.destroy();
  };
  try {
    onTestFinished(close);
  } catch {
    leftOver.push(close);
  }
  return client;
}

/** A connected client of a cluster, closed after the test. */
export async function connectCluster(rootNodes: { url: string }[]) {
  const client = createCluster({ rootNodes });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  return client;
}

/** A proxy in front of the run's server, to count round trips and to break connections; stopped after the test. */
export async function proxied(url = redisUrl()): Promise<TcpProxy> {
  const proxy = await startTcpProxy(url);
  onTestFinished(() => proxy.stop());
  return proxy;
}

export type TestClient = Awaited<ReturnType<typeof connect>>;

// A worker whose vitest was killed would go on to the end of its file, and its servers with it.
process.once("disconnect", () => process.exit(1));

const leftOver: (() => void)[] = [];
afterAll(() => {
  for (const close of leftOver.splice(0)) close();
});
