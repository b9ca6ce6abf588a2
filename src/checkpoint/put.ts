import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointMetadata,
  PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { isDeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { formatValue, InvalidInputError, ThreadConflictError } from "../errors.js";
import type { Connection, Reply } from "../redis/command.js";
import { encodeKeyPart } from "../redis/key-encoding.js";
import type { PipelineEntry } from "../redis/script.js";
import {
  type Address,
  addressOf,
  checkChannel,
  checkCheckpointId,
  refuseCheckpoint,
  toConfig,
} from "./address.js";
import { Admission } from "./admission.js";
import { execute, executeAll } from "./call.js";
import type { HeldChunks } from "./held-chunks.js";
import { checkpointField, runKey, scopeOf, threadKeys, threadsKey } from "./keys.js";
import { writeIndex, writeKey, writeValue } from "./pending-writes.js";
import { encodeBody } from "./record.js";
import { expireRuns } from "./runs.js";
import { PUT, PUT_WRITES } from "./scripts.js";
import type { ValueCodec } from "./values/codec.js";
import type { EncodedValue } from "./values/encoded-value.js";
import { type KnownValues, NOTHING_KNOWN } from "./values/known-values.js";

export interface WriteContext {
  readonly codec: ValueCodec;
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly held: HeldChunks;
  readonly known: KnownValues;
  /** Milliseconds, or "". */
  readonly ttl: string;
  readonly history: "all" | "latest";
}

/** A refusal is answered with what was missing. That it is refused again means that others prune the thread. */
const MAX_ATTEMPTS = 5;

/** See {@link RedisSaver.put}. */
export async function storeCheckpoint(
  context: WriteContext,
  config: RunnableConfig,
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata,
  newVersions: ChannelVersions,
): Promise<RunnableConfig> {
  const { threadId, checkpointNs, checkpointId: parentId } = addressOf(config);
  const id = checkCheckpointId(checkpoint?.id, "checkpoint.id");
  const { codec, connection, keyPrefix, held, known } = context;
  const keys = threadKeys(keyPrefix, threadId);
  const [thread] = keys;
  const what = `checkpoint ${formatValue(id)} of thread ${formatValue(threadId)}`;
  const scope = scopeOf(thread, checkpointNs);
  const holds = (name: string) => held.has(thread, name);
  const encode = async (channel: string): Promise<[string, EncodedValue]> => {
    const beliefs = { known: known.get(scope, channel) ?? NOTHING_KNOWN, holds };
    const value = checkpoint.channel_values[channel];
    return [
      channel,
      await codec.encode(value, `channel ${formatValue(channel)} of ${what}`, thread, beliefs),
    ];
  };

  const present = Object.keys(checkpoint.channel_values ?? {});
  const versions = checkpoint.channel_versions ?? {};
  for (const channel of [...present, ...Object.keys(versions)]) checkChannel(channel, what);
  // A channel without version may have changed unnoticed.
  const isNew = (channel: string) =>
    Object.hasOwn(newVersions ?? {}, channel) || !Object.hasOwn(versions, channel);
  // Without a parent nothing can be inherited, and only what is new is given. But LangGraph's updates from outside
  // apply the pending writes of tasks without new versions, and its forks are copies under another parent: both are
  // given whole, and say of what differs from the parent that it is not new.
  const whole = metadata?.source === "update" || metadata?.source === "fork";
  const given = whole ? present : present.filter(isNew);
  const stored = parentId === undefined ? given : present;

  const [encoded, body] = await Promise.all([
    Promise.all(given.map(encode)),
    encodeBody(codec, checkpoint, metadata, what),
  ]);
  const values = new Map(encoded);
  const under = context.history === "latest" ? parentTaskOf(checkpointNs, metadata) : undefined;
  const head = JSON.stringify({ v: checkpoint.v ?? 4, versions, under }).slice(0, -1);
  const deltas = deltaChannels(checkpoint, metadata);
  const runId = runOf(config, metadata);
  const bookkeeping: PipelineEntry[] = registration(context, threadId, runId);
  const admission = new Admission(held, thread);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = admission.prepare([...values.values()]);
    [...values.keys()].forEach((channel, at) => {
      values.set(channel, prepared.values[at] as EncodedValue);
    });
    const [reply, ...registered] = await executeAll(connection, [
      PUT.call(keys, [
        checkpointField(checkpointNs, id),
        context.ttl,
        parentId === undefined ? "" : checkpointField(checkpointNs, parentId),
        head,
        body,
        runId === undefined ? "" : encodeKeyPart(runId),
        context.history === "latest" && metadata?.source === "fork" ? "latest, fork" : context.history,
        String(deltas.length),
        ...deltas,
        String(stored.length),
        ...stored.flatMap((channel) => [channel, values.get(channel)?.reference ?? ""]),
        ...prepared.chunkArgs,
      ]),
      ...bookkeeping,
    ]);
    for (const answer of [reply, ...registered]) if (answer instanceof Error) throw answer;
    if (Buffer.isBuffer(reply)) refuseCheckpoint({ threadId, checkpointNs }, parentId ?? "", reply);
    const [refused, left, ownTtl] = reply as [Reply, Reply, Buffer];
    const missing = toStrings(refused);
    const notInherited = toStrings(left);
    if (missing.length === 0 && notInherited.length === 0) {
      admission.accepted();
      known.set(
        scope,
        [...values].map(([channel, value]) => [channel, value.known] as const),
      );
      if (runId !== undefined && ownTtl.length > 0) {
        await expireRuns(context, [encodeKeyPart(runId)], Number(ownTtl.toString()));
      }
      return toConfig(threadId, checkpointNs, id);
    }
    if (missing.length > 0) {
      admission.refused(missing);
      known.forget(scope);
      for (const [channel, value] of values) values.set(channel, value.rewritten());
    }
    // Refused again, it is the parent's values that have lost chunks.
    const sent =
      missing.length > 0 && attempt > 0 ? stored.filter((each) => !values.has(each)) : notInherited;
    for (const [channel, value] of await Promise.all(sent.map(encode))) values.set(channel, value);
  }
  throw refusedTooOften(what);
}

