import type { PruneOptions, RedisSaver } from "langgraph-redis";
import { selectThreads, type ThreadSelection } from "./select-threads.js";

export interface PruneRequest extends ThreadSelection {
  /** How many of the newest checkpoints of each namespace stay. */
  keepLast: number;
  /** Only checkpoints that are older than so many minutes. */
  olderThan?: number | undefined;
}

/** How far a command has come. */
export type OnProgress = (done: number) => void;

export interface ThreadsReport {
  threads: number;
  checkpoints: number;
}

/** How many checkpoints would be removed, at most: those that others need stay. */
export async function countPrunable(
  saver: RedisSaver,
  request: PruneRequest,
  signal: AbortSignal,
): Promise<ThreadsReport> {
  const report = { threads: 0, checkpoints: 0 };
  const latest =
    request.olderThan === undefined ? Number.POSITIVE_INFINITY : Date.now() - request.olderThan * 60_000;
  for await (const threadId of selectThreads(saver, request, signal)) {
    const kept = new Map<string, number>();
    report.threads += 1;
    for await (const { checkpointNs, ts } of saver.listCheckpoints(threadId)) {
      signal.throwIfAborted();
      const newer = kept.get(checkpointNs) ?? 0;
      kept.set(checkpointNs, newer + 1);
      const isOld = request.olderThan === undefined || Date.parse(ts ?? "") < latest;
      if (newer >= request.keepLast && isOld) report.checkpoints += 1;
    }
  }
  return report;
}

/** Removes old checkpoints. Interrupted, it has pruned some of the threads; calling again goes on. */
export async function pruneThreads(
  saver: RedisSaver,
  request: PruneRequest,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<ThreadsReport> {
  const report = { threads: 0, checkpoints: 0 };
  const { keepLast, olderThan } = request;
  const options: PruneOptions = { keepLast, ...(olderThan !== undefined && { olderThan }) };
  for await (const threadId of selectThreads(saver, request, signal)) {
    signal.throwIfAborted();
    report.checkpoints += await saver.prune([threadId], options);
    report.threads += 1;
    onProgress(report.threads);
  }
  return report;
}

/** Does something with each thread, one after the other. @returns how many there were. */
export async function eachThread(
  saver: RedisSaver,
  selection: ThreadSelection,
  work: (threadId: string) => Promise<unknown>,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<number> {
  let done = 0;
  for await (const threadId of selectThreads(saver, selection, signal)) {
    signal.throwIfAborted();
    await work(threadId);
    done += 1;
    onProgress(done);
  }
  return done;
}
