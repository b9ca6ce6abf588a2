import type { ThreadInfo } from "langgraph-redis";
import type { InspectContext } from "./context.js";
import { fromCursor, toCursor } from "./cursor.js";
import { toNode } from "./thread-tree.js";
import type { Json, Page, ThreadRow } from "./types.js";

export interface ThreadsOptions {
  /** Default: 50. */
  limit?: number | undefined;
  cursor?: string | undefined;
  /** Only threads whose ids contain this text, whatever its case. */
  search?: string | undefined;
}

/** How many ids one page of a search looks at, at most: then it ends, with what was found so far and where to go on. */
const LOOKED_AT = 20_000;

/** Threads, those that were written last coming first. */
export async function listThreads(
  context: InspectContext,
  { limit = 50, cursor, search }: ThreadsOptions = {},
): Promise<Page<ThreadRow>> {
  const wanted = search?.toLowerCase() ?? "";
  const found: ThreadInfo[] = [];
  let before = cursor === undefined ? undefined : toInfo(fromCursor(cursor, isPlace));
  let more = true;
  for (let lookedAt = 0; more && found.length < limit && lookedAt < LOOKED_AT; ) {
    const count = wanted === "" ? limit : 1_000;
    const threads = await context.saver.listThreads({ limit: count, ...(before && { before }) });
    more = threads.length === count;
    for (const thread of threads) {
      lookedAt += 1;
      before = thread;
      if (thread.threadId.toLowerCase().includes(wanted)) found.push(thread);
      if (found.length < limit) continue;
      more ||= thread !== threads.at(-1);
      break;
    }
  }
  const rows = await Promise.all(found.map((thread) => describeThread(context, thread)));
  return {
    rows: rows.filter((row) => row !== undefined),
    ...(more &&
      before && {
        next: toCursor([before.threadId, before.createdAt.getTime(), before.updatedAt.getTime()]),
      }),
  };
}

/** One thread. @returns undefined when there is none. */
export async function describeThread(
  { saver }: InspectContext,
  { threadId, createdAt, updatedAt }: ThreadInfo,
): Promise<ThreadRow | undefined> {
  const newest = saver.listCheckpoints(threadId, { checkpointNs: "", limit: 1 });
  const [stats, { value: last }] = await Promise.all([saver.threadStats(threadId), newest.next()]);
  if (stats === undefined) return undefined;
  const { step, source, encrypted } = last ? toNode(last) : {};
  return {
    threadId,
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    ...(stats.expiresAt && { expiresAt: stats.expiresAt.toISOString() }),
    checkpoints: stats.checkpoints,
    namespaces: stats.namespaces,
    ...(stats.bytes !== undefined && { bytes: stats.bytes }),
    ...(step !== undefined && { lastStep: step }),
    ...(source !== undefined && { source }),
    ...(encrypted && { encrypted }),
  };
}

type Place = [threadId: string, createdAt: number, updatedAt: number];

function isPlace(place: Json): place is Place {
  return Array.isArray(place) && typeof place[0] === "string" && place.slice(1).every(Number.isFinite);
}

function toInfo([threadId, createdAt, updatedAt]: Place): ThreadInfo {
  return { threadId, createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
}
