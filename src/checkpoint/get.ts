import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { CorruptRecordError } from "../errors.js";
import type { Connection } from "../redis/command.js";
import type { PipelineEntry } from "../redis/script.js";
import { refuseCheckpoint } from "./address.js";
import { executeAll } from "./call.js";
import type { HeldChunks } from "./held-chunks.js";
import { checkpointField, fieldPrefix, scopeOf, threadKeys } from "./keys.js";
import type { Limits } from "./limits.js";
import { decodeChunks, decodeReadReply } from "./reply.js";
import { GET } from "./scripts.js";
import { decodeTuple, type TupleSource } from "./tuple.js";
import type { KnownValue, KnownValues } from "./values/known-values.js";

export interface ReadContext extends Pick<TupleSource, "codec" | "firstVersion"> {
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly held: HeldChunks;
  readonly known: KnownValues;
  readonly limits: Limits;
  /** Milliseconds that reading gives a thread, or "". */
  readonly ttl: string;
  readonly history: "all" | "latest";
}

/**
 * Reads one checkpoint, in one round trip.
 *
 * Bytes that pass through a script cost the server many times what a plain HMGET costs. So the chunks that the value
 * had when it was last seen are asked for by name, beside the script, which then returns only the others. A client
 * that has not seen the thread before gets everything from the script.
 *
 * @throws {CheckpointNotFoundError} when the checkpoint that is named is not there, but its namespace is.
 */
export async function readCheckpoint(
  context: ReadContext,
  threadId: string,
  checkpointNs: string,
  checkpointId: string | undefined,
): Promise<CheckpointTuple | undefined> {
  const keys = threadKeys(context.keyPrefix, threadId);
  const [thread, , , chunksKey] = keys;
  const wanted =
    checkpointId === undefined
      ? `^${fieldPrefix(checkpointNs)}`
      : `!${checkpointField(checkpointNs, checkpointId)}`;
  const attempt = async (known: readonly string[]): Promise<CheckpointTuple | undefined> => {
    const steps: PipelineEntry[] = [
      GET.call(keys, [
        ...[context.ttl, context.history, "1", wanted, known.join("")],
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
    context.held.add(thread, chunks.keys());
    return decodeTuple(
      {
        ...context,
        threadId,
        keys,
        chunks,
        knownValue: (ns, channel) => context.known.get(scopeOf(thread, ns), channel),
        onValues: (ns, values) => {
          // What is stored as part of another chunk is left to the script next time too.
          const inPlace = values.map(([channel, value]): readonly [string, KnownValue] => [
            channel,
            { ...value, chunks: value.chunks.filter((name) => !moved.has(name)) },
          ]);
          context.known.set(scopeOf(thread, ns), row.checkpointId, inPlace);
        },
      },
      row,
    );
  };

  const known = context.known.chunks(scopeOf(thread, checkpointNs));
  try {
    return await attempt(known);
  } catch (error) {
    // Between the script and the HMGET the thread may have been pruned, or a chunk is part of another one by now.
    if (known.length === 0 || !(error instanceof CorruptRecordError)) throw error;
    return attempt([]);
  }
}
