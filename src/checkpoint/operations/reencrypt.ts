import { type CheckedCallback, readCallback } from "../../callback.js";
import { InvalidInputError } from "../../errors.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import type { AbortOptions } from "../abort.js";
import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { threadKeys } from "../keys.js";
import { encrypting } from "../rewrite/encryption.js";
import { rewriteThread } from "./rewrite-thread.js";

/** How far {@link RedisSaver.reencrypt} has come with a thread. */
export interface ReencryptThreadProgress extends ReencryptThreadReport {}

export interface ReencryptThreadOptions extends AbortOptions {
  /**
   * Called after every few hundred checkpoints, writes or chunks. The numbers begin anew when the thread was written to meanwhile.
   * When it throws, `reencrypt` ends there with an {@link InvalidInputError}, and the thread is as it was.
   */
  onProgress?: (progress: ReencryptThreadProgress) => unknown;
}

/** What {@link RedisSaver.reencrypt} found, and did. */
export interface ReencryptThreadReport {
  /** The checkpoints of the thread. */
  readonly checkpoints: number;
  /** Its pending writes. */
  readonly writes: number;
  /** The pieces in which its values are stored. */
  readonly chunks: number;
  /** How many of all these were encrypted anew; 0 when all were encrypted with the current key. */
  readonly rewritten: number;
}

const REENCRYPT_OPTIONS: KnownOptions<ReencryptThreadOptions> = { onProgress: true, signal: true };

/** See {@link RedisSaver.reencrypt}. */
export async function reencrypt(
  context: SaverContext,
  threadId: string,
  onProgress: CheckedCallback<[ReencryptThreadProgress]> | undefined,
): Promise<ReencryptThreadReport | undefined> {
  const source = checkThreadId(threadId);
  const contents = context.codec.encryptedContentsOf(threadKeys(context.keyPrefix, source).checkpoints);
  if (!contents) {
    throw new InvalidInputError("reencrypt needs a saver that encrypts. Give the option `encryption`.");
  }
  const transform = encrypting(contents, contents, true);
  const outcome = await rewriteThread(context, { source, transform, what: "reencrypt", onProgress });
  return typeof outcome === "string" ? undefined : outcome;
}

/** The callback in the options of `reencrypt`. @throws {InvalidInputError} when there is something else in them. */
export function progressOf(
  options: ReencryptThreadOptions | undefined,
): CheckedCallback<[ReencryptThreadProgress]> | undefined {
  checkKnownOptions(options, REENCRYPT_OPTIONS, "reencrypt");
  return readCallback("onProgress", options?.onProgress);
}
