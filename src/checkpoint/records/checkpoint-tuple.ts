import type { CheckpointPendingWrite, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { maxChannelVersion, TASKS } from "@langchain/langgraph-checkpoint";
import type { CorruptRecordLocation } from "../../errors.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import type { CachedChannel, CachedCheckpoint } from "../cache/checkpoint-cache.js";
import { toConfig } from "../config.js";
import type { ThreadKeys } from "../keys.js";
import type { ValueCodec } from "../values/codec.js";
import type { ContentCodec } from "../values/content-codec.js";
import type { DecodedValue } from "../values/decode-value.js";
import { rootsOf } from "../values/value-ref.js";
import {
  assembleCheckpoint,
  decodeMetadata,
  decodeRecord,
  type RecordBody,
  type RecordHeader,
} from "./checkpoint-record.js";
import { decodeWrites } from "./pending-writes.js";
import { fieldOf, type ReadReply, type Row } from "./read-reply.js";
import { unreadable } from "./unreadable.js";

/** What is needed to read the rows of one thread. */
export interface TupleSource {
  readonly codec: ValueCodec;
  readonly threadId: string;
  readonly keys: ThreadKeys;
  readonly chunks: ReadReply["chunks"];
  /** The version of a channel that had none before. */
  readonly firstVersion: () => number | string;
  /** What is known of the namespace already: chunks that the reply does not have are taken from there. */
  readonly cached?: CachedCheckpoint | undefined;
  /** Told what is known of the checkpoint that was read. */
  readonly onRead?: (checkpoint: CachedCheckpoint) => void;
}

/**
 * Builds the tuple of one row. Every call makes new objects, so that no two tuples share state.
 *
 * @throws {CorruptRecordError} when the record, a chunk or a pending write is missing, altered or malformed.
 * @throws {DeserializationError} when the serializer refuses what is none of these.
 */
export async function decodeTuple(source: TupleSource, row: Row): Promise<CheckpointTuple> {
  const { codec, threadId } = source;
  const reader = new RowReader(source, row);
  const { header, body } = reader.record();
  const { checkpointNs, checkpointId } = reader;
  const values = await reader.channelValues(body);
  const checkpoint = assembleCheckpoint(body, checkpointId, values);
  if (header.v !== undefined && header.p !== undefined) {
    // Up to version 3 the pending sends were writes of the parent; now they are a channel.
    const sends = (await reader.writes(row.parentWrites)).filter(([, channel]) => channel === TASKS);
    const versions = Object.values(checkpoint.channel_versions);
    checkpoint.channel_values[TASKS] = sends.map(([, , sent]) => sent);
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : source.firstVersion();
  }
  const tuple: CheckpointTuple = {
    config: toConfig(threadId, checkpointNs, checkpointId),
    checkpoint,
    metadata: await decodeMetadata(codec, body).catch((cause: unknown) => {
      throw reader.unreadable("cannot read the metadata", source.keys.checkpoints, cause);
    }),
    pendingWrites: await reader.writes(row.writes),
  };
  if (header.p !== undefined) tuple.parentConfig = toConfig(threadId, checkpointNs, header.p);
  return tuple;
}

/** Reads the parts of a row; says which part of which checkpoint cannot be read. */
class RowReader {
  readonly checkpointNs: string;
  readonly checkpointId: string;
  private readonly contents: ContentCodec;

  constructor(
    private readonly source: TupleSource,
    private readonly row: Row,
  ) {
    this.checkpointNs = decodeKeyPart(row.checkpointNsEncoded);
    this.checkpointId = row.checkpointId;
    this.contents = source.codec.contentsOf(source.keys.checkpoints);
  }

  unreadable(problem: string, key: string, cause: unknown, channel?: string): Error {
    const { checkpointNs, checkpointId } = this;
    const { threadId } = this.source;
    const location: CorruptRecordLocation = { key, threadId, checkpointNs, checkpointId, channel };
    return unreadable(problem, location, cause);
  }

  record(): { header: RecordHeader; body: RecordBody } {
    try {
      return decodeRecord(this.contents, fieldOf(this.row), this.row.record);
    } catch (cause) {
      throw this.unreadable("cannot read the checkpoint", this.source.keys.checkpoints, cause);
    }
  }

  async channelValues({ channels, versions }: RecordBody): Promise<Record<string, unknown>> {
    const problem = "cannot read the value of a channel";
    const { cached, onRead } = this.source;
    const read = new Map<string, CachedChannel>();
    const entries = Object.entries(channels).map(([channel, reference]): [string, unknown] => {
      const before = cached?.channels.get(channel);
      const { value, known } = this.decode(reference, channel, problem, before);
      read.set(channel, { version: versions[channel], reference, roots: rootsOf(reference), known });
      return [channel, this.settled(value, channel, problem)];
    });
    for (const entry of entries) if (entry[1] instanceof Promise) entry[1] = await entry[1];
    onRead?.({ checkpointId: this.checkpointId, channels: read });
    return Object.fromEntries(entries);
  }

  async writes(members: readonly Buffer[]): Promise<CheckpointPendingWrite[]> {
    const { keys } = this.source;
    const problem = "cannot read a pending write";
    let writes: ReturnType<typeof decodeWrites>;
    try {
      writes = decodeWrites(this.contents, members);
    } catch (cause) {
      throw this.unreadable("cannot read the pending writes", keys.index, cause);
    }
    return Promise.all(
      writes.map(async ({ taskId, channel, reference }): Promise<CheckpointPendingWrite> => {
        const { value } = this.decode(reference, channel, problem);
        return [taskId, channel, await this.settled(value, channel, problem)];
      }),
    );
  }

  private decode(reference: string, channel: string, problem: string, before?: CachedChannel): DecodedValue {
    const { codec, chunks, keys } = this.source;
    try {
      return codec.decode(reference, (name) => chunks.get(name), keys.checkpoints, before?.known);
    } catch (cause) {
      throw this.unreadable(problem, keys.chunks, cause, channel);
    }
  }

  private settled(value: unknown, channel: string, problem: string): unknown {
    if (!(value instanceof Promise)) return value;
    const settling = value.catch((cause: unknown) => {
      throw this.unreadable(problem, this.source.keys.chunks, cause, channel);
    });
    settling.catch(() => {}); // awaited in its turn
    return settling;
  }
}
