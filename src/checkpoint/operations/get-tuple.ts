import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { CorruptRecordError } from "../../errors.js";
import type { PipelineEntry } from "../../redis/script.js";
import type { KnownValue } from "../cache/value-cache.js";
import { refuseCheckpoint } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, fieldPrefix, scopeOf, threadKeys } from "../keys.js";
import { decodeTuple } from "../records/checkpoint-tuple.js";
import { decodeChunks, decodeReadReply } from "../records/read-reply.js";
import { executeAll } from "../scripts/execute.js";
import { GET } from "../scripts/index.js";

/**
 * Reads one checkpoint, in one round trip.
 *
 * Bytes that pass through a script cost the server many times what a plain HMGET costs. So the chunks that the value
 * had when it was last seen are asked for by name, beside the script, which then returns only the others. A client
 * that has not seen the thread before gets everything from the script.
 *
 * @throws {CheckpointNotFoundError} when the checkpoint that is named is not there, but its namespace is.
 */
export async function getTuple(
  context: SaverContext,
  threadId: string,
  checkpointNs: string,
  checkpointId: string | undefined,
): Promise<CheckpointTuple | undefined> {
  const keys = threadKeys(context.keyPrefix, threadId);
  const { checkpoints: thread, chunks: chunksKey } = keys;
  const wanted =
    checkpointId === undefined
      ? `^${fieldPrefix(checkpointNs)}`
      : `!${checkpointField(checkpointNs, checkpointId)}`;
  const attempt = async (known: readonly string[]): Promise<CheckpointTuple | undefined> => {
    const steps: PipelineEntry[] = [
      GET.call(keys.all, [
        ...[context.readTtl, context.history, "1", wanted, known.join("")],
        String(context.limits.scriptBatch),
      ]),
    ];
    if (known.length > 0) steps.push({ key: chunksKey, args: ["HMGET", chunksKey, ...known] });
    const [reply, bytes] = await executeAll(context.connection, steps);
    if (reply instanceof Error) throw reply;
    if (bytes instanceof Error) throw bytes;
    if (Buffer.isBuffer(reply)) {
      const checkpoint = { threadId, checkpointNs, checkpointId: checkpointId ?? "" };
      refuseCheckpoint(checkpoint, reply, { history: context.history, isWrite: false });
    }
    const { rows, chunks, moved } = decodeReadReply(reply as Exclude<typeof reply, undefined>);
    if (bytes !== undefined) decodeChunks(known, bytes, chunks);
    const [row] = rows;
    if (!row) return undefined;
    context.chunkPresence.add(thread, chunks.keys());
    return decodeTuple(
      {
        ...context,
        threadId,
        keys,
        chunks,
        knownValue: (ns, channel) => context.valueCache.get(scopeOf(thread, ns), channel),
        onValues: (ns, values) => {
          // What is stored as part of another chunk is left to the script next time too.
          const inPlace = values.map(([channel, value]): readonly [string, KnownValue] => [
            channel,
            { ...value, chunks: value.chunks.filter((name) => !moved.has(name)) },
          ]);
          context.valueCache.set(scopeOf(thread, ns), row.checkpointId, inPlace);
        },
      },
      row,
    );
  };

  const known = context.valueCache.chunks(scopeOf(thread, checkpointNs));
  try {
    return await attempt(known);
  } catch (error) {
    // Between the script and the HMGET the thread may have been pruned, or a chunk is part of another one by now.
    if (known.length === 0 || !(error instanceof CorruptRecordError)) throw error;
    return attempt([]);
  }
}
