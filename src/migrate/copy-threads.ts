import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { concurrently } from "./concurrently.js";
import { copyThread, type ExistingThread, type ThreadCopy } from "./copy-thread.js";
import {
  checkChoice,
  checkCount,
  checkFlag,
  checkFunction,
  checkMethods,
  checkSignal,
  checkThreads,
} from "./options.js";
import { allThreads } from "./source-threads.js";
import { compareThread, type ThreadDifference } from "./verify-threads.js";

/** Options of {@link copyThreads}. */
export interface CopyThreadsOptions {
  /** The ids of the threads to copy, in this order. Default: all, the one that was written last coming last. */
  threads?: Iterable<string> | AsyncIterable<string>;
  /** How many threads are copied at a time. Default: 4. */
  concurrency?: number;
  /**
   * What to do with a thread that the target has with other content: an `"error"` in the report, `"skip"` it, or `"replace"` it,
   * which deletes it in the target first. Default: "error".
   */
  onExisting?: ExistingThread;
  /** Whether to count only what would be written. Default: false. */
  dryRun?: boolean;
  /** Whether to read each thread from both sides after it was copied, and compare. Default: false. */
  verify?: boolean;
  /** Called after each thread. When it throws, the copy ends there with its error. */
  onProgress?: (progress: CopyThreadsProgress) => unknown;
  /** Ends the copy, which rejects with the signal's reason. Calling again goes on. */
  signal?: AbortSignal;
}

/** How far {@link copyThreads} has come. */
export interface CopyThreadsProgress {
  /** Threads done, those that failed included. */
  readonly threads: number;
  /** Threads to do; undefined when `threads` is an async iterable. */
  readonly total: number | undefined;
  /** Checkpoints written. */
  readonly checkpoints: number;
  /** Pending writes of these. */
  readonly writes: number;
  /** Threads that failed. */
  readonly errors: number;
}

/** A thread that could not be copied, or not wholly. */
export interface ThreadFailure {
  readonly threadId: string;
  readonly error: unknown;
}

/** What {@link copyThreads} did, or would do. */
export interface CopyThreadsReport {
  /** Threads looked at. */
  readonly threads: number;
  /** Threads of which something was written. */
  readonly copied: number;
  /** Threads that were there already. */
  readonly unchanged: number;
  /** Threads left as they are in the target by `onExisting: "skip"`. */
  readonly skipped: number;
  /** Checkpoints written, or of which pending writes were. */
  readonly checkpoints: number;
  /** Pending writes of these. */
  readonly writes: number;
  /** The threads that failed. The others were copied. */
  readonly errors: readonly ThreadFailure[];
  /** What `verify` found. */
  readonly differences: readonly ThreadDifference[];
}

const OPTIONS: KnownOptions<CopyThreadsOptions> = {
  threads: true,
  concurrency: true,
  onExisting: true,
  dryRun: true,
  verify: true,
  onProgress: true,
  signal: true,
};

/**
 * Copies threads from one checkpointer to another: all checkpoints of all namespaces with their parents, metadata, versions and
 * pending writes.
 *
 * What is there already and equal is not written again, so that a copy that was interrupted is gone on with by calling again, and
 * what was written in the source meanwhile is copied by calling again. A thread that fails is reported, and the others go on. Nothing
 * is written of a thread that the target has with other content.
 *
 * @param from any checkpointer: `PostgresSaver`, `SqliteSaver`, `MongoDBSaver`, `MemorySaver`, LangGraph's `RedisSaver`, ours.
 * @param to any checkpointer, usually a `RedisSaver` of this package. With `history: "latest"` it gets the newest checkpoint
 * of each namespace, with its pending writes and what its delta channels are read from.
 * @throws {InvalidInputError} when an option cannot be used; the source's error when its threads cannot be listed.
 *
 * @example
 * ```ts
 * import { RedisSaver } from "langgraph-redis";
 * import { copyThreads } from "langgraph-redis/migrate";
 * import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
 *
 * const from = PostgresSaver.fromConnString("postgresql://localhost:5432/agents");
 * const to = await RedisSaver.fromConnString("redis://localhost:6379");
 * const report = await copyThreads(from, to, { verify: true, onProgress: console.log });
 * for (const { threadId, error } of report.errors) console.error(threadId, error);
 * ```
 */
export async function copyThreads(
  from: BaseCheckpointSaver,
  to: BaseCheckpointSaver,
  options: CopyThreadsOptions = {},
): Promise<CopyThreadsReport> {
  checkMethods(from, "from", ["list", "getTuple"], "checkpointer");
  checkMethods(to, "to", ["list", "getTuple", "put", "putWrites"], "checkpointer");
  checkKnownOptions(options, OPTIONS, "copyThreads");
  const concurrency = checkCount(options.concurrency, "concurrency", 4);
  const onExisting = checkChoice(options.onExisting, "onExisting", ["error", "skip", "replace"], "error");
  const dryRun = checkFlag(options.dryRun, "dryRun");
  const verify = checkFlag(options.verify, "verify") && !dryRun;
  const signal = checkSignal(options.signal);
  checkThreads(options.threads);
  checkFunction(options.onProgress, "onProgress");

  const counts = { threads: 0, copied: 0, unchanged: 0, skipped: 0, checkpoints: 0, writes: 0 };
  const errors: ThreadFailure[] = [];
  const differences: ThreadDifference[] = [];
  const onCheckpoint = (writes: number) => {
    counts.checkpoints++;
    counts.writes += writes;
  };
  const copy: ThreadCopy = { from, to, onExisting, dryRun, signal, onCheckpoint };
  const threads = options.threads ?? (await allThreads(from, signal));
  const total = Array.isArray(threads) ? threads.length : undefined;

  await concurrently(threads, concurrency, signal, async (threadId) => {
    try {
      const outcome = await copyThread(copy, threadId);
      counts[outcome]++;
      if (verify && outcome !== "skipped")
        differences.push(...(await compareThread(from, to, threadId, signal)).differences);
    } catch (error) {
      signal?.throwIfAborted();
      errors.push({ threadId, error });
    }
    counts.threads++;
    const { threads: done, checkpoints, writes } = counts;
    await options.onProgress?.({ threads: done, total, checkpoints, writes, errors: errors.length });
  });
  return { ...counts, errors, differences };
}
