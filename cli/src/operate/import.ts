import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import type { Checkpoint, CheckpointMetadata, PendingWrite } from "@langchain/langgraph-checkpoint";
import type { ItemValue, RedisSaver, RedisStore } from "langgraph-redis";
import { CommandError } from "../errors.js";
import { firstOf, infoOf } from "./export.js";
import {
  type CheckpointLine,
  fromTyped,
  type ItemLine,
  type Line,
  noLine,
  parseLine,
  type ThreadLine,
  type WritesLine,
} from "./format.js";
import type { OnProgress } from "./prune.js";

export interface ImportReport {
  threads: number;
  checkpoints: number;
  items: number;
  /** Threads and items that were left out, as they were there already. */
  skipped: number;
  /** What had expired since it was exported. */
  expired: number;
  /** Whether the file has all that its last line says, and that line. */
  isComplete: boolean;
}

/** A line, and its number in the file. */
export type NumberedLine = Line & { number: number };

export interface ImportOptions {
  /** Leave threads and items alone that are there. */
  skipExisting: boolean;
  /** `false` puts items without vectors. */
  index: false | undefined;
}

/** The lines of a file, or of a stream. */
export async function* readLines(from: string | NodeJS.ReadableStream): AsyncGenerator<NumberedLine> {
  const input: NodeJS.ReadableStream = typeof from === "string" ? createReadStream(from) : from;
  const failed = new Promise<never>((_, reject) => {
    input.once("error", (error: NodeJS.ErrnoException) => {
      reject(new CommandError(`${String(from)} cannot be read (${error.code}).`));
    });
  });
  failed.catch(() => {});
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })[Symbol.asyncIterator]();
  let number = 0;
  for (;;) {
    const next = await Promise.race([lines.next(), failed]);
    if (next.done) return;
    number += 1;
    if (next.value.trim() === "") continue;
    const line = parseLine(next.value, number);
    if (line === undefined) {
      // The end of a file that was cut off may be a part of a line.
      if (number > 1 && (await Promise.race([lines.next(), failed])).done) return;
      throw noLine(number);
    }
    if (number === 1 && line.type !== "langgraph-redis") {
      throw new CommandError("this is no export: the first line says otherwise.");
    }
    if (line.type === "langgraph-redis" && line.version !== 1) {
      throw new CommandError(`this export has the format ${line.version}, which this version does not know.`);
    }
    yield { ...line, number };
  }
}

/** Compares the lines of an export with what the last one says. */
class LineCounter {
  readonly counts = { threads: 0, checkpoints: 0, items: 0 };
  isComplete = false;

  add(line: Line): void {
    if (line.type === "thread") this.counts.threads += 1;
    if (line.type === "checkpoint") this.counts.checkpoints += 1;
    if (line.type === "item") this.counts.items += 1;
    if (line.type !== "end") return;
    const names = ["threads", "checkpoints", "items"] as const;
    this.isComplete = names.every((name) => this.counts[name] === line[name]);
  }
}

/** What an import would bring, and whether the export is complete. */
export async function summarize(lines: AsyncIterable<Line>, saver: RedisSaver) {
  const counter = new LineCounter();
  let existing = 0;
  for await (const line of lines) {
    counter.add(line);
    if (line.type === "thread" && (await saver.threadStats(line.threadId)) !== undefined) existing += 1;
  }
  return { ...counter.counts, existing, isComplete: counter.isComplete };
}

