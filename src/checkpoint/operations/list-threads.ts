import { describe, describeOption } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import type { AbortOptions } from "../abort.js";
import type { SaverContext } from "../context.js";
import { allThreads, type ThreadCursor, type ThreadInfo } from "../indexes/thread-index.js";

export interface ListThreadsOptions extends AbortOptions {
  /** The largest number of threads. Default: 100. */
  limit?: number;
  /** Only threads that come after this one in the list: the last entry of the page before, or a date. */
  before?: ThreadInfo | Date;
}

const LIST_THREADS_OPTIONS: KnownOptions<ListThreadsOptions> = {
  limit: true,
  before: true,
  signal: true,
};

/** See {@link RedisSaver.listThreads}. */
export async function listThreads(
  context: SaverContext,
  options: ListThreadsOptions | undefined,
): Promise<ThreadInfo[]> {
  checkKnownOptions(options, LIST_THREADS_OPTIONS, "listThreads");
  const { limit = 100, before } = options ?? {};
  if (!Number.isInteger(limit) || limit < 0) {
    throw new InvalidInputError(
      `limit must be a whole number of threads, at least 0, got ${describeOption(limit)}.`,
    );
  }
  const threads: ThreadInfo[] = [];
  if (limit === 0) return threads;
  for await (const thread of allThreads(context, cursorOf(before))) {
    threads.push(thread);
    if (threads.length === limit) break;
  }
  return threads;
}

function cursorOf(before: ListThreadsOptions["before"]): ThreadCursor {
  if (before === undefined) return undefined;
  const date = before instanceof Date ? before : before.updatedAt;
  if (!(date instanceof Date) || Number.isNaN(date.getTime())) {
    throw new InvalidInputError(
      `before must be a date or an entry that listThreads returned, got ${describe(before)}.`,
    );
  }
  const member = before instanceof Date ? undefined : encodeKeyPart(before.threadId);
  return { score: date.getTime(), member };
}
