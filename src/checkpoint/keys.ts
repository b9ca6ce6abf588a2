import { encodeKeyPart } from "../redis/key-encoding.js";
import { partitionOf } from "../redis/partition.js";

/** The indexes of one partition. */
export interface PartitionKeys {
  /** Sorted set: thread by the time of its last write. */
  readonly threads: string;
  /** Sorted set: thread by the time of its first write, an order that never changes. */
  readonly created: string;
  /** Sorted set: thread by the moment at which it expires; only threads with a time to live. */
  readonly expires: string;
  /** Sorted set in the order of its members: `r:<run>:<thread>` and `t:<thread>:<run>`. */
  readonly runs: string;
  /** All of them, in the order in which every script expects them as the last of its KEYS. */
  readonly all: readonly string[];
}

export function partitionKeys(keyPrefix: string, partition: number): PartitionKeys {
  const prefix = `${keyPrefix}:{${partition}}`;
  const threads = `${prefix}:threads`;
  const created = `${prefix}:created`;
  const expires = `${prefix}:expires`;
  const runs = `${prefix}:runs`;
  return { threads, created, expires, runs, all: [threads, created, expires, runs] };
}

/** The keys of one thread. They share one hash tag with the indexes of its partition. */
export interface ThreadKeys {
  readonly checkpoints: string;
  readonly index: string;
  readonly chunks: string;
  /** All of them. */
  readonly own: readonly string[];
  /** They and the indexes of the partition, in the order in which every script expects them as its KEYS. */
  readonly all: readonly string[];
  readonly partition: PartitionKeys;
}

export function threadKeys(keyPrefix: string, threadId: string): ThreadKeys {
  const encoded = encodeKeyPart(threadId);
  const number = partitionOf(encoded);
  const partition = partitionKeys(keyPrefix, number);
  const thread = `${keyPrefix}:{${number}}:thread:${encoded}`;
  const checkpoints = `${thread}:checkpoints`;
  const index = `${thread}:index`;
  const chunks = `${thread}:chunks`;
  const own = [checkpoints, index, chunks];
  return { checkpoints, index, chunks, own, all: [...own, ...partition.all], partition };
}

/** Keys for parts of a thread that is being rewritten, which are in its slot and belong to one rewriting. */
export function stagingKeys(keyPrefix: string, threadId: string, token: string): readonly string[] {
  const staging = `${keyPrefix}:{${partitionOf(encodeKeyPart(threadId))}}:rewrite:${token}`;
  return [`${staging}:checkpoints`, `${staging}:index`, `${staging}:chunks`];
}

/** What the field of a checkpoint starts with in its namespace; an encoded namespace contains no colon. */
export function fieldPrefix(checkpointNs: string): string {
  return `${encodeKeyPart(checkpointNs)}:`;
}

/**
 * The name of a checkpoint inside its thread. The id stands last and as it is, so that fields of one namespace
 * sort as their ids do.
 */
export function checkpointField(checkpointNs: string, checkpointId: string): string {
  return fieldPrefix(checkpointNs) + checkpointId;
}

/** The same with exactly one colon, for what more follows on. */
export function escapedField(checkpointNs: string, checkpointId: string): string {
  const id = checkpointId.replace(/[%:]/g, (char) => (char === "%" ? "%25" : "%3A"));
  return fieldPrefix(checkpointNs) + id;
}
