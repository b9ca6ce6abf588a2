import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { ThreadInfo } from "../checkpoint/indexes/thread-index.js";
import type { ListThreadsOptions } from "../checkpoint/operations/list-threads.js";
import { idOf, inPages, threadOf, wholeList } from "./source-checkpoints.js";
import { kindOf } from "./source-kind.js";

/** The ids of all threads of a saver, the one that was written last coming last. They are held, a few bytes each. */
export async function allThreads(
  from: BaseCheckpointSaver,
  signal: AbortSignal | undefined,
): Promise<string[]> {
  if (kindOf(from) === "threads") return ofThreadList(from as BaseCheckpointSaver & ThreadLister, signal);
  // The newest checkpoint of each: ids grow with time.
  const newest = new Map<string, string>();
  const tuples = kindOf(from) === "rows" ? inPages(from, {}) : wholeList(from, {});
  for await (const tuple of tuples) {
    signal?.throwIfAborted();
    const threadId = threadOf(tuple);
    const id = idOf(tuple);
    if (id > (newest.get(threadId) ?? "")) newest.set(threadId, id);
  }
  const threads = [...newest].sort(([, one], [, other]) => (one < other ? -1 : one > other ? 1 : 0));
  return threads.map(([threadId]) => threadId);
}

interface ThreadLister {
  listThreads(options: ListThreadsOptions): Promise<ThreadInfo[]>;
}

/** In the order of creation pages follow each other exactly, whatever is written meanwhile. */
async function ofThreadList(from: ThreadLister, signal: AbortSignal | undefined): Promise<string[]> {
  const threads: { threadId: string; time: number }[] = [];
  for (let before: ThreadInfo | undefined; ; ) {
    const page = await from.listThreads({ orderBy: "createdAt", limit: 1_000, before, signal });
    threads.push(...page.map(({ threadId, updatedAt }) => ({ threadId, time: updatedAt.getTime() })));
    before = page.at(-1);
    if (before === undefined) break;
  }
  return threads.sort((one, other) => one.time - other.time).map(({ threadId }) => threadId);
}
