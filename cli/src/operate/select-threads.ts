import type { RedisSaver, ThreadInfo } from "langgraph-redis";
import { CommandError, UsageError } from "../errors.js";

/** Which threads a command works on. */
export interface ThreadSelection {
  ids?: readonly string[] | undefined;
  /** All whose ids contain this text, whatever its case. */
  search?: string | undefined;
  /** All that nobody has written for so many minutes. */
  idle?: number | undefined;
  all?: boolean | undefined;
}

export interface SelectedThreads {
  count: number;
  checkpoints: number;
  bytes: number;
  /** Whether checkpoints and bytes are of all of them; otherwise of the first ones only. */
  isExact: boolean;
}

const PAGE = 500;

/** Threads that are looked at one by one for a summary. */
const MEASURED = 1_000;

/** @throws {UsageError} when nothing says which threads. */
export function checkSelection({ ids = [], search, idle, all }: ThreadSelection): void {
  if (search === "") throw new UsageError("--search must not be empty: for all threads there is --all.");
  const selects = search !== undefined || idle !== undefined || all === true;
  if (ids.length > 0 && selects)
    throw new UsageError("give ids of threads, or --search, --idle or --all, but not both.");
  if (ids.length === 0 && !selects) {
    throw new UsageError("which threads? Give their ids, or --search, --idle or --all.");
  }
}

/**
 * The threads that are selected, a page at a time, in an order that does not change while they are written or deleted.
 *
 * @throws {CommandError} when one that was named is not there.
 */
export async function* selectThreads(
  saver: RedisSaver,
  { ids = [], search, idle }: ThreadSelection,
  signal?: AbortSignal,
): AsyncGenerator<string> {
  for (const id of ids) {
    if ((await saver.threadStats(id)) === undefined)
      throw new CommandError(`there is no thread ${JSON.stringify(id)}.`);
    yield id;
  }
  if (ids.length > 0) return;
  const wanted = search?.toLowerCase() ?? "";
  const latest = idle === undefined ? Number.POSITIVE_INFINITY : Date.now() - idle * 60_000;
  let before: ThreadInfo | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const page = await saver.listThreads({ limit: PAGE, orderBy: "createdAt", ...(before && { before }) });
    for (const { threadId, updatedAt } of page) {
      if (updatedAt.getTime() <= latest && threadId.toLowerCase().includes(wanted)) yield threadId;
    }
    before = page.at(-1);
    if (page.length < PAGE) return;
  }
}

/** What a summary says of them. */
export async function measureThreads(
  saver: RedisSaver,
  selection: ThreadSelection,
  signal?: AbortSignal,
): Promise<SelectedThreads> {
  const sum: SelectedThreads = { count: 0, checkpoints: 0, bytes: 0, isExact: true };
  for await (const threadId of selectThreads(saver, selection, signal)) {
    sum.count += 1;
    if (sum.count > MEASURED) {
      sum.isExact = false;
      continue;
    }
    const stats = await saver.threadStats(threadId);
    sum.checkpoints += stats?.checkpoints ?? 0;
    sum.bytes += stats?.bytes ?? 0;
  }
  return sum;
}
