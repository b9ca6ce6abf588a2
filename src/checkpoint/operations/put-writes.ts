import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { describe, quote } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { NOTHING_KNOWN } from "../cache/value-cache.js";
import type { CheckpointRef } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, threadKeys } from "../keys.js";
import { writeIndex, writeKey, writeValue } from "../records/pending-writes.js";
import { execute, toStrings } from "../scripts/execute.js";
import { PUT_WRITES } from "../scripts/index.js";
import { ChunkUpload, MAX_ATTEMPTS, refusedTooOften } from "../values/chunk-upload.js";
import type { EncodedValue } from "../values/encoded-value.js";

/** See {@link RedisSaver.putWrites}. */
export async function putWrites(
  context: SaverContext,
  { threadId, checkpointNs, checkpointId }: CheckpointRef & { readonly checkpointId: string },
  writes: readonly PendingWrite[],
  taskId: string,
  taskPath: string,
): Promise<void> {
  if (typeof taskId !== "string" || taskId === "") {
    throw new InvalidInputError(`the task id must be a non-empty string, got ${describe(taskId)}.`);
  }
  if (typeof taskPath !== "string") {
    throw new InvalidInputError(`the task path must be a string, got ${describe(taskPath)}.`);
  }
  checkWrites(writes);
  const { codec, connection, keyPrefix, chunkPresence } = context;
  const keys = threadKeys(keyPrefix, threadId);
  const thread = keys.checkpoints;
  const what = `the writes of task ${quote(taskId)} for checkpoint ${quote(checkpointId)} of thread ${quote(threadId)}`;
  const beliefs = { known: NOTHING_KNOWN, holds: (name: string) => chunkPresence.has(thread, name) };
  // All of the writes is read before the first wait.
  const named = writes.map((write, position) => ({ channel: write[0], index: writeIndex(write, position) }));
  let values: readonly EncodedValue[] = await Promise.all(
    writes.map(([channel, value]) =>
      codec.encode(value, `channel ${quote(channel)} in ${what}`, thread, beliefs),
    ),
  );
  const lineArgs = ({ channel, index }: (typeof named)[number], position: number): string[] => {
    const { reference } = values[position] as EncodedValue;
    return [
      writeKey(taskId, index),
      index < 0 ? "1" : "",
      writeValue(taskPath, channel, reference),
      reference,
    ];
  };

  const upload = new ChunkUpload(chunkPresence, thread);
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const prepared = upload.prepare(values);
    values = prepared.values;
    const args = [checkpointField(checkpointNs, checkpointId), context.writeTtl, String(named.length)];
    const call = PUT_WRITES.call(keys.all, [...args, ...named.flatMap(lineArgs), ...prepared.chunkArgs]);
    const missing = toStrings(await execute(connection, call));
    if (missing.length === 0) {
      upload.accepted();
      return;
    }
    upload.refused(missing);
    values = values.map((value) => value.rewritten());
  }
  throw refusedTooOften(what);
}

function checkWrites(writes: unknown): asserts writes is readonly PendingWrite[] {
  const isWrite = (write: unknown) => Array.isArray(write) && typeof write[0] === "string";
  if (Array.isArray(writes) && writes.every(isWrite)) return;
  throw new InvalidInputError('the writes must be a list of pairs, [["channel", value], ...].');
}
