import type { CheckpointRef } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, type ThreadKeys } from "../keys.js";
import { decodeRecord } from "../records/checkpoint-record.js";
import { unreadable } from "../records/unreadable.js";
import { execute } from "../scripts/execute.js";

/** The parent of a checkpoint that is put as a child of itself; `id` is undefined when it has none. */
export interface OwnParent {
  readonly id: string | undefined;
}

/**
 * A run with durability "exit" that ends where it began puts its checkpoint again, as a child of itself; it keeps the parent that it
 * had. An encrypted body is bound to that, so it has to be known before, and is taken from a body that is itself authentic.
 *
 * @returns undefined when nothing is encrypted, so that the script finds it, or the parent is another checkpoint.
 * @throws {EncryptionError} when the checkpoint cannot be decrypted; {@link CorruptRecordError} when it is damaged.
 */
export async function readOwnParent(
  { codec, connection, keyring }: SaverContext,
  keys: ThreadKeys,
  { threadId, checkpointNs, checkpointId }: CheckpointRef,
  id: string,
): Promise<OwnParent | undefined> {
  if (keyring === undefined || checkpointId !== id) return undefined;
  const field = checkpointField(checkpointNs, id);
  const key = keys.checkpoints;
  const record = await execute(connection, { key, args: ["HGET", key, field] });
  if (!Buffer.isBuffer(record)) return { id: undefined };
  try {
    return { id: decodeRecord(codec.contentsOf(key), field, record).header.p };
  } catch (cause) {
    throw unreadable("cannot read the checkpoint", { key, threadId, checkpointNs, checkpointId }, cause);
  }
}