/** The channels whose values are spread over the writes of the ancestors, where LangGraph names them. */
function deltaChannels(checkpoint: Checkpoint, metadata: CheckpointMetadata | undefined): string[] {
  const counted = Object.keys(metadata?.counters_since_delta_snapshot ?? {});
  const values = Object.entries(checkpoint.channel_values ?? {});
  const snapshots = values.filter(([, value]) => isDeltaSnapshot(value)).map(([channel]) => channel);
  return [...new Set([...counted, ...snapshots])];
}

/**
 * The checkpoint that a subgraph's namespace hangs on when it is one task's: LangGraph appends the task's id to its
 * name. A namespace without one belongs to the subgraph itself and outlives its runs.
 */
function parentTaskOf(checkpointNs: string, metadata: CheckpointMetadata | undefined): string | undefined {
  const lastBar = checkpointNs.lastIndexOf("|");
  if (!checkpointNs.slice(lastBar + 1).includes(":")) return undefined;
  const parentNs = lastBar === -1 ? "" : checkpointNs.slice(0, lastBar);
  const parentId = metadata?.parents?.[parentNs];
  return parentId === undefined ? undefined : checkpointField(parentNs, parentId);
}

/** The run that makes a checkpoint, as LangGraph's servers name it. */
function runOf(config: RunnableConfig, metadata: CheckpointMetadata | undefined): string | undefined {
  const named = [
    config.configurable?.run_id,
    config.metadata?.run_id,
    (metadata as { run_id?: unknown } | undefined)?.run_id,
  ];
  return named.find((id): id is string => typeof id === "string" && id !== "");
}

/**
 * Enters a thread into the indexes over all threads. They go after the checkpoint, in the same pipeline: a thread that
 * is in an index but not there is tolerated by all readers, the opposite is not.
 */
function registration(
  { keyPrefix, ttl }: WriteContext,
  threadId: string,
  runId: string | undefined,
): PipelineEntry[] {
  const threads = threadsKey(keyPrefix);
  const member = encodeKeyPart(threadId);
  const steps: PipelineEntry[] = [{ key: threads, args: ["ZADD", threads, String(Date.now()), member] }];
  if (runId === undefined) return steps;
  const run = runKey(keyPrefix, runId);
  steps.push({ key: run, args: ["SADD", run, member] });
  if (ttl !== "") steps.push({ key: run, args: ["PEXPIRE", run, ttl] });
  return steps;
}

/** See {@link RedisSaver.putWrites}. */
export async function storeWrites(
  context: WriteContext,
  { threadId, checkpointNs, checkpointId }: Address & { readonly checkpointId: string },
  writes: readonly PendingWrite[],
  taskId: string,
  taskPath: string,
): Promise<void> {
  if (typeof taskId !== "string" || taskId === "") {
    throw new InvalidInputError(`the task id must be a non-empty string, got ${formatValue(taskId)}.`);
  }
  if (typeof taskPath !== "string") {
    throw new InvalidInputError(`the task path must be a string, got ${formatValue(taskPath)}.`);
  }
  const { codec, connection, keyPrefix, held } = context;
  const keys = threadKeys(keyPrefix, threadId);
  const [thread] = keys;
  const what = `the writes of task ${formatValue(taskId)} for checkpoint ${formatValue(checkpointId)} of thread ${formatValue(threadId)}`;
  const beliefs = { known: NOTHING_KNOWN, holds: (name: string) => held.has(thread, name) };
  let values: readonly EncodedValue[] = await Promise.all(
    writes.map(([channel, value]) =>
      codec.encode(value, `channel ${formatValue(channel)} in ${what}`, thread, beliefs),
    ),
  );
  const lineArgs = (write: PendingWrite, position: number): string[] => {
    const index = writeIndex(write, position);
    const { reference } = values[position] as EncodedValue;
    return [
      writeKey(taskId, index),
      index < 0 ? "1" : "",
      writeValue(taskPath, write[0], reference),
      reference,
    ];
  };

  const admission = new Admission(held, thread);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = admission.prepare(values);
    values = prepared.values;
    const args = [checkpointField(checkpointNs, checkpointId), context.ttl, String(writes.length)];
    const call = PUT_WRITES.call(keys, [...args, ...writes.flatMap(lineArgs), ...prepared.chunkArgs]);
    const missing = toStrings(await execute(connection, call));
    if (missing.length === 0) {
      admission.accepted();
      return;
    }
    admission.refused(missing);
    values = values.map((value) => value.rewritten());
  }
  throw refusedTooOften(what);
}

function toStrings(reply: Reply): string[] {
  return (reply as Buffer[]).map((text) => text.toString("utf8"));
}

function refusedTooOften(what: string): Error {
  return new ThreadConflictError(
    `cannot store ${what}: its thread lost chunks ${MAX_ATTEMPTS} times while they were being sent. ` +
      "Nothing was written. Try again when the thread is not being pruned.",
  );
}
