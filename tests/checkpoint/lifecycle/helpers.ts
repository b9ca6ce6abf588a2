import type { RedisSaverOptions } from "langgraph-redis";
import { RedisSaver } from "langgraph-redis";
import { onTestFinished } from "vitest";
import { threadKeys } from "../../../src/checkpoint/keys.js";
import { connect, freshPrefix, redisUrl, type TestClient } from "../../helpers/redis.js";

/** A saver under a prefix of its own, and a client to look at what it stores. */
export async function openSaver(
  options: RedisSaverOptions = {},
): Promise<{ saver: RedisSaver; client: TestClient; prefix: string }> {
  const prefix = options.keyPrefix ?? freshPrefix();
  const saver = await RedisSaver.fromConnString(redisUrl(), { ...options, keyPrefix: prefix });
  onTestFinished(() => saver.end());
  return { saver, client: await connect(), prefix };
}

/** All keys under a prefix, sorted. */
export async function keysOf(client: TestClient, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of client.scanIterator({ MATCH: `${prefix}:*`, COUNT: 1000 })) keys.push(...page);
  return keys.sort();
}

/** The keys of one thread by the last part of their names. */
export function threadKeysOf(prefix: string, thread: string): Record<string, string> {
  const { checkpoints, index, chunks } = threadKeys(prefix, thread);
  return { checkpoints, index, chunks };
}

/** Names of threads in one partition. */
export function threadsOfOnePartition(count: number): string[] {
  const names: string[] = [];
  for (let n = 0; names.length < count; n++) {
    if (threadKeys("p", `t${n}`).partition.threads === threadKeys("p", "t0").partition.threads)
      names.push(`t${n}`);
  }
  return names;
}
