import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointListOptions, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { describeOption } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import { abortableContext, signalOfRead } from "../abort.js";
import { checkConfig, checkpointIdOf, checkThreadId, namespaceOf } from "../config.js";
import { fetchKeys, type SaverContext } from "../context.js";
import { allThreads } from "../indexes/thread-index.js";
import { checkpointField, fieldPrefix, type ThreadKeys, threadKeys } from "../keys.js";
import { decodeMetadata, decodeRecord } from "../records/checkpoint-record.js";
import { decodeTuple } from "../records/checkpoint-tuple.js";
import { matchesFilter } from "../records/metadata-filter.js";
import { fieldOf, type Row } from "../records/read-reply.js";
import { checkRecordLike } from "../records/record-like.js";
import { unreadable } from "../records/unreadable.js";
import type { ValueCodec } from "../values/codec.js";
import { ListPages, type Page, type PageContent } from "./list-pages.js";
import { NamespaceMerge } from "./namespace-merge.js";

/** What to list. */
interface Selection {
  /** Undefined for all threads. */
  readonly threadId: string | undefined;
  readonly checkpointNs: string | undefined;
  readonly checkpointId: string | undefined;
  readonly before: string | undefined;
  readonly filter: Record<string, unknown> | undefined;
  readonly limit: number;
}

const LIST_OPTIONS: KnownOptions<CheckpointListOptions> = { limit: true, before: true, filter: true };

/** See {@link RedisSaver.list}. The arguments are read at the call; what is wrong with them comes with the first result. */
export function list(
  context: SaverContext,
  config: RunnableConfig | null | undefined,
  options: CheckpointListOptions | undefined,
): AsyncGenerator<CheckpointTuple> {
  try {
    const selection = selectionOf(config ?? {}, options ?? undefined);
    return listSelected(context, selection, signalOfRead(config));
  } catch (error) {
    return failing(error);
  }
}

// biome-ignore lint/correctness/useYield: there is nothing to give
async function* failing(error: unknown): AsyncGenerator<never> {
  throw error;
}

/** @throws {InvalidInputError} */
function selectionOf(config: RunnableConfig, options: CheckpointListOptions | undefined): Selection {
  checkKnownOptions(options, LIST_OPTIONS, "list");
  checkConfig(config, "list() needs");
  const { filter, limit = Number.POSITIVE_INFINITY, before } = options ?? {};
  const isNumber = typeof limit === "number" && limit >= 0;
  if (!isNumber || (limit !== Number.POSITIVE_INFINITY && !Number.isInteger(limit))) {
    throw new InvalidInputError(
      `limit must be a whole number of checkpoints, at least 0, got ${describeOption(limit)}.`,
    );
  }
  checkRecordLike(filter, "filter");
  // A config that names no checkpoint is no bound, as with LangGraph's own savers.
  if (before !== undefined && before !== null) checkConfig(before, "before must be");
  const threadId: unknown = config.configurable?.thread_id;
  return {
    threadId: threadId === undefined ? undefined : checkThreadId(threadId),
    checkpointNs: namespaceOf(config),
    checkpointId: checkpointIdOf(config),
    before: before ? checkpointIdOf(before) : undefined,
    filter: filter && Object.keys(filter).length > 0 ? copyOf(filter) : undefined,
    limit,
  };
}

function copyOf(filter: Record<string, unknown>): Record<string, unknown> {
  const copies = Object.entries(filter).map(([key, wanted]): [string, unknown] => {
    try {
      return [key, structuredClone(wanted)];
    } catch {
      return [key, wanted]; // a function or the like, which no metadata equal
    }
  });
  return Object.fromEntries(copies);
}

async function* listSelected(
  saver: SaverContext,
  selection: Selection,
  signal: AbortSignal | undefined,
): AsyncGenerator<CheckpointTuple> {
  const context = abortableContext(saver, signal);
  await fetchKeys(context, signal);
  const { threadId } = selection;
  let left = selection.limit;
  for await (const thread of threadId === undefined
    ? allThreads(context, { order: "updatedAt", expected: 100 })
    : [{ threadId }]) {
    if (left <= 0) return;
    for await (const tuple of listThread(context, thread.threadId, selection, left)) {
      yield tuple;
      left -= 1;
    }
  }
}

