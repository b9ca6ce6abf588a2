import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { describe, quote } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import type { CheckpointRef } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, escapedField, threadKeys } from "../keys.js";
import { type EncodedWrite, encodeWrites, taskBeginning, writeIndex } from "../records/pending-writes.js";
import { toStrings } from "../scripts/execute.js";
import { PUT_WRITES } from "../scripts/index.js";
import type { EncodedValue } from "../values/encoded-value.js";
import { sendUntilAccepted } from "./send-until-accepted.js";

/** See {@link RedisSaver.putWrites}. All arguments are read before the first wait. */
export async function putWrites(
  context: SaverContext,
  { threadId, checkpointNs, checkpointId }: CheckpointRef & { readonly checkpointId: string },
  writes: readonly PendingWrite[],
  taskId: string,
  taskPath: string,
): Promise<void> {
  checkArguments(writes, taskId, taskPath);
  const { codec, writeTtl } = context;
  const keys = threadKeys(context.keyPrefix, threadId);
  const thread = keys.checkpoints;
  const what = `the writes of task ${quote(taskId)} for checkpoint ${quote(checkpointId)} of thread ${quote(threadId)}`;
  const named = writes.map((write, position) => ({ channel: write[0], index: writeIndex(write, position) }));
  const encoding = writes.map(([channel, value]) =>
    codec.encodeWrite(value, `channel ${quote(channel)} in ${what}`, thread),
  );
  const field = checkpointField(checkpointNs, checkpointId);
  const beginning = taskBeginning(escapedField(checkpointNs, checkpointId), taskId);
  // Indices that other calls for the task have written already.
  const written = new Set<string>();

  const membersOf = (values: readonly EncodedValue[]): Buffer[] => {
    const all = named.map((write, at): EncodedWrite => {
      const { reference, roots } = values[at] as EncodedValue;
      return { ...write, reference, roots };
    });
    const left = all.filter(({ index }) => !written.has(String(index)));
    return encodeWrites(codec.contentsOf(thread), beginning, taskPath, left);
  };
  const missingOf = (reply: Reply): string[] | undefined => {
    const [missing, partly] = (reply as Reply[]).map(toStrings) as [string[], string[]];
    for (const index of partly) written.add(index);
    return missing.length === 0 && partly.length === 0 ? undefined : missing;
  };

  await sendUntilAccepted(context, {
    thread,
    what,
    values: encoding.some((each) => each instanceof Promise)
      ? await Promise.all(encoding)
      : (encoding as EncodedValue[]),
    call: (values, chunkArgs) => {
      const members = membersOf(values);
      const args = [field, writeTtl, beginning, String(members.length), ...members];
      return PUT_WRITES.call(keys.all, [...args, ...chunkArgs]);
    },
    missingOf,
  });
}

function checkArguments(writes: unknown, taskId: unknown, taskPath: unknown): void {
  if (typeof taskId !== "string" || taskId === "") {
    throw new InvalidInputError(`the task id must be a non-empty string, got ${describe(taskId)}.`);
  }
  if (typeof taskPath !== "string") {
    throw new InvalidInputError(`the task path must be a string, got ${describe(taskPath)}.`);
  }
  const isWrite = (write: unknown) => Array.isArray(write) && typeof write[0] === "string";
  if (Array.isArray(writes) && writes.every(isWrite)) return;
  throw new InvalidInputError('the writes must be a list of pairs, [["channel", value], ...].');
}
