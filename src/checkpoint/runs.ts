import type { Connection, Reply } from "../redis/command.js";
import { decodeKeyPart, encodeKeyPart } from "../redis/key-encoding.js";
import type { PipelineEntry } from "../redis/script.js";
import { executeAll } from "./call.js";
import { encodedRunKey, runKey } from "./keys.js";

interface RunIndex {
  readonly connection: Connection;
  readonly keyPrefix: string;
}

/**
 * The index from runs to the threads that they made checkpoints of: one set for each run, which lives as long as the
 * thread. It may name threads that are gone; readers tolerate that.
 *
 * @param runs encoded ids, as the scripts return them.
 * @param milliseconds 0 for ever.
 */
export async function expireRuns(
  index: RunIndex,
  runs: readonly string[],
  milliseconds: number,
): Promise<void> {
  await change(index, runs, (key) => {
    return milliseconds === 0 ? ["PERSIST", key] : ["PEXPIRE", key, String(milliseconds)];
  });
}

/** Enters a thread for some runs. */
export async function addToRuns(index: RunIndex, runs: readonly string[], threadId: string): Promise<void> {
  await change(index, runs, (key) => ["SADD", key, encodeKeyPart(threadId)]);
}

/** Removes a thread that was deleted. */
export async function removeFromRuns(
  index: RunIndex,
  runs: readonly string[],
  threadId: string,
): Promise<void> {
  await change(index, runs, (key) => ["SREM", key, encodeKeyPart(threadId)]);
}

/** The threads of each run. */
export async function threadsOfRuns(
  index: RunIndex,
  runIds: readonly string[],
): Promise<Map<string, string[]>> {
  const keys = runIds.map((runId) => runKey(index.keyPrefix, runId));
  const replies = await all(
    index,
    keys.map((key) => ({ key, args: ["SMEMBERS", key] })),
  );
  const threads = new Map<string, string[]>();
  replies.forEach((members, at) => {
    for (const member of members as Buffer[]) {
      const threadId = decodeKeyPart(member.toString("utf8"));
      threads.set(threadId, [...(threads.get(threadId) ?? []), runIds[at] as string]);
    }
  });
  return threads;
}

/** Forgets runs whose checkpoints were removed. */
export async function forgetRuns(index: RunIndex, runIds: readonly string[]): Promise<void> {
  const keys = runIds.map((runId) => runKey(index.keyPrefix, runId));
  await all(
    index,
    keys.map((key) => ({ key, args: ["UNLINK", key] })),
  );
}

async function change(
  index: RunIndex,
  runs: readonly string[],
  toArgs: (key: string) => string[],
): Promise<void> {
  const keys = runs.map((run) => encodedRunKey(index.keyPrefix, run));
  if (keys.length > 0)
    await all(
      index,
      keys.map((key) => ({ key, args: toArgs(key) })),
    );
}

async function all({ connection }: RunIndex, steps: PipelineEntry[]): Promise<Reply[]> {
  const replies = await executeAll(connection, steps);
  return replies.map((reply) => {
    if (reply instanceof Error) throw reply;
    return reply;
  });
}
