import { randomUUID } from "node:crypto";
import { createClient, RESP_TYPES } from "redis";
import { startServer } from "../tests/helpers/servers/index.js";

/** A server of its own, so that no part of a benchmark meets the memory or the statistics of another. */
export interface Bench {
  readonly url: string;
  readonly keyPrefix: string;
  readonly client: BenchClient;
}

export async function withServer<T>(
  work: (bench: Bench) => Promise<T>,
  { search = false }: { search?: boolean } = {},
): Promise<T> {
  const server = await startServer({ search, own: true });
  const client = await connect(server.url);
  try {
    return await work({ url: server.url, keyPrefix: `bench-${randomUUID()}`, client });
  } finally {
    client.destroy();
    await server.stop();
  }
}

export type BenchClient = Awaited<ReturnType<typeof connect>>;

export function connect(url: string) {
  const client = createClient({ url });
  client.on("error", () => {}); // the part notices by itself
  return client.connect();
}

/** Runs something. @returns the microseconds that the server's commands took for it. */
export async function serverTimeOf(client: BenchClient, work: () => Promise<unknown>): Promise<number> {
  await client.configResetStat();
  await work();
  const stats = String(await client.info("commandstats"));
  const times = [...stats.matchAll(/^cmdstat_(.+?):calls=\d+,usec=(\d+)/gm)];
  return times
    .filter(([, name]) => name !== "config|resetstat")
    .reduce((sum, [, , usec]) => sum + Number(usec), 0);
}

/** Runs something. @returns the milliseconds of its longest command on the server. */
export async function longestCommandOf(client: BenchClient, work: () => Promise<unknown>): Promise<number> {
  await client.sendCommand(["SLOWLOG", "RESET"]);
  await client.configSet({ "slowlog-log-slower-than": "500", "slowlog-max-len": "10000" });
  await work();
  const own = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: String });
  const entries = (await own.sendCommand(["SLOWLOG", "GET", "-1"])) as unknown as [
    id: number,
    at: number,
    usec: number,
  ][];
  await client.configSet({ "slowlog-log-slower-than": "-1" });
  return Math.max(0, ...entries.map(([, , usec]) => usec)) / 1_000;
}

/** Bytes of Redis memory of all keys. */
export async function memoryOf(client: BenchClient): Promise<number> {
  let sum = 0;
  for await (const keys of client.scanIterator({ COUNT: 1_000 })) {
    const sizes = await Promise.all(keys.map((key) => client.memoryUsage(key, { SAMPLES: 0 })));
    sum += sizes.reduce<number>((total, size) => total + Number(size ?? 0), 0);
  }
  return sum;
}

/** Runs the work for each number below `count`, some at a time, as a busy process does. */
export async function inParallel(
  count: number,
  atOnce: number,
  work: (at: number) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < count; from += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - from) }, (_, at) => work(from + at));
    await Promise.all(batch);
  }
}