/** Brings back what was exported. Interrupted, it has brought some of it; calling again brings the rest. */
export async function importLines(
  lines: AsyncIterable<NumberedLine>,
  saver: RedisSaver,
  store: RedisStore,
  { skipExisting, index }: ImportOptions,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<ImportReport> {
  const report: ImportReport = {
    ...{ threads: 0, checkpoints: 0, items: 0, skipped: 0, expired: 0 },
    isComplete: false,
  };
  const counter = new LineCounter();
  let thread: { threadId: string; expiresAt?: string; skip: boolean } | undefined;
  const finish = async () => {
    if (thread === undefined || thread.skip) return;
    report.threads += 1;
    onProgress(report.threads + report.items);
    const left = minutesUntil(thread.expiresAt);
    if (left !== undefined) await saver.expire(thread.threadId, left);
  };
  for await (const line of lines) {
    signal.throwIfAborted();
    counter.add(line);
    switch (line.type) {
      case "thread": {
        await finish();
        const left = minutesUntil(line.expiresAt);
        const isExpired = left !== undefined && left <= 0;
        const isThere = skipExisting && (await isWhole(saver, line));
        if (isExpired) report.expired += 1;
        else if (isThere) report.skipped += 1;
        thread = { ...line, skip: isExpired || isThere };
        break;
      }
      case "checkpoint":
        if (thread?.skip) break;
        await putCheckpoint(saver, line);
        report.checkpoints += 1;
        break;
      case "writes":
        if (!thread?.skip) await putWrites(saver, line);
        break;
      case "item":
        await finish();
        thread = undefined;
        await putItem(store, line, { skipExisting, index }, report);
        onProgress(report.threads + report.items);
        break;
    }
  }
  await finish();
  report.isComplete = counter.isComplete;
  return report;
}

/** Whether a thread is there, and not as an interrupted import has left it. */
async function isWhole(saver: RedisSaver, { threadId, last }: ThreadLine): Promise<boolean> {
  if ((await saver.threadStats(threadId)) === undefined) return false;
  if (last === undefined) return true;
  const found = await infoOf(saver, threadId, last.ns, last.id);
  if (found !== undefined) return found.pendingWrites.length >= last.writes;
  // One that was written since the export is not what an import has left, though that checkpoint may have been removed.
  const newest = await firstOf(saver.listCheckpoints(threadId, { limit: 1 }));
  return newest !== undefined && newest.checkpointId > last.id;
}

async function putCheckpoint(saver: RedisSaver, line: CheckpointLine & { number: number }): Promise<void> {
  const checkpoint = (await fromTyped(line.checkpoint, line.number)) as Checkpoint;
  const metadata = (await fromTyped(line.metadata, line.number)) as CheckpointMetadata;
  // All channels are given as new, so that none is taken from the parent: forks can have one version and two values.
  await saver.put(configOf(line, line.parentId), checkpoint, metadata, { ...checkpoint.channel_versions });
}

function configOf({ threadId, ns }: { threadId: string; ns: string }, checkpointId: string | undefined) {
  const id = checkpointId === undefined ? {} : { checkpoint_id: checkpointId };
  return { configurable: { thread_id: threadId, checkpoint_ns: ns, ...id } };
}

/**
 * Puts the writes of a task in places of their own: those of a call are numbered by their position, special ones by their kind.
 * So special ones fill the gaps between the others, and the rest of them comes in a call of its own.
 */
async function putWrites(saver: RedisSaver, line: WritesLine & { number: number }): Promise<void> {
  const usual: PendingWrite[] = [];
  const special: PendingWrite[] = [];
  const read = await Promise.all(
    line.writes.map(async ([index, channel, type, text]) => {
      return { index, write: [channel, await fromTyped([type, text], line.number)] as PendingWrite };
    }),
  );
  for (const { index, write } of read) if (index < 0) special.push(write);
  for (const { index, write } of read.filter((each) => each.index >= 0).sort((a, b) => a.index - b.index)) {
    while (usual.length < index && special.length > 0) usual.push(special.shift() as PendingWrite);
    usual.push(write);
  }
  const config = configOf(line, line.id);
  for (const writes of [usual, special]) {
    if (writes.length > 0) await saver.putWrites(config, writes, line.taskId, line.taskPath);
  }
}

async function putItem(
  store: RedisStore,
  { namespace, key, value, expiresAt, number }: ItemLine & { number: number },
  { skipExisting, index }: ImportOptions,
  report: ImportReport,
): Promise<void> {
  const ttl = minutesUntil(expiresAt);
  if (ttl !== undefined && ttl <= 0) {
    report.expired += 1;
    return;
  }
  if (skipExisting && (await store.get(namespace, key)) !== null) {
    report.skipped += 1;
    return;
  }
  const options = { ttl: ttl ?? null, ...(index === false && { index }) };
  await store.put(namespace, key, (await fromTyped(value, number)) as ItemValue, options);
  report.items += 1;
}

function minutesUntil(iso: string | undefined): number | undefined {
  return iso === undefined ? undefined : (Date.parse(iso) - Date.now()) / 60_000;
}
