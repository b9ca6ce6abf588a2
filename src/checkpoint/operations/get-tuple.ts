import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { CorruptRecordError, EncryptionError } from "../../errors.js";
import type { CachedCheckpoint } from "../cache/checkpoint-cache.js";
import type { KnownTree } from "../cache/known-value.js";
import { refuseCheckpoint } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, fieldPrefix, threadKeys } from "../keys.js";
import { decodeTuple } from "../records/checkpoint-tuple.js";
import { decodeReadReply } from "../records/read-reply.js";
import { execute } from "../scripts/execute.js";
import { GET } from "../scripts/index.js";

/**
 * Reads one checkpoint, in one round trip: of its chunks only those that this client has not read or written before. A name stands
 * for one content, so what the client has need not come again.
 *
 * @throws {CheckpointNotFoundError} when the checkpoint that is named is not there, but its namespace is.
 */
export async function getTuple(
  context: SaverContext,
  threadId: string,
  checkpointNs: string,
  checkpointId: string | undefined,
): Promise<CheckpointTuple | undefined> {
  const { cache, history } = context;
  const keys = threadKeys(context.keyPrefix, threadId);
  const thread = keys.checkpoints;
  const wanted =
    checkpointId === undefined
      ? `^${fieldPrefix(checkpointNs)}`
      : `!${checkpointField(checkpointNs, checkpointId)}`;
  const read = async (cached: CachedCheckpoint | undefined): Promise<CheckpointTuple | undefined> => {
    const args = [context.readTtl, history, "1", wanted, ...knownChunks(cached)];
    const reply = await execute(
      context.connection,
      GET.call(keys.all, [...args, String(context.limits.scriptBatch)]),
    );
    if (Buffer.isBuffer(reply)) {
      const checkpoint = { threadId, checkpointNs, checkpointId: checkpointId ?? "" };
      refuseCheckpoint(checkpoint, reply, { history, isWrite: false });
    }
    const { rows, chunks } = decodeReadReply(reply);
    const [row] = rows;
    if (!row) return undefined;
    const onRead = (checkpoint: CachedCheckpoint) => {
      cache.set(thread, checkpointNs, checkpoint);
      cache.addNames(thread, chunks.keys());
    };
    return decodeTuple({ ...context, threadId, keys, chunks, cached, onRead }, row);
  };

  const cached = cache.get(thread, checkpointNs);
  try {
    return await read(cached);
  } catch (error) {
    // What this client believed of the thread may be wrong: it may have been deleted and come back.
    if (cached === undefined || !(error instanceof CorruptRecordError || error instanceof EncryptionError))
      throw error;
    cache.forget(thread);
    return read(undefined);
  }
}

/** The arguments for leave_out in scripts/read-common.lua. */
function knownChunks(cached: CachedCheckpoint | undefined): [names: string, tails: string] {
  const names = new Set<string>();
  const tails: string[] = [];
  for (const { known } of cached?.channels.values() ?? []) {
    for (const name of knownNames(known.tree)) names.add(name);
    if (known.tree.root === undefined) for (const name of known.segments.keys()) names.add(name);
    if (known.tail) tails.push(`${known.tail.name}.${known.tail.stored.length}`);
  }
  return [[...names].join(""), tails.join(",")];
}

/**
 * All tables, and the children of those at the right end: a list that others have made longer has new tables there, but the rest of
 * their children is the same.
 */
function knownNames({ root, tables }: KnownTree): Set<string> {
  const names = new Set(tables.keys());
  for (let at = root; at !== undefined; ) {
    names.add(at);
    const children: readonly string[] = tables.get(at) ?? [];
    for (const child of children) names.add(child);
    at = children.at(-1);
  }
  return names;
}
