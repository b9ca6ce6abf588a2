import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointMetadata,
  PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { InvalidInputError, LangGraphRedisError, show } from "../errors.js";
import type { Connection, Reply } from "../redis/connection.js";
import { run, runAll } from "../redis/script.js";
import { encodeSegment } from "../redis/segment.js";
import { type Address, addressOf, checkCheckpointId, toConfig } from "./address.js";
import { Admission } from "./admission.js";
import type { HeldChunks } from "./held-chunks.js";
import { checkpointField, scopeOf, threadKeys, threadsKey } from "./keys.js";
import { writeIndex, writeKey, writeValue } from "./pending-writes.js";
import { encodeBody } from "./record.js";
import { PUT, PUT_WRITES } from "./scripts.js";
import type { ValueCodec } from "./values/codec.js";
import type { EncodedValue } from "./values/encoded-value.js";
import type { KnownValues } from "./values/known-values.js";

export interface WriteContext {
  readonly codec: ValueCodec;
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly held: HeldChunks;
  readonly known: KnownValues;
  /** Milliseconds, or "". */
  readonly ttl: string;
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
  const what = `checkpoint ${show(id)} of thread ${show(threadId)}`;
  const scope = scopeOf(thread, checkpointNs);
  const holds = (name: string) => held.has(thread, name);
  const encode = async (channel: string): Promise<[string, EncodedValue]> => {
    const beliefs = { open: known.get(scope, channel)?.open, holds };
    const value = checkpoint.channel_values[channel];
    return [channel, await codec.encode(value, `channel ${show(channel)} of ${what}`, thread, beliefs)];
  };

  const present = Object.keys(checkpoint.channel_values ?? {});
  const versions = checkpoint.channel_versions ?? {};
  // A channel without version may have changed unnoticed.
  const isNew = (channel: string) =>
    Object.hasOwn(newVersions ?? {}, channel) || !Object.hasOwn(versions, channel);
  // Without a parent nothing can be inherited, and only what is new is given; but a copied checkpoint
  // (LangGraph's fork) is given whole, and says that nothing in it is new.
  const whole = parentId === undefined && metadata?.source === "fork";
  const given = whole ? present : present.filter(isNew);
  const stored = parentId === undefined ? given : present;

  const [encoded, body] = await Promise.all([
    Promise.all(given.map(encode)),
    encodeBody(codec, checkpoint, metadata, what),
  ]);
  const values = new Map(encoded);
  const head = JSON.stringify({ v: checkpoint.v, parent: parentId, versions }).slice(0, -1);
  const registry = threadsKey(keyPrefix);
  const admission = new Admission(held, thread);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = admission.prepare([...values.values()]);
    [...values.keys()].forEach((channel, at) => {
      values.set(channel, prepared.values[at] as EncodedValue);
    });
    const [reply, registered] = await runAll(connection, [
      PUT.call(keys, [
        checkpointField(checkpointNs, id),
        context.ttl,
        parentId === undefined ? "" : checkpointField(checkpointNs, parentId),
        head,
        body,
        String(stored.length),
        ...stored.flatMap((channel) => [channel, values.get(channel)?.reference ?? ""]),
        ...prepared.chunkArgs,
      ]),
      { key: registry, args: ["ZADD", registry, String(Date.now()), encodeSegment(threadId)] },
    ]);
    if (reply instanceof Error) throw reply;
    if (registered instanceof Error) throw registered;
    const [missing, notInherited] = (reply as Reply[]).map(toStrings) as [string[], string[]];
    if (missing.length === 0 && notInherited.length === 0) {
      admission.accepted();
      known.set(
        scope,
        [...values].map(([channel, value]) => [channel, value.known] as const),
      );
      return toConfig(threadId, checkpointNs, id);
    }
    if (missing.length > 0) {
      admission.refused(missing);
      known.forget(scope);
      for (const [channel, value] of values) values.set(channel, value.rewritten());
    }
    for (const [channel, value] of await Promise.all(notInherited.map(encode))) values.set(channel, value);
  }
  throw refusedTooOften(what);
}

/** See {@link RedisSaver.putWrites}. */
export async function storeWrites(
  context: WriteContext,
  { threadId, checkpointNs, checkpointId }: Address & { readonly checkpointId: string },
  writes: readonly PendingWrite[],
  taskId: string,
): Promise<void> {
  if (typeof taskId !== "string" || taskId === "") {
    throw new InvalidInputError(`the task id must be a non-empty string, got ${show(taskId)}.`);
  }
  const { codec, connection, keyPrefix, held } = context;
  const keys = threadKeys(keyPrefix, threadId);
  const [thread] = keys;
  const what = `the writes of task ${show(taskId)} for checkpoint ${show(checkpointId)} of thread ${show(threadId)}`;
  const beliefs = { open: undefined, holds: (name: string) => held.has(thread, name) };
  let values: readonly EncodedValue[] = await Promise.all(
    writes.map(([channel, value]) =>
      codec.encode(value, `channel ${show(channel)} in ${what}`, thread, beliefs),
    ),
  );
  const lineArgs = (write: PendingWrite, position: number): string[] => {
    const index = writeIndex(write, position);
    const { reference } = values[position] as EncodedValue;
    return [writeKey(taskId, index), index < 0 ? "1" : "", writeValue(write[0], reference), reference];
  };

  const admission = new Admission(held, thread);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = admission.prepare(values);
    values = prepared.values;
    const args = [checkpointField(checkpointNs, checkpointId), context.ttl, String(writes.length)];
    const call = PUT_WRITES.call(keys, [...args, ...writes.flatMap(lineArgs), ...prepared.chunkArgs]);
    const missing = toStrings(await run(connection, call));
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
  return new LangGraphRedisError(
    `cannot store ${what}: its thread lost chunks ${MAX_ATTEMPTS} times while they were being sent. ` +
      "Nothing was written. Try again when the thread is not being pruned.",
  );
}
