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
import { checkpointField, threadKeys, threadsKey } from "./keys.js";
import { writeIndex, writeKey, writeValue } from "./pending-writes.js";
import { encodeBody } from "./record.js";
import { PUT, PUT_WRITES } from "./scripts.js";
import type { ValueCodec } from "./values/codec.js";
import type { EncodedValue } from "./values/encoded-value.js";

export interface WriteContext {
  readonly codec: ValueCodec;
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly held: HeldChunks;
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
  const { codec, connection, keyPrefix, held } = context;
  const keys = threadKeys(keyPrefix, threadId);
  const what = `checkpoint ${show(id)} of thread ${show(threadId)}`;

  const encode = async (channels: readonly string[]): Promise<[string, EncodedValue][]> =>
    Promise.all(
      channels.map(async (channel): Promise<[string, EncodedValue]> => {
        const value = checkpoint.channel_values[channel];
        return [channel, await codec.encode(value, `channel ${show(channel)} of ${what}`)];
      }),
    );
  const present = Object.keys(checkpoint.channel_values ?? {});
  const isNew = (channel: string) => Object.hasOwn(newVersions ?? {}, channel);
  // Without a parent nothing can be inherited, and only what is new is given; but a copied checkpoint
  // (LangGraph's fork) is given whole, and says that nothing in it is new.
  const inherited = parentId === undefined ? [] : present.filter((channel) => !isNew(channel));
  const given = parentId === undefined && metadata?.source === "fork" ? present : present.filter(isNew);

  const [encoded, body] = await Promise.all([encode(given), encodeBody(codec, checkpoint, metadata, what)]);
  const stored = new Map(encoded);
  const head = JSON.stringify({
    v: checkpoint.v,
    parent: parentId,
    versions: checkpoint.channel_versions ?? {},
  }).slice(0, -1);

  const admission = new Admission(held, keys[0]);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { values, chunkArgs } = admission.prepare([...stored.values()]);
    const references = new Map(
      [...stored.keys()].map((channel, at) => [channel, values[at]?.reference ?? ""]),
    );
    const channels = present.filter((channel) => stored.has(channel) || inherited.includes(channel));
    const registry = threadsKey(keyPrefix);
    const [reply, registered] = await runAll(connection, [
      PUT.call(keys, [
        checkpointField(checkpointNs, id),
        context.ttl,
        parentId === undefined ? "" : checkpointField(checkpointNs, parentId),
        head,
        body,
        String(channels.length),
        ...channels.flatMap((channel) => [channel, references.get(channel) ?? ""]),
        ...chunkArgs,
      ]),
      { key: registry, args: ["ZADD", registry, String(Date.now()), encodeSegment(threadId)] },
    ]);
    if (reply instanceof Error) throw reply;
    if (registered instanceof Error) throw registered;
    const [missing, notInherited] = (reply as Reply[]).map(toStrings) as [string[], string[]];
    if (missing.length === 0 && notInherited.length === 0) {
      admission.accepted();
      return toConfig(threadId, checkpointNs, id);
    }
    admission.refused(missing);
    for (const [channel, value] of await encode(notInherited)) stored.set(channel, value);
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
  const what = `the writes of task ${show(taskId)} for checkpoint ${show(checkpointId)} of thread ${show(threadId)}`;
  const values = await Promise.all(
    writes.map(([channel, value]) => codec.encode(value, `channel ${show(channel)} in ${what}`)),
  );
  const linesOf = (stored: readonly EncodedValue[]) =>
    writes.flatMap((write, position) => {
      const index = writeIndex(write, position);
      const { reference } = stored[position] as EncodedValue;
      return [writeKey(taskId, index), index < 0 ? "1" : "", writeValue(write[0], reference), reference];
    });

  const admission = new Admission(held, keys[0]);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = admission.prepare(values);
    const args = [checkpointField(checkpointNs, checkpointId), context.ttl, String(writes.length)];
    const lines = linesOf(prepared.values);
    const reply = await run(connection, PUT_WRITES.call(keys, [...args, ...lines, ...prepared.chunkArgs]));
    const missing = toStrings(reply);
    if (missing.length === 0) {
      admission.accepted();
      return;
    }
    admission.refused(missing);
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
