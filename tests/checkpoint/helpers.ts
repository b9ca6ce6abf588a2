import { RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { LIMITS } from "../../src/checkpoint/limits.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";

/** Savers that share what they store and nothing else. */
export async function savers(options: RedisSaverOptions = {}) {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const saver = (other: RedisSaverOptions = {}) =>
    new RedisSaver({ client, keyPrefix, ...options, ...other });
  const key = (name: string, thread = "t") => `${keyPrefix}:thread:{${thread}}:${name}`;
  return { client, keyPrefix, saver, key };
}

/** An element of a list, of one length whatever n is. */
export const entry = (n: number) => ({ n, text: "x".repeat(300) });

/** An element large enough to end its run. */
export const big = (n: number) => ({ n, text: "y".repeat(40_000) });

/** The fields of a hash as bytes. */
export async function rawHash(client: TestClient, key: string): Promise<Map<string, Buffer>> {
  const fields = await client.hKeys(key);
  const entries = await Promise.all(
    fields.map(async (field): Promise<[string, Buffer]> => {
      const reply = await client.sendCommand(["HGET", key, field], { typeMapping: { 36: Buffer } });
      return [field, reply as unknown as Buffer];
    }),
  );
  return new Map(entries);
}

export const allKeys = (client: TestClient) => client.keys("*");

export const keysUnder = async (client: TestClient, prefix: string) =>
  (await allKeys(client)).filter((key) => key.startsWith(prefix)).sort();

/** Options of a saver whose every page and batch has this size, so that a few entries are several of them. */
export function pagesOf(size: number): RedisSaverOptions {
  const limits = {
    listPage: size,
    filterPage: size,
    historyPage: size,
    threadsPage: size,
    scriptBatch: size,
  };
  return { [LIMITS]: limits } as RedisSaverOptions;
}

/** The sizes of pages that are compared with an oracle, each with every number of entries from 0 to 7. */
export const PAGE_SIZES = [1, 2, 3];
