import type { Connection } from "../redis/command.js";
import type { CheckpointCache } from "./cache/checkpoint-cache.js";
import type { Limits } from "./limits.js";
import type { ValueCodec } from "./values/codec.js";

/** The state of one saver that its operations share. */
export interface SaverContext {
  readonly connection: Connection;
  readonly keyPrefix: string;
  readonly codec: ValueCodec;
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
