import type { CheckpointInfo, RedisSaver } from "langgraph-redis";
import type { InspectContext } from "../inspect/index.js";
import { type Line, toTyped, type WritesLine } from "./format.js";
import type { OnProgress } from "./prune.js";
import { selectThreads, type ThreadSelection } from "./select-threads.js";

export interface ExportRequest {
  threads?: ThreadSelection | undefined;
  /** Items at or below this path. */
  items?: string[] | undefined;
}

export interface ExportReport {
  threads: number;
  checkpoints: number;
  items: number;
}

/**
 * The lines of an export, as they are read: memory holds the ids of the threads, those of one thread, and one checkpoint.
 * Threads come in the order in which they were created, so that an import creates them in that order.
 */
export async function* exportLines(
  { saver, store }: InspectContext,
  { threads, items }: ExportRequest,
  report: ExportReport,
  onProgress: OnProgress,
  signal: AbortSignal,
): AsyncGenerator<Line> {
  const progress = () => onProgress(report.threads + report.items);
  yield { type: "langgraph-redis", version: 1, exportedAt: new Date().toISOString() };
  if (threads) {
    const ids: string[] = [];
    for await (const threadId of selectThreads(saver, threads, signal)) ids.push(threadId);
    // They come newest first, but those that were named, as they were named.
    if (!threads.ids?.length) ids.reverse();
    for (const threadId of ids) {
      for await (const line of threadLines(saver, threadId, signal)) {
        if (line.type === "thread") report.threads += 1;
        if (line.type === "checkpoint") report.checkpoints += 1;
        yield line;
      }
      progress();
    }
  }
  if (items) {
    for await (const { namespace, key, value, createdAt, updatedAt, expiresAt } of store.iterate(items)) {
      signal.throwIfAborted();
      yield {
        type: "item",
        namespace,
        key,
        createdAt: createdAt.toISOString(),
        updatedAt: updatedAt.toISOString(),
        ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
        value: await toTyped(value),
      };
      report.items += 1;
      progress();
    }
  }
  yield { type: "end", ...report };
}

/** A thread, parents before their children. What is removed meanwhile is left out. */
async function* threadLines(saver: RedisSaver, threadId: string, signal: AbortSignal): AsyncGenerator<Line> {
  const stats = await saver.threadStats(threadId);
  if (stats === undefined) return;
  const { expiresAt } = stats;
  const places = await placesOf(saver, threadId);
  const last = places.at(-1);
  yield {
    ...{ type: "thread", threadId },
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(last && { last: { ns: last.checkpointNs, id: last.checkpointId, writes: last.writes } }),
  };
  for (const place of places) {
    signal.throwIfAborted();
    yield* checkpointLines(saver, threadId, place);
  }
}

type Place = Pick<CheckpointInfo, "checkpointNs" | "checkpointId" | "parentId"> & { writes: number };

async function placesOf(saver: RedisSaver, threadId: string): Promise<Place[]> {
  const places: Place[] = [];
  for await (const { checkpointNs, checkpointId, parentId, ...info } of saver.listCheckpoints(threadId)) {
    if (info.encrypted) throw info.encrypted;
    places.push({ checkpointNs, checkpointId, parentId, writes: info.pendingWrites.length });
  }
  places.reverse();
  // Clocks differ: a parent may have a greater id than its child.
  const nameOf = (ns: string, id: string) => JSON.stringify([ns, id]);
  const left = new Map(places.map((place) => [nameOf(place.checkpointNs, place.checkpointId), place]));
  return places.flatMap((place) => {
    const line: Place[] = [];
    for (let at: Place | undefined = place; at !== undefined; ) {
      const name = nameOf(at.checkpointNs, at.checkpointId);
      if (!left.delete(name)) break;
      line.push(at);
      at = at.parentId === undefined ? undefined : left.get(nameOf(at.checkpointNs, at.parentId));
    }
    return line.reverse();
  });
}

async function* checkpointLines(saver: RedisSaver, threadId: string, place: Place): AsyncGenerator<Line> {
  const { checkpointNs: ns, checkpointId: id } = place;
  for (;;) {
    const configurable = { thread_id: threadId, checkpoint_ns: ns, checkpoint_id: id };
    const [tuple, info] = await Promise.all([
      firstOf(saver.list({ configurable })),
      infoOf(saver, threadId, ns, id),
    ]);
    if (tuple === undefined || info === undefined) return;
    const written = tuple.pendingWrites ?? [];
    // Both were read at different moments, and tell the same unless a task has written in between.
    if (written.length !== info.pendingWrites.length) continue;
    const parentId: string | undefined = tuple.parentConfig?.configurable?.checkpoint_id;
    yield {
      ...{ type: "checkpoint" as const, threadId, ns, id },
      ...(parentId !== undefined && { parentId }),
      checkpoint: await toTyped(tuple.checkpoint),
      metadata: await toTyped(tuple.metadata ?? {}),
    };
    const tasks = new Map<string, WritesLine>();
    for (const [at, [taskId, channel, value]] of written.entries()) {
      const { index = at, taskPath = "" } = info.pendingWrites[at] ?? {};
      const name = JSON.stringify([taskId, taskPath]);
      const line = tasks.get(name) ?? { type: "writes", threadId, ns, id, taskId, taskPath, writes: [] };
      tasks.set(name, line);
      line.writes.push([index, channel, ...(await toTyped(value))]);
    }
    yield* tasks.values();
    return;
  }
}

export async function infoOf(saver: RedisSaver, threadId: string, ns: string, id: string) {
  // The smallest id after it: pages go by ids before one.
  const found = await firstOf(
    saver.listCheckpoints(threadId, { checkpointNs: ns, before: `${id}\u0000`, limit: 1 }),
  );
  return found?.checkpointId === id ? found : undefined;
}

export async function firstOf<T>(values: AsyncGenerator<T>): Promise<T | undefined> {
  for await (const value of values) return value;
  return undefined;
}
