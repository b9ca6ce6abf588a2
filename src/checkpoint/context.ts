import type { Keyring } from "../encryption/keyring.js";
import { untilAborted } from "../redis/abort-signal.js";
import type { Connection } from "../redis/command.js";
import type { CheckpointCache } from "./cache/checkpoint-cache.js";
import type { Limits } from "./limits.js";
import type { ValueCodec } from "./values/codec.js";

/** The state of one saver that its operations share. */
export interface SaverContext {
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly codec: ValueCodec;
  /** Its keys may have to be fetched before the codec is used. Undefined when nothing is encrypted. */
  readonly keyring: Keyring | undefined;
  readonly cache: CheckpointCache;
  readonly limits: Limits;
  /** Milliseconds that a write gives a thread to live, or "". */
  readonly writeTtl: string;
  /** Milliseconds that a read gives a thread to live, or "". */
  readonly readTtl: string;
  readonly history: "all" | "latest";
  /** The version of a channel that had none before. */
  readonly firstVersion: () => number | string;
}

/** Fetches the keys that are not there yet. @returns undefined when all are there, so that nothing has to be waited for. */
export function fetchKeys(
  { keyring }: SaverContext,
  signal: AbortSignal | undefined,
): Promise<void> | undefined {
  const fetching = keyring?.ready();
  return fetching && untilAborted(fetching, signal);
}
