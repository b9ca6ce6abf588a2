import { describe, describeOption } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import type { AbortOptions } from "../abort.js";
import type { SaverContext } from "../context.js";
import { allThreads, type ThreadInfo, type ThreadOrder } from "../indexes/thread-index.js";

export interface ListThreadsOptions extends AbortOptions {
  /** The largest number of threads. Default: 100. */
  limit?: number;
  /** Only threads that come after this one in the list: the last entry of the page before, or a date. */
  before?: ThreadInfo | Date;
  /**
   * The time that the list goes by, the latest first. In the order of `createdAt` pages follow each other exactly, whatever is
   * written, created or deleted meanwhile. In that of `updatedAt` no thread comes twice; one that is written meanwhile moves to
   * the front, where the first page has it. Default: "updatedAt".
   */
  orderBy?: ThreadOrder;
}

const LIST_THREADS_OPTIONS: KnownOptions<ListThreadsOptions> = {
  limit: true,
  before: true,
  signal: true,
  orderBy: true,
};

/** See {@link RedisSaver.listThreads}. */
export async function listThreads(
  context: SaverContext,
  options: ListThreadsOptions | undefined,
): Promise<ThreadInfo[]> {
  checkKnownOptions(options, LIST_THREADS_OPTIONS, "listThreads");
  const { limit = 100, before, orderBy = "updatedAt" } = options ?? {};
  if (!Number.isInteger(limit) || limit < 0) {
    throw new InvalidInputError(
      `limit must be a whole number of threads, at least 0, got ${describeOption(limit)}.`,
    );
  }
  if (orderBy !== "updatedAt" && orderBy !== "createdAt") {
    throw new InvalidInputError(`orderBy must be "updatedAt" or "createdAt", got ${describe(orderBy)}.`);
  }
  const after = checkBefore(before, orderBy);
  const threads: ThreadInfo[] = [];
  if (limit === 0) return threads;
  for await (const thread of allThreads(context, { order: orderBy, after, expected: limit })) {
    threads.push(thread);
    if (threads.length === limit) break;
  }
  return threads;
}

/** @throws {InvalidInputError} */
function checkBefore(before: ListThreadsOptions["before"], orderBy: ThreadOrder): typeof before {
  if (before === undefined) return undefined;
  const date: unknown = before instanceof Date ? before : before?.[orderBy];
  const isEntry = before instanceof Date || typeof before?.threadId === "string";
  if (isEntry && date instanceof Date && !Number.isNaN(date.getTime())) return before;
  throw new InvalidInputError(
    `before must be a date or an entry that listThreads returned, got ${describe(before)}.`,
  );
}
