import type { RunnableConfig } from "@langchain/core/runnables";
import type { ChannelVersions, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { isDeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { quote } from "../../describe.js";
import type { Reply } from "../../redis/command.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import { NOTHING_KNOWN } from "../cache/value-cache.js";
import {
  checkChannel,
  checkCheckpointId,
  checkConfig,
  parseConfig,
  refuseCheckpoint,
  toConfig,
} from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, scopeOf, threadKeys } from "../keys.js";
import { encodeBody, plainJson } from "../records/checkpoint-record.js";
import { checkRecordLike } from "../records/record-like.js";
import { execute, toStrings } from "../scripts/execute.js";
import { PUT } from "../scripts/index.js";
import { ChunkUpload, MAX_ATTEMPTS, refusedTooOften } from "../values/chunk-upload.js";
import type { EncodedValue } from "../values/encoded-value.js";

/**
 * See {@link RedisSaver.put}. The arguments are read before the first wait, so that what the caller changes after the
 * call is not stored.
 */
export async function put(
  context: SaverContext,
  config: RunnableConfig,
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata | undefined,
  newVersions: ChannelVersions | undefined,
): Promise<RunnableConfig> {
  checkConfig(config, "put() needs");
  const { threadId, checkpointNs, checkpointId: parentId } = parseConfig(config);
  const id = checkCheckpointId(checkpoint?.id, "checkpoint.id");
  for (const part of ["channel_values", "channel_versions", "versions_seen"] as const)
    checkRecordLike(checkpoint[part], `checkpoint.${part}`);
  checkRecordLike(metadata, "metadata");
  checkRecordLike(newVersions, "newVersions");
  const { codec, connection, keyPrefix, chunkPresence, valueCache, history } = context;
  const keys = threadKeys(keyPrefix, threadId);
  const thread = keys.checkpoints;
  const what = `checkpoint ${quote(id)} of thread ${quote(threadId)}`;
  const scope = scopeOf(thread, checkpointNs);
  const holds = (name: string) => chunkPresence.has(thread, name);
  const channelValues = { ...checkpoint.channel_values };
  const encode = (channel: string): Promise<EncodedValue> => {
    const beliefs = { known: valueCache.get(scope, channel) ?? NOTHING_KNOWN, holds };
    return codec.encode(channelValues[channel], `channel ${quote(channel)} of ${what}`, thread, beliefs);
  };

  const present = Object.keys(channelValues);
  const versions = checkpoint.channel_versions ?? {};
  for (const channel of [...present, ...Object.keys(versions)]) checkChannel(channel, what);
  const hasChanged = newChannels(newVersions, versions);
  // Without a parent nothing can be inherited, and only what is new is given. But LangGraph's updates from outside
  // apply the pending writes of tasks without new versions, and its forks are copies under another parent: both are
  // given whole, and say of what differs from the parent that it is not new.
  const isFork = metadata?.source === "fork";
  const given = isFork || metadata?.source === "update" ? present : present.filter(hasChanged);
  const stored = parentId === undefined ? given : present;
  const under = history === "latest" ? parentTaskOf(checkpointNs, metadata) : undefined;
  const head = plainJson({ v: checkpoint.v ?? 4, versions, under }, what).slice(0, -1);
  const deltas = deltaChannels(checkpoint, metadata);
  const runId = runOf(config, metadata);

  const encoding = given.map(async (channel) => [channel, await encode(channel)] as const);
  // The rest comes from the parent. Whether that is there is certain only afterwards, but nearly so when it is what
  // this client saw last: only else the rest is encoded as well.
  const spare = new Map<string, Promise<EncodedValue>>();
  if (parentId !== undefined && !valueCache.isAt(scope, parentId)) {
    for (const channel of present.filter((each) => !given.includes(each)))
      spare.set(channel, encode(channel));
  }
  // What cannot be encoded matters only where it is needed.
  for (const each of spare.values()) each.catch(() => {});

  const [encoded, body] = await Promise.all([
    Promise.all(encoding),
    encodeBody(codec, checkpoint, metadata ?? ({} as CheckpointMetadata), what),
  ]);
  const values = new Map(encoded);
  const upload = new ChunkUpload(chunkPresence, thread);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = upload.prepare([...values.values()]);
    [...values.keys()].forEach((channel, at) => {
      values.set(channel, prepared.values[at] as EncodedValue);
    });
    const reply = await execute(
      connection,
      PUT.call(keys.all, [
        checkpointField(checkpointNs, id),
        context.writeTtl,
        parentId === undefined ? "" : checkpointField(checkpointNs, parentId),
        head,
        body,
        runId === undefined ? "" : encodeKeyPart(runId),
        history === "latest" && isFork ? "latest, fork" : history,
        String(deltas.length),
        ...deltas,
        String(stored.length),
        ...stored.flatMap((channel) => [channel, values.get(channel)?.reference ?? ""]),
        ...prepared.chunkArgs,
      ]),
    );
    if (Buffer.isBuffer(reply)) {
      const parent = { threadId, checkpointNs, checkpointId: parentId ?? "" };
      refuseCheckpoint(parent, reply, { history, isWrite: true });
    }
    const [refused, left] = reply as [Reply, Reply];
    const missing = toStrings(refused);
    const notInherited = toStrings(left);
    if (missing.length === 0 && notInherited.length === 0) {
      upload.accepted();
      valueCache.set(
        scope,
        id,
        [...values].map(([channel, value]) => [channel, value.known] as const),
      );
      return toConfig(threadId, checkpointNs, id);
    }
    if (missing.length > 0) {
      upload.refused(missing);
      valueCache.forget(scope);
      for (const [channel, value] of values) values.set(channel, value.rewritten());
    }
    // Refused again, it is the parent's values that have lost chunks.
    const sent =
      missing.length > 0 && attempt > 0 ? stored.filter((each) => !values.has(each)) : notInherited;
    const more = sent.map((channel) => spare.get(channel) ?? encode(channel));
    for (const [at, value] of (await Promise.all(more)).entries()) values.set(sent[at] as string, value);
  }
  throw refusedTooOften(what);
}

/** Which channels changed since the parent; without word of it, all. A channel without version may have, unnoticed. */
function newChannels(
  newVersions: ChannelVersions | undefined,
  versions: Checkpoint["channel_versions"],
): (channel: string) => boolean {
  if (newVersions === undefined || newVersions === null) return () => true;
  return (channel) => Object.hasOwn(newVersions, channel) || !Object.hasOwn(versions, channel);
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
