import type { Reply } from "../../redis/command.js";
import { decodeKeyPart, encodeKeyPart } from "../../redis/key-encoding.js";
import { PARTITIONS, shareOf } from "../../redis/partition.js";
import type { SaverContext } from "../context.js";
import { partitionKeys } from "../keys.js";
import { executeAll } from "../scripts/execute.js";
import { LIST_THREADS } from "../scripts/index.js";

/** A thread, with the times of its first and its last write. */
export interface ThreadInfo {
  readonly threadId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** By the last write or by the first one, the newest first. */
export type ThreadOrder = "updatedAt" | "createdAt";

/** What to list. */
export interface ThreadSelection {
  readonly order: ThreadOrder;
  /** Only what comes after this: a thread, or all threads of a time. */
  readonly after?: ThreadInfo | Date | undefined;
  /** How many threads are wanted, as far as that is known; more are read where more are asked for. */
  readonly expected: number;
}

/** An entry of an index: the encoded thread, its time in the order of the list, its time in the other order. */
interface Entry {
  readonly thread: string;
  readonly time: number;
  readonly other: number;
}

/** A partition, as far as it was read. */
interface Partition {
  readonly keys: readonly string[];
  /** Entries that were read and not yet given, in order. */
  waiting: Entry[];
  /** Where to read on, as arguments of the script; undefined at the end. */
  next: readonly [time: string, thread: string] | undefined;
}

/**
 * All threads in order, merged from the indexes of all partitions. Each of these is asked for a few, all in one pipeline,
 * and again when others could come before what is left.
 */
export async function* allThreads(
  context: Pick<SaverContext, "connection" | "keyPrefix" | "limits">,
  selection: ThreadSelection,
): AsyncGenerator<ThreadInfo> {
  const start = cursorArgs(selection);
  const partitions = Array.from({ length: PARTITIONS }, (_, partition): Partition => {
    return { keys: partitionKeys(context.keyPrefix, partition).all, waiting: [], next: start };
  });
  const largest = context.limits.threadsPage;
  for (let count = Math.min(shareOf(selection.expected), largest); ; count = Math.min(2 * count, largest)) {
    const short = partitions.filter(({ next, waiting }) => next && 2 * waiting.length <= count);
    await readOn(context, short, selection.order, count);
    const next = partitions.flatMap((partition) => (partition.next ? [toEntry(partition.next)] : []));
    const bound = next.sort(compareEntries)[0];
    const ready: Entry[] = [];
    for (const partition of partitions) {
      const isKnown = (entry: Entry) => bound === undefined || compareEntries(entry, bound) <= 0;
      ready.push(...partition.waiting.filter(isKnown));
      partition.waiting = partition.waiting.filter((entry) => !isKnown(entry));
    }
    for (const entry of ready.sort(compareEntries)) yield toInfo(entry, selection.order);
    if (bound === undefined) return;
  }
}

async function readOn(
  { connection }: Pick<SaverContext, "connection">,
  partitions: readonly Partition[],
  order: ThreadOrder,
  count: number,
): Promise<void> {
  const calls = partitions.map(({ keys, next = ["", ""] }) =>
    LIST_THREADS.call(keys, [order, ...next, String(count)]),
  );
  const replies = await executeAll(connection, calls);
  partitions.forEach((partition, at) => {
    const reply = replies[at];
    if (reply instanceof Error) throw reply;
    const [found, last] = (reply as Reply[][]).map((list) => list.map(String)) as [string[], string[]];
    for (let i = 0; i < found.length; i += 3) {
      const [thread, time, other] = found.slice(i, i + 3) as [string, string, string];
      partition.waiting.push({ thread, time: Number(time), other: Number(other) });
    }
    const [thread, time] = last;
    partition.next = thread === undefined || time === undefined ? undefined : [time, thread];
  });
}

function cursorArgs({ order, after }: ThreadSelection): readonly [string, string] {
  if (after === undefined) return ["", ""];
  if (after instanceof Date) return [String(after.getTime()), ""];
  return [String(after[order].getTime()), encodeKeyPart(after.threadId)];
}

function toEntry([time, thread]: readonly [string, string]): Entry {
  return { thread, time: Number(time), other: 0 };
}

/** The newest first; of one time by encoded thread, descending. Encoded ids are ASCII, so their order is that of Redis. */
function compareEntries(a: Entry, b: Entry): number {
  if (a.time !== b.time) return b.time - a.time;
  return a.thread < b.thread ? 1 : a.thread > b.thread ? -1 : 0;
}

function toInfo({ thread, time, other }: Entry, order: ThreadOrder): ThreadInfo {
  const [createdAt, updatedAt] = order === "createdAt" ? [time, other] : [other, time];
  return { threadId: decodeKeyPart(thread), createdAt: new Date(createdAt), updatedAt: new Date(updatedAt) };
}
