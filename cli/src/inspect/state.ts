import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { EncryptionError } from "langgraph-redis";
import type { InspectContext } from "./context.js";
import type { StateView } from "./types.js";
import { toJson, toView } from "./values.js";

export interface StateOptions {
  /** Default: the newest one. */
  checkpointId?: string | undefined;
  /** The checkpoint namespace. Default: the one that has the checkpoint; `""` for the newest one. */
  ns?: string | undefined;
}

/** The state of a thread. @returns undefined when there is no such thread or checkpoint. */
export async function readState(
  context: InspectContext,
  threadId: string,
  options: StateOptions = {},
): Promise<StateView | undefined> {
  try {
    const tuple = await readTuple(context, threadId, options);
    return tuple && toStateView(threadId, tuple);
  } catch (error) {
    if (!(error instanceof EncryptionError)) throw error;
    return encryptedState(context, threadId, options, error.keyId);
  }
}

/** What can be told of a checkpoint without its key. */
async function encryptedState(
  { saver }: InspectContext,
  threadId: string,
  { checkpointId, ns }: StateOptions,
  keyId: string | undefined,
): Promise<StateView | undefined> {
  const checkpointNs = ns ?? (checkpointId === undefined ? "" : undefined);
  for await (const info of saver.listCheckpoints(
    threadId,
    checkpointNs === undefined ? {} : { checkpointNs },
  )) {
    if (checkpointId !== undefined && info.checkpointId !== checkpointId) continue;
    return {
      threadId,
      ns: info.checkpointNs,
      checkpointId: info.checkpointId,
      ...(info.parentId !== undefined && { parentId: info.parentId }),
      ...(info.ts !== undefined && { ts: info.ts }),
      encrypted: keyId === undefined ? {} : { keyId },
      bytes: info.bytes,
      channels: [],
      pendingWrites: [],
    };
  }
  return undefined;
}

export async function readTuple(
  { saver }: InspectContext,
  threadId: string,
  { checkpointId, ns }: StateOptions,
): Promise<CheckpointTuple | undefined> {
  if (checkpointId === undefined) {
    return saver.getTuple({ configurable: { thread_id: threadId, checkpoint_ns: ns ?? "" } });
  }
  // Unlike getTuple, a listing finds it in whatever namespace it is.
  const configurable = {
    thread_id: threadId,
    checkpoint_id: checkpointId,
    ...(ns !== undefined && { checkpoint_ns: ns }),
  };
  for await (const tuple of saver.list({ configurable }, { limit: 1 })) return tuple;
  return undefined;
}

export function toStateView(threadId: string, tuple: CheckpointTuple): StateView {
  const { checkpoint, metadata, config, parentConfig, pendingWrites = [] } = tuple;
  const parentId = parentConfig?.configurable?.checkpoint_id;
  return {
    threadId,
    ns: config.configurable?.checkpoint_ns ?? "",
    checkpointId: checkpoint.id,
    ...(parentId !== undefined && { parentId }),
    ...(checkpoint.ts !== undefined && { ts: checkpoint.ts }),
    metadata: toJson(metadata),
    channels: Object.entries(checkpoint.channel_values).map(([name, value]) => {
      const version = checkpoint.channel_versions[name];
      return { name, ...(version !== undefined && { version }), ...toView(value) };
    }),
    pendingWrites: pendingWrites.map(([taskId, channel, value]) => ({ taskId, channel, ...toView(value) })),
  };
}
