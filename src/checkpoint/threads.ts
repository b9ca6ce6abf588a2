import type { Connection, Reply } from "../redis/connection.js";
import { run } from "../redis/script.js";
import { decodeSegment } from "../redis/segment.js";
import { threadsKey } from "./keys.js";

/** A thread in the registry, with the time of its last checkpoint in milliseconds since 1970. */
export interface RegisteredThread {
  readonly threadId: string;
  readonly updatedAt: number;
}

/** One page of the registry, newest first. It may name threads that are gone. */
export async function readThreads(
  connection: Connection,
  keyPrefix: string,
  offset: number,
  count: number,
): Promise<RegisteredThread[]> {
  const key = threadsKey(keyPrefix);
  const range = ["ZRANGE", key, "+inf", "-inf", "BYSCORE", "REV", "LIMIT", String(offset), String(count)];
  const reply = await run(connection, { key, args: [...range, "WITHSCORES"] });
  return decodePairs(reply).map(([member, score]) => ({ threadId: decodeSegment(member), updatedAt: score }));
}

/** RESP2 answers a flat list of members and scores, RESP3 a list of pairs. */
function decodePairs(reply: Reply): [string, number][] {
  const flat = (reply as Reply[]).flat() as (Buffer | number)[];
  const pairs: [string, number][] = [];
  for (let at = 0; at < flat.length; at += 2) pairs.push([String(flat[at]), Number(String(flat[at + 1]))]);
  return pairs;
}
