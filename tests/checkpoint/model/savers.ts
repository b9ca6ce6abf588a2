import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { JsonSerializer, type RedisSaverOptions } from "langgraph-redis";
import { LIMITS } from "../../../src/checkpoint/limits.js";

/** What all savers of one store have in common. */
export interface StoreSettings {
  readonly keyPrefix: string;
  readonly history: "all" | "latest";
  /** Whether values are stored by a serializer of the user's. */
  readonly customSerde: boolean;
}

/** One of the savers that work on a store at the same time. */
export interface SaverSettings {
  readonly name: string;
  /** The process that it lives in; 0 is the test's own. */
  readonly process: number;
  readonly client: "node-redis" | "ioredis";
  /** Whether it is made anew for each command, so that it never knows anything. */
  readonly forgets: boolean;
  readonly options: RedisSaverOptions;
  /** Minutes that its writes, and its reads, give a thread. */
  readonly writeTtl?: number;
  readonly readTtl?: number;
}

/** As `pagesOf` in ../helpers.ts, which only tests can import. */
function pagesOf(size: number): RedisSaverOptions {
  const pages = ["list", "filter", "id", "namespace", "namespaces", "history", "threads", "runs"];
  const limits = Object.fromEntries(pages.map((name) => [`${name}Page`, size]));
  const bytes = { pageBytes: size * 5_000, firstPageBytes: size * 1_000 };
  return { [LIMITS]: { ...limits, ...bytes, scriptBatch: size, removal: size } } as RedisSaverOptions;
}

const HOUR = 60;

/** Milliseconds by which the clocks of processes may differ. */
export const CLOCKS = 20;

export const SAVERS: readonly SaverSettings[] = [
  { name: "default", process: 0, client: "node-redis", forgets: false, options: {} },
  {
    ...{ name: "pages of 2, no cache, ioredis", process: 0, client: "ioredis" as const, forgets: false },
    options: { cacheBytes: 0, ...pagesOf(2) },
  },
  { name: "default, process 1", process: 1, client: "node-redis", forgets: false, options: {} },
  {
    ...{
      name: "no compression, tracks no changes, small cache, pages of 3",
      process: 1,
      client: "node-redis" as const,
    },
    ...{
      forgets: false,
      options: { compression: false, trackChanges: false, cacheBytes: 5_000, ...pagesOf(3) },
    },
  },
  {
    ...{ name: "time to live", process: 2, client: "node-redis" as const, forgets: false },
    ...{ options: { ttl: { defaultTTL: HOUR, refreshOnRead: true } }, writeTtl: HOUR, readTtl: HOUR },
  },
  { name: "knows nothing", process: 2, client: "node-redis", forgets: true, options: {} },
];

/** As a user might encrypt or compress: what the default serializer makes, changed. */
const custom: SerializerProtocol = {
  async dumpsTyped(value) {
    const [type, bytes] = await plain.dumpsTyped(value);
    return [`custom ${type}`, bytes.map((byte) => byte ^ 0x55)];
  },
  async loadsTyped(type, data) {
    if (!type.startsWith("custom ")) throw new Error(`unknown type ${type}`);
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    return plain.loadsTyped(
      type.slice("custom ".length),
      bytes.map((byte) => byte ^ 0x55),
    );
  },
};
const plain = new JsonSerializer();

/** The options of a saver on a store. */
export function optionsOf({ options }: SaverSettings, store: StoreSettings): RedisSaverOptions {
  const { keyPrefix, history, customSerde } = store;
  return { ...options, keyPrefix, history, ...(customSerde ? { serde: custom } : {}) };
}
