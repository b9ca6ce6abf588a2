import type { SearchIndexInfo } from "langgraph-redis";
import type { InspectContext } from "./context.js";
import { numberOf, readFacts } from "./doctor/facts.js";
import type { ServerRow } from "./types.js";

/** How much there is of everything. */
export interface Stats {
  servers: ServerRow[];
  threads: {
    count: number;
    /** Whether all were counted. */
    isExact: boolean;
    /** The newest ones, which were looked at one by one. */
    sample: { threads: number; checkpoints: number; bytes: number };
    /** What all of them take, if the others are like the sample. */
    estimatedBytes: number;
  };
  store: {
    namespaces: number;
    items: number;
    /** Whether all namespaces were counted. */
    isExact: boolean;
    index?: { name: string; dims: number | null; model: string | null; text: boolean } & Partial<
      Extract<SearchIndexInfo, { exists: true }>
    >;
  };
}

/** How many threads, or namespaces, are counted at most. */
const COUNTED = 100_000;

const PAGE = 2_000;

/** Threads that are looked at one by one. */
const SAMPLE = 100;

export async function readStats(context: InspectContext): Promise<Stats> {
  const [servers, threads, store] = await Promise.all([
    readServers(context),
    countThreads(context),
    countItems(context),
  ]);
  return { servers, threads, store };
}

/** What the servers say of themselves now. */
export async function readServers({ server }: InspectContext): Promise<ServerRow[]> {
  return Promise.all(
    (await server.nodes()).map(async (node) => {
      const { info } = await readFacts(node);
      return {
        node: node.name,
        usedMemory: numberOf(info, "used_memory"),
        maxMemory: numberOf(info, "maxmemory"),
        operationsPerSecond: numberOf(info, "instantaneous_ops_per_sec"),
        clients: numberOf(info, "connected_clients"),
      };
    }),
  );
}

async function countThreads({ saver }: InspectContext): Promise<Stats["threads"]> {
  const first = await saver.listThreads({ limit: SAMPLE });
  const sample = { threads: 0, checkpoints: 0, bytes: 0 };
  for (const stats of await Promise.all(first.map(({ threadId }) => saver.threadStats(threadId)))) {
    if (stats === undefined) continue;
    sample.threads += 1;
    sample.checkpoints += stats.checkpoints;
    sample.bytes += stats.bytes ?? 0;
  }
  let count = first.length;
  let before = first.length === SAMPLE ? first.at(-1) : undefined;
  while (before && count < COUNTED) {
    const page = await saver.listThreads({ limit: PAGE, before });
    count += page.length;
    before = page.length === PAGE ? page.at(-1) : undefined;
  }
  const estimatedBytes = sample.threads === 0 ? 0 : Math.round((sample.bytes / sample.threads) * count);
  return { count, isExact: before === undefined, sample, estimatedBytes };
}

async function countItems({ store }: InspectContext): Promise<Stats["store"]> {
  const [index, namespaces] = await Promise.all([
    store.inspectIndex(),
    store.listNamespaces({ limit: COUNTED }),
  ]);
  let items = 0;
  for (let at = 0; at < namespaces.length; at += PAGE) {
    for (const count of await store.countItems(namespaces.slice(at, at + PAGE))) items += count;
  }
  const isExact = namespaces.length < COUNTED;
  if (index === undefined) return { namespaces: namespaces.length, items, isExact };
  const { name, dims, model, text, search } = index;
  const known = search?.exists ? search : {};
  return { namespaces: namespaces.length, items, isExact, index: { name, dims, model, text, ...known } };
}
