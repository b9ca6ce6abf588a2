import type { Reply } from "../../redis/command.js";
import { decodeKeyPart, encodeKeyPart } from "../../redis/key-encoding.js";
import type { PipelineEntry } from "../../redis/script.js";
import type { SaverContext } from "../context.js";
import { encodedRunKey, runKey, threadKeys } from "../keys.js";
import { executeAll } from "../scripts/execute.js";

type RunIndex = Pick<SaverContext, "connection" | "keyPrefix">;

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

/** A thread that made checkpoints in a run, by its encoded id. */
export interface RunOfThread {
  readonly threadId: string;
  readonly run: string;
}

/**
 * Removes threads from the index of runs that have no checkpoints in them any more.
 *
 * A checkpoint may be put between the look and the removal. Its thread is entered again: it has entered the index
 * itself either before the removal, then the second look finds it, or after that.
 */
export async function removeFromRuns(index: RunIndex, pairs: readonly RunOfThread[]): Promise<void> {
  const left = await checkpointsOf(index, pairs);
  const gone = pairs.filter((_, at) => !left[at]?.has);
  await all(
    index,
    gone.map(({ threadId, run }) => entry(index, run, "SREM", threadId)),
  );
  await addToRuns(index, gone);
}

/** Enters threads into the index of the runs that they have checkpoints of, for as long as they live. */
export async function addToRuns(index: RunIndex, pairs: readonly RunOfThread[]): Promise<void> {
  const left = await checkpointsOf(index, pairs);
  await all(
    index,
    pairs.flatMap(({ threadId, run }, at) => {
      const { has, life } = left[at] as Left;
      if (!has) return [];
      const key = encodedRunKey(index.keyPrefix, run);
      const live = life < 0 ? ["PERSIST", key] : ["PEXPIRE", key, String(Math.max(life, 1))];
      return [entry(index, run, "SADD", threadId), { key, args: live }];
    }),
  );
}

/** What a thread still has of a run, and for how many milliseconds; for ever is below 0. */
interface Left {
  readonly has: boolean;
  readonly life: number;
}

async function checkpointsOf(index: RunIndex, pairs: readonly RunOfThread[]): Promise<Left[]> {
  const replies = await all(
    index,
    pairs.flatMap(({ threadId, run }) => {
      const key = threadKeys(index.keyPrefix, threadId).runs;
      // ";" comes after ":", which ends the run's id in a member.
      const range = ["ZRANGEBYLEX", key, `[${run}:`, `(${run};`, "LIMIT", "0", "1"];
      return [
        { key, args: range },
        { key, args: ["PTTL", key] },
      ];
    }),
  );
  return pairs.map((_, at) => ({
    has: (replies[2 * at] as Reply[]).length > 0,
    life: Number(replies[2 * at + 1]),
  }));
}

function entry(
  { keyPrefix }: RunIndex,
  run: string,
  command: "SADD" | "SREM",
  threadId: string,
): PipelineEntry {
  const key = encodedRunKey(keyPrefix, run);
  return { key, args: [command, key, encodeKeyPart(threadId)] };
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

async function change(
  index: RunIndex,
  runs: readonly string[],
  toArgs: (key: string) => string[],
): Promise<void> {
  const keys = runs.map((run) => encodedRunKey(index.keyPrefix, run));
  await all(
    index,
    keys.map((key) => ({ key, args: toArgs(key) })),
  );
}

async function all({ connection }: RunIndex, steps: PipelineEntry[]): Promise<Reply[]> {
  if (steps.length === 0) return [];
  const replies = await executeAll(connection, steps);
  return replies.map((reply) => {
    if (reply instanceof Error) throw reply;
    return reply;
  });
}
