import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointListOptions, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { describeOption } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import { abortableContext, signalOfRead } from "../abort.js";
import { checkConfig, checkpointIdOf, checkThreadId, namespaceOf } from "../config.js";
import type { SaverContext } from "../context.js";
import { allThreads } from "../indexes/thread-index.js";
import { fieldPrefix, type ThreadKeys, threadKeys } from "../keys.js";
import { decodeMetadata, decodeRecord } from "../records/checkpoint-record.js";
import { decodeTuple } from "../records/checkpoint-tuple.js";
import { matchesFilter } from "../records/metadata-filter.js";
import { decodeReadReply } from "../records/read-reply.js";
import { checkRecordLike } from "../records/record-like.js";
import { unreadable } from "../records/unreadable.js";
import { execute } from "../scripts/execute.js";
import { GET, LIST } from "../scripts/index.js";
import type { ValueCodec } from "../values/codec.js";

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
    return listSelected(abortableContext(context, signalOfRead(config)), selection);
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
    before: before && checkpointIdOf(before),
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

async function* listSelected(context: SaverContext, selection: Selection): AsyncGenerator<CheckpointTuple> {
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
  const { checkpointNs, checkpointId, before, filter } = selection;
  if (checkpointId !== undefined && before !== undefined && !isOlder(checkpointId, before)) return;
  const { connection, limits, readTtl } = context;
  const batch = String(limits.scriptBatch);
  const keys = threadKeys(context.keyPrefix, threadId);
  const only = [checkpointNs === undefined ? "" : fieldPrefix(checkpointNs), checkpointId ?? ""];
  let after = [before ?? "", ""];
  let left = limit;
  while (left > 0) {
    const count = filter ? limits.filterPage : Math.min(limits.listPage, left);
    const args = [readTtl, ...only, ...after, String(count), filter ? "bodies" : "checkpoints", batch];
    let reply = await execute(connection, LIST.call(keys.all, args));
    const listed = fieldsOf(reply);
    if (filter) {
      const matching = (await matches(context.codec, threadId, keys, reply, filter)).slice(0, left);
      reply =
        matching.length === 0
          ? [[], Buffer.alloc(0), []]
          : await execute(
              connection,
              GET.call(keys.all, [readTtl, "all", String(matching.length), ...matching, "", "", batch]),
            );
    }
    const { rows, chunks } = decodeReadReply(reply);
    for (const row of rows) {
      yield await decodeTuple({ ...context, threadId, keys, chunks }, row);
      left -= 1;
    }
    const last = listed.at(-1);
    if (last === undefined || listed.length < count) return;
    const colon = last.indexOf(":");
    after = [last.slice(colon + 1), last.slice(0, colon + 1)];
  }
}

/** Names, for the script that gets checkpoints, those among the listed bodies whose metadata match. */
async function matches(
  codec: ValueCodec,
  threadId: string,
  keys: ThreadKeys,
  reply: Reply,
  filter: Record<string, unknown>,
): Promise<string[]> {
  const [rows] = reply as [[Buffer, Buffer][]];
  const wanted: string[] = [];
  for (const [field, record] of rows) {
    const name = field.toString("utf8");
    const metadata = await Promise.resolve()
      .then(() => decodeMetadata(codec, decodeRecord(codec, record).body))
      .catch((cause: unknown) => {
        const checkpointId = name.slice(name.indexOf(":") + 1);
        throw unreadable(
          "cannot read the metadata",
          { key: keys.checkpoints, threadId, checkpointId },
          cause,
        );
      });
    if (matchesFilter(metadata, filter)) wanted.push(`=${name}`);
  }
  return wanted;
}

function fieldsOf(reply: Reply): string[] {
  const [rows] = reply as [Buffer[][]];
  return rows.map(([field]) => (field as Buffer).toString("utf8"));
}

/** Ids are ordered by their UTF-8 bytes, as in Redis. */
function isOlder(id: string, other: string): boolean {
  return Buffer.compare(Buffer.from(id), Buffer.from(other)) < 0;
}
