import type { CheckpointPendingWrite, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { maxChannelVersion, TASKS } from "@langchain/langgraph-checkpoint";
import type { CorruptRecordLocation } from "../../errors.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import type { KnownValue } from "../cache/value-cache.js";
import { toConfig } from "../config.js";
import type { ThreadKeys } from "../keys.js";
import type { ValueCodec } from "../values/codec.js";
import type { DecodedValue } from "../values/decode.js";
import { assembleCheckpoint, decodeMetadata, decodeRecord } from "./checkpoint-record.js";
import { unseal } from "./checksum.js";
import { decodeWrites } from "./pending-writes.js";
import type { ReadReply, Row } from "./read-reply.js";
import { unreadable } from "./unreadable.js";

/** What is needed to read the rows of one thread. */
export interface TupleSource {
  readonly codec: ValueCodec;
  readonly threadId: string;
  readonly keys: ThreadKeys;
  readonly chunks: ReadReply["chunks"];
  /** The version of a channel that had none before. */
  readonly firstVersion: () => number | string;
  /** What is known of a channel's value already. */
  readonly knownValue?: (checkpointNs: string, channel: string) => KnownValue | undefined;
  /** Told what is known of the channels' values. */
  readonly onValues?: (
    checkpointNs: string,
    values: (readonly [channel: string, known: KnownValue])[],
  ) => void;
}

/**
 * Builds the tuple of one row. Every call makes new objects, so that no two tuples share state.
 *
 * @throws {CorruptRecordError} when the record, a chunk or a pending write is missing, altered or malformed.
 * @throws {DeserializationError} when the serializer refuses what is none of these.
 */
export async function decodeTuple(source: TupleSource, row: Row): Promise<CheckpointTuple> {
  const { codec, threadId } = source;
  const checkpointNs = decodeKeyPart(row.checkpointNsEncoded);
  const { checkpointId } = row;
  const { keys } = source;
  const corrupt = (problem: string, key: string, cause: unknown, channel?: string): Error => {
    const location: CorruptRecordLocation = { key, threadId, checkpointNs, checkpointId, channel };
    return unreadable(problem, location, cause);
  };
  const chunk = (digest: string) => source.chunks.get(digest);
  const read = (reference: string, channel: string, problem: string, before?: KnownValue): DecodedValue => {
    try {
      return codec.decode(reference, chunk, keys.checkpoints, before);
    } catch (cause) {
      throw corrupt(problem, keys.chunks, cause, channel);
    }
  };
  const settle = async (value: unknown, channel: string, problem: string): Promise<unknown> => {
    try {
      return await value;
    } catch (cause) {
      throw corrupt(problem, keys.chunks, cause, channel);
    }
  };
  const writesOf = async (sealed: Buffer | undefined): Promise<CheckpointPendingWrite[]> => {
    const writes = attempt(
      () => (sealed ? decodeWrites(unseal(sealed)) : []),
      (cause) => corrupt("cannot read the pending writes", keys.writes, cause),
    );
    return Promise.all(
      writes.map(async ({ taskId, channel, reference }): Promise<CheckpointPendingWrite> => {
        const problem = "cannot read a pending write";
        return [taskId, channel, await settle(read(reference, channel, problem).value, channel, problem)];
      }),
    );
  };

  const { head, body } = attempt(
    () => decodeRecord(row.record),
    (cause) => corrupt("cannot read the checkpoint", keys.checkpoints, cause),
  );
  const problem = "cannot read the value of a channel";
  const decoded = Object.entries(head.channels).map(
    ([channel, reference]) =>
      [channel, read(reference, channel, problem, source.knownValue?.(checkpointNs, channel))] as const,
  );
  const values = await Promise.all(decoded.map(([channel, { value }]) => settle(value, channel, problem)));
  source.onValues?.(
    checkpointNs,
    decoded.map(([channel, { known }]) => [channel, known] as const),
  );
  const channelValues = Object.fromEntries(decoded.map(([channel], at) => [channel, values[at]]));
  const checkpoint = assembleCheckpoint(head, body, checkpointId, channelValues);
  if (head.v < 4 && head.parent !== undefined) {
    // Up to version 3 the pending sends were writes of the parent; now they are a channel.
    const sends = (await writesOf(row.parentWrites)).filter(([, channel]) => channel === TASKS);
    const versions = Object.values(checkpoint.channel_versions);
    checkpoint.channel_values[TASKS] = sends.map(([, , sent]) => sent);
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : source.firstVersion();
  }
  const tuple: CheckpointTuple = {
    config: toConfig(threadId, checkpointNs, checkpointId),
    checkpoint,
    metadata: await decodeMetadata(codec, body).catch((cause: unknown) => {
      throw corrupt("cannot read the metadata", keys.checkpoints, cause);
    }),
    pendingWrites: await writesOf(row.writes),
  };
  if (head.parent !== undefined) tuple.parentConfig = toConfig(threadId, checkpointNs, head.parent);
  return tuple;
}

function attempt<T>(work: () => T, toError: (cause: unknown) => Error): T {
  try {
    return work();
  } catch (cause) {
    throw toError(cause);
  }
}
