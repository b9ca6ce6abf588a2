import type { CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { describeOption } from "../../describe.js";
import { EncryptionError, InvalidInputError } from "../../errors.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import { type AbortOptions, optionalSignal } from "../abort.js";
import { checkCheckpointId, checkThreadId } from "../config.js";
import { fetchKeys, type SaverContext } from "../context.js";
import { threadKeys } from "../keys.js";
import { decodeHeader, decodeMetadata, decodeRecord } from "../records/checkpoint-record.js";
import { decodeWriteNames, decodeWrites } from "../records/pending-writes.js";
import { fieldOf, type Row } from "../records/read-reply.js";
import { unreadable } from "../records/unreadable.js";
import { pagesOf } from "./list.js";
import { ListPages } from "./list-pages.js";

/** A pending write without its value. */
export interface PendingWriteInfo {
  readonly taskId: string;
  /** Where the task stands in its step; `""` when it was not given. Undefined as `encrypted` says. */
  readonly taskPath: string | undefined;
  /** Its place among the writes of its call; below zero for errors, interrupts and the like. */
  readonly index: number;
  /** Undefined as `encrypted` says. */
  readonly channel: string | undefined;
}

/** A checkpoint without the values of its channels. */
export interface CheckpointInfo {
  readonly checkpointNs: string;
  readonly checkpointId: string;
  readonly parentId: string | undefined;
  /** When it was made, as the checkpoint says. */
  readonly ts: string | undefined;
  /** Undefined as `encrypted` says. */
  readonly metadata: CheckpointMetadata | undefined;
  /** Its pending writes, in the order in which `getTuple` has them. */
  readonly pendingWrites: readonly PendingWriteInfo[];
  /** Bytes of its record and its pending writes. Chunks of values, which checkpoints share, are not counted. */
  readonly bytes: number;
  /** Why parts of it cannot be read: the key that it is encrypted with was not given, or it was altered. */
  readonly encrypted: EncryptionError | undefined;
}

/** Options of {@link RedisSaver.listCheckpoints}. */
export interface ListCheckpointsOptions extends AbortOptions {
  /** Only those of this namespace. Default: of all namespaces. */
  checkpointNs?: string;
  /** Only those whose ids come before this one. */
  before?: string;
  /** The largest number of checkpoints. Default: all. */
  limit?: number;
}

const LIST_CHECKPOINTS_OPTIONS: KnownOptions<ListCheckpointsOptions> = {
  checkpointNs: true,
  before: true,
  limit: true,
  signal: true,
};

/** See {@link RedisSaver.listCheckpoints}. The arguments are read at the call. */
export function listCheckpoints(
  context: SaverContext,
  threadId: string,
  options: ListCheckpointsOptions = {},
): AsyncGenerator<CheckpointInfo> {
  checkKnownOptions(options, LIST_CHECKPOINTS_OPTIONS, "listCheckpoints");
  const { checkpointNs, before, limit = Number.POSITIVE_INFINITY } = options;
  if (limit !== Number.POSITIVE_INFINITY && !(Number.isInteger(limit) && limit >= 0)) {
    throw new InvalidInputError(
      `limit must be a whole number of checkpoints, at least 0, got ${describeOption(limit)}.`,
    );
  }
  if (checkpointNs !== undefined && typeof checkpointNs !== "string") {
    throw new InvalidInputError(`checkpointNs must be a string, got ${describeOption(checkpointNs)}.`);
  }
  const selection = {
    checkpointNs,
    checkpointId: undefined,
    before: before === undefined ? undefined : checkCheckpointId(before, "before"),
    filter: undefined,
  };
  return summaries(context, checkThreadId(threadId), selection, limit, optionalSignal(options));
}

async function* summaries(
  context: SaverContext,
  threadId: string,
  selection: Parameters<typeof pagesOf>[3],
  limit: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<CheckpointInfo> {
  await fetchKeys(context, signal);
  const keys = threadKeys(context.keyPrefix, threadId);
  const pages = new ListPages(context, keys);
  let left = limit;
  if (left === 0) return;
  for await (const { rows } of pagesOf(context, keys, pages, selection, () => left, "summaries")) {
    for (const row of rows) {
      yield await toInfo(context, { key: keys.checkpoints, threadId }, row);
      left -= 1;
      if (left === 0) return;
    }
  }
}

async function toInfo(
  { codec }: Pick<SaverContext, "codec">,
  place: { key: string; threadId: string },
  row: Row,
): Promise<CheckpointInfo> {
  const { checkpointNsEncoded, checkpointId, record, writes } = row;
  const checkpointNs = decodeKeyPart(checkpointNsEncoded);
  const contents = codec.contentsOf(place.key);
  const bytes = writes.reduce((sum, member) => sum + member.length, record.length);
  try {
    const { header, body } = decodeRecord(contents, fieldOf(row), record);
    return {
      ...{ checkpointNs, checkpointId, bytes, encrypted: undefined },
      parentId: header.p,
      ts: body.checkpoint.ts,
      metadata: await decodeMetadata(codec, body),
      pendingWrites: decodeWrites(contents, writes).map(({ taskId, taskPath, index, channel }) => {
        return { taskId, taskPath, index, channel };
      }),
    };
  } catch (cause) {
    if (cause instanceof EncryptionError) {
      const { header, ts } = decodeHeader(record);
      const unknown = { taskPath: undefined, channel: undefined };
      const pendingWrites = decodeWriteNames(writes).map((write) => ({ ...write, ...unknown }));
      const known = { parentId: header.p, ts, pendingWrites, metadata: undefined };
      return { checkpointNs, checkpointId, bytes, encrypted: cause, ...known };
    }
    throw unreadable("cannot read the checkpoint", { ...place, checkpointNs, checkpointId }, cause);
  }
}
