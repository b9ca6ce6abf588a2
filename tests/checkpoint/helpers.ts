import { RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { type PartitionKeys, partitionKeys, threadKeys } from "../../src/checkpoint/keys.js";
import { LIMITS } from "../../src/checkpoint/limits.js";
import { PARTITIONS } from "../../src/redis/partition.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";

/** Savers that share what they store and nothing else. */
export async function savers(options: RedisSaverOptions = {}) {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const saver = (other: RedisSaverOptions = {}) =>
    new RedisSaver({ client, keyPrefix, ...options, ...other });
  const key = (name: string, thread = "t") => threadKeys(keyPrefix, thread)[name as "checkpoints"];
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

/** The members of a sorted set as bytes. */
export async function rawMembers(client: TestClient, key: string): Promise<Buffer[]> {
  const reply = await client.sendCommand(["ZRANGE", key, "0", "-1"], { typeMapping: { 36: Buffer } });
  return reply as unknown as Buffer[];
}

export async function replaceMember(
  client: TestClient,
  key: string,
  member: Buffer,
  other: Buffer,
): Promise<void> {
  await client.zRem(key, member);
  await client.zAdd(key, { score: 0, value: other });
}

export const allKeys = (client: TestClient) => client.keys("*");

export const keysUnder = async (client: TestClient, prefix: string) =>
  (await allKeys(client)).filter((key) => key.startsWith(prefix)).sort();

/** Options of a saver whose every page and batch has this size, so that a few entries are several of them. */
export function pagesOf(size: number): RedisSaverOptions {
  const limits = {
    listPage: size,
    filterPage: size,
    idPage: size,
    namespacePage: size,
    historyPage: size,
    threadsPage: size,
    runsPage: size,
    namespacesPage: size,
    removal: size,
    scriptBatch: size,
  };
  return { [LIMITS]: limits } as RedisSaverOptions;
}

/** The sizes of pages that are compared with an oracle, each with every number of entries from 0 to 7. */
export const PAGE_SIZES = [1, 2, 3];

/** Leaves what the indexes hold of a thread that has expired long ago, with one run. */
export async function enterExpired(client: TestClient, keyPrefix: string, threadId: string): Promise<void> {
  const { threads, created, expires, runs } = threadKeys(keyPrefix, threadId).partition;
  for (const key of [threads, created]) await client.zAdd(key, { value: threadId, score: 1 });
  await client.zAdd(expires, { value: threadId, score: 2 });
  for (const value of [`r:old:${threadId}`, `t:${threadId}:old`])
    await client.zAdd(runs, { value, score: 0 });
}

/** Whether a command works on the partition of one of these threads; all other partitions are alike. */
export function isOnPartitionOf(threadIds: readonly string[]): (command: { key: string }) => boolean {
  const tags = threadIds.map((threadId) => /\{\d+\}/.exec(threadKeys("p", threadId).checkpoints)?.[0] ?? "");
  return ({ key }) => tags.some((tag) => key.includes(tag));
}

/** The members of one index in all partitions, sorted. */
export async function partitionIndex(
  client: TestClient,
  keyPrefix: string,
  index: Exclude<keyof PartitionKeys, "all">,
): Promise<string[]> {
  const keys = Array.from({ length: PARTITIONS }, (_, n) => partitionKeys(keyPrefix, n)[index]);
  return (await Promise.all(keys.map((key) => client.zRange(key, 0, -1)))).flat().sort();
}