async function* listThread(
  context: SaverContext,
  threadId: string,
  selection: Selection,
  limit: number,
): AsyncGenerator<CheckpointTuple> {
  const { checkpointId, before, filter } = selection;
  if (checkpointId !== undefined && before !== undefined && !isOlder(checkpointId, before)) return;
  const keys = threadKeys(context.keyPrefix, threadId);
  const pages = new ListPages(context, keys);
  let left = limit;
  async function* tuplesOf({ rows, chunks }: Page): AsyncGenerator<CheckpointTuple> {
    const source = { ...context, threadId, keys, chunks, onRead: pages.onRead };
    for (const row of rows) {
      if (left === 0) return;
      left -= 1;
      yield await decodeTuple(source, row);
    }
  }
  const isWanted = filter && matcher(context.codec, { key: keys.checkpoints, threadId }, filter);
  for await (const page of pagesOf(context, keys, pages, selection, () => left)) {
    if (!isWanted) {
      yield* tuplesOf(page);
    } else {
      const matching: string[] = [];
      for (const row of page.rows) if (await isWanted(row)) matching.push(fieldOf(row));
      for await (const found of pages.named(matching.slice(0, left), "checkpoints")) yield* tuplesOf(found);
    }
    if (left === 0) return;
  }
}

/** All checkpoints of a thread that are wanted, whatever their metadata; with a filter their records only. */
export async function* pagesOf(
  context: SaverContext,
  keys: ThreadKeys,
  pages: ListPages,
  { checkpointNs, checkpointId, before = "", filter }: Omit<Selection, "threadId" | "limit">,
  left: () => number,
  content: PageContent = filter ? "records" : "checkpoints",
): AsyncGenerator<Page> {
  const limit = () => (filter ? Number.POSITIVE_INFINITY : left());
  if (checkpointNs !== undefined && checkpointId !== undefined) {
    yield* pages.named([checkpointField(checkpointNs, checkpointId)], content);
    return;
  }
  if (checkpointId === undefined) {
    // Most threads have one namespace: then the first page is here already.
    let prefix = checkpointNs === undefined ? "" : fieldPrefix(checkpointNs);
    let page = await pages.newest(prefix, before, content, limit());
    while (page !== "several") {
      yield page;
      const last = page.rows.at(-1);
      if (page.isLast || last === undefined) return;
      prefix = `${last.checkpointNsEncoded}:`;
      page = await pages.newest(prefix, last.checkpointId, content, limit());
    }
  }
  const merge = new NamespaceMerge(context, keys, { id: checkpointId, before, limit: limit() });
  const { filterPage, listPage } = context.limits;
  const most = content === "checkpoints" ? listPage : filterPage;
  for (;;) {
    const fields = await merge.take(Math.min(most, limit()));
    if (fields.length === 0) return;
    yield* pages.named(fields, content);
  }
}

/** Whether the metadata of a record match. */
function matcher(
  codec: ValueCodec,
  location: { key: string; threadId: string },
  filter: Record<string, unknown>,
): (row: Row) => Promise<boolean> {
  const contents = codec.contentsOf(location.key);
  return async (row) => {
    try {
      const { body } = decodeRecord(contents, fieldOf(row), row.record);
      return matchesFilter(await decodeMetadata(codec, body), filter);
    } catch (cause) {
      const checkpointNs = decodeKeyPart(row.checkpointNsEncoded);
      const at = { ...location, checkpointNs, checkpointId: row.checkpointId };
      throw unreadable("cannot read the metadata", at, cause);
    }
  };
}

/** Ids are ordered by their UTF-8 bytes, as in Redis. */
function isOlder(id: string, other: string): boolean {
  return Buffer.compare(Buffer.from(id), Buffer.from(other)) < 0;
}
