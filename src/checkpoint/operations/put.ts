import type { RunnableConfig } from "@langchain/core/runnables";
import type { ChannelVersions, Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { isDeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { quote } from "../../describe.js";
import type { Reply } from "../../redis/command.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import type { CachedChannel, CachedCheckpoint } from "../cache/checkpoint-cache.js";
import { type KnownValue, NOTHING_KNOWN } from "../cache/known-value.js";
import {
  type CheckpointRef,
  checkChannel,
  checkCheckpointId,
  checkConfig,
  parseConfig,
  refuseCheckpoint,
  toConfig,
} from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, type ThreadKeys, threadKeys } from "../keys.js";
import { draftRecord, encodeRecord, type RecordDraft } from "../records/checkpoint-record.js";
import { checkRecordLike } from "../records/record-like.js";
import { toStrings } from "../scripts/execute.js";
import { PUT } from "../scripts/index.js";
import { UNSHARED_INLINE_LIMIT } from "../values/codec.js";
import type { EncodedValue } from "../values/encoded-value.js";
import { type OwnParent, readOwnParent } from "./own-parent.js";
import { sendUntilAccepted } from "./send-until-accepted.js";

/** LangGraph's channel for the input of a run, which has a value in one checkpoint only. */
const START = "__start__";

/** The arguments of a put, checked and read as far as no value is encoded. */
interface PutRequest {
  readonly parent: CheckpointRef;
  readonly id: string;
  readonly keys: ThreadKeys;
  /** What is stored, for messages. */
  readonly what: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly versions: ChannelVersions;
  /** LangGraph copies a checkpoint, or changes the state from outside: such checkpoints come whole. */
  readonly source: "fork" | "update" | undefined;
  /** The channels whose values are spread over the writes of the ancestors. */
  readonly deltas: DeltaChannels;
}

/**
 * See {@link RedisSaver.put}. All arguments are read before the first wait, so that what the caller changes after the call is not
 * stored. One exception: the value of a channel that the parent has already, when it turns out that the thread has lost it.
 */
export async function put(
  context: SaverContext,
  config: RunnableConfig,
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata | undefined,
  newVersions: ChannelVersions | undefined,
): Promise<RunnableConfig> {
  const request = readRequest(context, config, checkpoint, metadata, newVersions);
  const channels = selectChannels(request, newVersions);
  const encoding = encodeChannels(context, request, channels, newVersions);
  const drafting = buildHeader(context, request, config, checkpoint, metadata);
  const encoded = isReady(encoding) ? encoding : await Promise.all(encoding);
  const draft = drafting instanceof Promise ? await drafting : drafting;
  const ownParent = await readOwnParent(context, request.keys, request.parent, request.id);
  const stored = await sendUntilAccepted(context, {
    thread: request.keys.checkpoints,
    what: request.what,
    values: encoded,
    call: (values, chunkArgs) =>
      PUT.call(request.keys.all, [
        ...putArgs(context, request, ownParent, channels, draft, values),
        ...chunkArgs,
      ]),
    missingOf: (reply) => missingOf(context, request, reply),
  });
  afterStore(context, request, channels, stored);
  const { threadId, checkpointNs } = request.parent;
  return toConfig(threadId, checkpointNs, request.id);
}

function readRequest(
  { keyPrefix }: SaverContext,
  config: RunnableConfig,
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata | undefined,
  newVersions: ChannelVersions | undefined,
): PutRequest {
  checkConfig(config, "put() needs");
  const parent = parseConfig(config);
  const id = checkCheckpointId(checkpoint?.id, "checkpoint.id");
  for (const part of ["channel_values", "channel_versions", "versions_seen"] as const)
    checkRecordLike(checkpoint[part], `checkpoint.${part}`);
  checkRecordLike(metadata, "metadata");
  checkRecordLike(newVersions, "newVersions");
  const what = `checkpoint ${quote(id)} of thread ${quote(parent.threadId)}`;
  const values = { ...checkpoint.channel_values };
  const versions = { ...checkpoint.channel_versions };
  for (const channel of Object.keys(values)) checkChannel(channel, what);
  for (const channel of Object.keys(versions)) checkChannel(channel, what);
  const given = metadata?.source;
  const source = given === "fork" || given === "update" ? given : undefined;
  return {
    parent,
    id,
    keys: threadKeys(keyPrefix, parent.threadId),
    what,
    values,
    versions,
    source,
    deltas: deltaChannels(values, metadata, source),
  };
}

interface DeltaChannels {
  readonly names: readonly string[];
  /** Whether those of the parent are some too: versions of LangGraph before 1.7 do not name them in copies and updates. */
  readonly andParents: boolean;
}

/** The delta channels, as far as LangGraph names them. */
function deltaChannels(
  values: Readonly<Record<string, unknown>>,
  metadata: CheckpointMetadata | undefined,
  source: PutRequest["source"],
): DeltaChannels {
  const named = Object.keys(metadata?.counters_since_delta_snapshot ?? {});
  const deltas = new Set(named);
  for (const channel of Object.keys(values)) if (isDeltaSnapshot(values[channel])) deltas.add(channel);
  return { names: [...deltas], andParents: source !== undefined && named.length === 0 };
}

/**
 * The channels that are stored. Without a parent only the new ones have values of this checkpoint's own; updates and forks
 * are given whole, and LangGraph calls nothing of them new.
 */
function selectChannels(
  { parent, values, versions, source }: PutRequest,
  newVersions: ChannelVersions | undefined,
): string[] {
  const channels = Object.keys(values);
  if (parent.checkpointId !== undefined || source !== undefined) return channels;
  return channels.filter((channel) => isNew(channel, newVersions, versions));
}

/** Whether a channel changed since the parent; without word of it, yes. A channel without version may have, unnoticed. */
function isNew(
  channel: string,
  newVersions: ChannelVersions | null | undefined,
  versions: ChannelVersions,
): boolean {
  if (newVersions === undefined || newVersions === null) return true;
  return Object.hasOwn(newVersions, channel) || !Object.hasOwn(versions, channel);
}

/** Each channel's value, or the parent's reference to it where the channel did not change since. */
function encodeChannels(
  { codec, cache }: SaverContext,
  { parent, keys, what, values, versions, source }: PutRequest,
  channels: readonly string[],
  newVersions: ChannelVersions | undefined,
): (EncodedValue | Promise<EncodedValue>)[] {
  const thread = keys.checkpoints;
  const cached = cache.get(thread, parent.checkpointNs);
  const isParent = cached !== undefined && cached.checkpointId === parent.checkpointId;
  const encode = (channel: string, known: KnownValue) =>
    codec.encode(
      values[channel],
      `channel ${quote(channel)} of ${what}`,
      thread,
      known,
      channel === START ? UNSHARED_INLINE_LIMIT : undefined,
    );
  return channels.map((channel) => {
    const before = cached?.channels.get(channel);
    const isAsBefore =
      isParent &&
      before !== undefined &&
      source === undefined &&
      before.version === versions[channel] &&
      !isNew(channel, newVersions, versions);
    return isAsBefore
      ? asBefore(before, () => encode(channel, NOTHING_KNOWN))
      : encode(channel, before?.known ?? NOTHING_KNOWN);
  });
}

/** A value that the thread holds already. */
function asBefore(
  { reference, roots, known }: CachedChannel,
  rewritten: () => EncodedValue | Promise<EncodedValue>,
): EncodedValue {
  return { ...NO_CHUNKS, reference, roots, known, rewritten };
}

const NO_CHUNKS = { tables: new Map<never, never>(), chunks: new Map<never, never>(), aliases: [] };

function isReady(encoding: (EncodedValue | Promise<EncodedValue>)[]): encoding is EncodedValue[] {
  return !encoding.some((each) => each instanceof Promise);
}

/** What scripts will know of the checkpoint, and the rest of it, as far as no value is encoded. */
function buildHeader(
  { codec, history }: SaverContext,
  { parent, what }: PutRequest,
  config: RunnableConfig,
  checkpoint: Checkpoint,
  metadata: CheckpointMetadata | undefined,
): RecordDraft | Promise<RecordDraft> {
  const isLatestOnly = history === "latest";
  const runId = runOf(config, metadata);
  const r = runId === undefined ? undefined : encodeKeyPart(runId);
  const u = isLatestOnly ? parentTaskOf(parent.checkpointNs, metadata) : undefined;
  return draftRecord(codec, checkpoint, metadata, { r, u, isLatestOnly }, what);
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

/** The arguments of scripts/put.lua but for the chunks. */
function putArgs(
  { codec, writeTtl, history }: SaverContext,
  { parent, id, keys, source, deltas }: PutRequest,
  ownParent: OwnParent | undefined,
  channels: readonly string[],
  draft: RecordDraft,
  values: readonly EncodedValue[],
): (string | Buffer)[] {
  const references: [string, string][] = values.map(({ reference }, at) => [
    channels[at] as string,
    reference,
  ]);
  const roots = new Set(values.flatMap((value) => value.roots));
  const { checkpointNs, checkpointId } = parent;
  const field = checkpointField(checkpointNs, id);
  const parentField = checkpointId === undefined ? "" : checkpointField(checkpointNs, checkpointId);
  const contents = codec.contentsOf(keys.checkpoints);
  const place = { field, parentId: ownParent ? ownParent.id : checkpointId };
  const { header, body } = encodeRecord(contents, draft, Object.fromEntries(references), roots, place);
  const mayBeOpen = checkpointId !== undefined && (deltas.andParents || deltas.names.length > 0);
  return [
    field,
    writeTtl,
    ownParent ? `*${ownParent.id ?? ""}` : parentField,
    header,
    body,
    history === "latest" && source === "fork" ? "latest, fork" : history,
    (deltas.andParents ? "^" : "") + JSON.stringify(deltas.names),
    mayBeOpen ? JSON.stringify(channels) : "[]",
  ];
}

function missingOf({ history }: SaverContext, { parent }: PutRequest, reply: Reply): string[] | undefined {
  if (Buffer.isBuffer(reply)) {
    const named = { ...parent, checkpointId: parent.checkpointId ?? "" };
    refuseCheckpoint(named, reply, { history, isWrite: true });
  }
  const missing = toStrings(reply);
  return missing.length === 0 ? undefined : missing;
}

/** The next step goes on from this checkpoint. */
function afterStore(
  { cache }: SaverContext,
  { parent, id, keys, versions }: PutRequest,
  channels: readonly string[],
  stored: readonly EncodedValue[],
): void {
  const cached: CachedCheckpoint = {
    checkpointId: id,
    channels: new Map(
      stored.map(({ reference, roots, known }, at) => {
        const channel = channels[at] as string;
        return [channel, { version: versions[channel], reference, roots, known }];
      }),
    ),
  };
  cache.set(keys.checkpoints, parent.checkpointNs, cached);
}
