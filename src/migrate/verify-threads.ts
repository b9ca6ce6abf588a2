import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { type CheckpointPart, compareCheckpoints } from "./compare-checkpoints.js";
import { concurrently } from "./concurrently.js";
import { read } from "./copy-thread.js";
import { isKept, keepsLatestOnly, parentsOf, type Tip } from "./latest-only.js";
import { checkCount, checkFunction, checkMethods, checkSignal, checkThreads } from "./options.js";
import { checkpointsOf, idOf, namespaceOf, refOf } from "./source-checkpoints.js";
import { allThreads } from "./source-threads.js";

/** Where two checkpointers differ. It holds no values. */
export interface ThreadDifference {
  readonly threadId: string;
  readonly checkpointNs: string;
  readonly checkpointId: string;
  /** The part that differs; `"missing"` when the target lacks the checkpoint, `"extra"` when the source does. */
  readonly part: CheckpointPart | "missing" | "extra";
  /** The channel, where one differs. */
  readonly channel?: string;
}

/** Options of {@link verifyThreads}. */
export interface VerifyThreadsOptions {
  /** The ids of the threads to compare. Default: all of the source. */
  threads?: Iterable<string> | AsyncIterable<string>;
  /** How many threads are compared at a time. Default: 4. */
  concurrency?: number;
  /** Called after each thread. */
  onProgress?: (progress: { threads: number; checkpoints: number; differences: number }) => unknown;
  /** Ends it, with the signal's reason. */
  signal?: AbortSignal;
}

/** What {@link verifyThreads} found. */
export interface VerifyThreadsReport {
  /** Threads compared. */
  readonly threads: number;
  /** Checkpoints of the source that were compared. */
  readonly checkpoints: number;
  readonly differences: readonly ThreadDifference[];
}

const OPTIONS: KnownOptions<VerifyThreadsOptions> = {
  threads: true,
  concurrency: true,
  onProgress: true,
  signal: true,
};

/**
 * Reads threads from two checkpointers and compares them deeply: values with the classes of messages, metadata, parents, versions, pending
 * writes and their order. Threads that only the target has are not looked at. Of a target with `history: "latest"` the
 * newest checkpoint of each namespace is compared.
 *
 * @throws {InvalidInputError} when an option cannot be used; the error of a side that cannot be read.
 *
 * @example
 * ```ts
 * import { MemorySaver } from "@langchain/langgraph";
 * import { verifyThreads } from "langgraph-redis/migrate";
 *
 * const { differences } = await verifyThreads(new MemorySaver(), checkpointer);
 * for (const { threadId, checkpointId, part, channel } of differences) console.error(threadId, checkpointId, part, channel);
 * ```
 */
export async function verifyThreads(
  from: BaseCheckpointSaver,
  to: BaseCheckpointSaver,
  options: VerifyThreadsOptions = {},
): Promise<VerifyThreadsReport> {
  checkMethods(from, "from", ["list", "getTuple"], "checkpointer");
  checkMethods(to, "to", ["list", "getTuple"], "checkpointer");
  checkKnownOptions(options, OPTIONS, "verifyThreads");
  const concurrency = checkCount(options.concurrency, "concurrency", 4);
  const signal = checkSignal(options.signal);
  checkThreads(options.threads);
  checkFunction(options.onProgress, "onProgress");
  const threads = options.threads ?? (await allThreads(from, signal));
  const differences: ThreadDifference[] = [];
  const counts = { threads: 0, checkpoints: 0 };
  await concurrently(threads, concurrency, signal, async (threadId) => {
    const found = await compareThread(from, to, threadId, signal);
    differences.push(...found.differences);
    counts.threads++;
    counts.checkpoints += found.checkpoints;
    await options.onProgress?.({ ...counts, differences: differences.length });
  });
  return { ...counts, differences };
}

/** Compares one thread, a checkpoint at a time. */
export async function compareThread(
  from: BaseCheckpointSaver,
  to: BaseCheckpointSaver,
  threadId: string,
  signal: AbortSignal | undefined,
): Promise<{ checkpoints: number; differences: ThreadDifference[] }> {
  const isWanted = keepsLatestOnly(to) ? await keptBy(from, threadId, signal) : () => true;
  const differences: ThreadDifference[] = [];
  const known = new Set<string>();
  let checkpoints = 0;
  for await (const tuple of checkpointsOf(from, threadId)) {
    signal?.throwIfAborted();
    known.add(refOf(tuple));
    if (!isWanted(refOf(tuple))) continue;
    checkpoints++;
    const where = { threadId, checkpointNs: namespaceOf(tuple), checkpointId: idOf(tuple) };
    const there = await read(to, threadId, where.checkpointNs, where.checkpointId);
    if (there === undefined) differences.push({ ...where, part: "missing" });
    else for (const found of compareCheckpoints(tuple, there)) differences.push({ ...where, ...found });
  }
  for await (const tuple of checkpointsOf(to, threadId)) {
    signal?.throwIfAborted();
    if (known.has(refOf(tuple))) continue;
    differences.push({
      threadId,
      checkpointNs: namespaceOf(tuple),
      checkpointId: idOf(tuple),
      part: "extra",
    });
  }
  return { checkpoints, differences };
}

/** Which checkpoints a target has that keeps the newest ones only. */
async function keptBy(from: BaseCheckpointSaver, threadId: string, signal: AbortSignal | undefined) {
  const tips = new Map<string, Tip & { ref: string }>();
  for await (const tuple of checkpointsOf(from, threadId)) {
    signal?.throwIfAborted();
    const ns = namespaceOf(tuple);
    const id = idOf(tuple);
    if (id > (tips.get(ns)?.id ?? "")) tips.set(ns, { ns, id, parents: parentsOf(tuple), ref: refOf(tuple) });
  }
  const kept = new Set([...tips.values()].filter((tip) => isKept(tip, tips)).map(({ ref }) => ref));
  return (ref: string) => kept.has(ref);
}
