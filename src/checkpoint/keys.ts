import { encodeKeyPart } from "../redis/key-encoding.js";

/** The keys of one thread. They share one hash tag. */
export interface ThreadKeys {
  readonly checkpoints: string;
  readonly order: string;
  readonly writes: string;
  readonly chunks: string;
  readonly runs: string;
  /** All of them, in the order in which every script expects them as its KEYS. */
  readonly all: readonly string[];
}

export function threadKeys(keyPrefix: string, threadId: string): ThreadKeys {
  const thread = `${keyPrefix}:thread:{${encodeKeyPart(threadId)}}`;
  const checkpoints = `${thread}:checkpoints`;
  const order = `${thread}:order`;
  const writes = `${thread}:writes`;
  const chunks = `${thread}:chunks`;
  const runs = `${thread}:runs`;
  return { checkpoints, order, writes, chunks, runs, all: [checkpoints, order, writes, chunks, runs] };
}

/** The sorted set of all threads by the time of their last checkpoint. */
export function threadsKey(keyPrefix: string): string {
  return `${keyPrefix}:threads`;
}

/** The set of the threads that a run made checkpoints of. */
export function runKey(keyPrefix: string, runId: string): string {
  return encodedRunKey(keyPrefix, encodeKeyPart(runId));
}

/** The same, of a run id as the scripts know it. */
export function encodedRunKey(keyPrefix: string, encodedRunId: string): string {
  return `${keyPrefix}:run:{${encodedRunId}}`;
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

/** Names a checkpoint namespace of a thread among all threads, for what the client remembers of it. */
export function scopeOf(thread: string, checkpointNs: string): string {
  return `${thread} ${encodeKeyPart(checkpointNs)}`;
}
