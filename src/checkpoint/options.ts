import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { formatValue, InvalidInputError } from "../errors.js";
import type { TimeoutOptions } from "../redis/options.js";
import type { JsonSerializer } from "./serde/serializer.js";
import type { CompressionOptions } from "./values/compression.js";

/** When threads expire. */
export interface ThreadTtl {
  /** How long a thread lives after it was last written, in minutes; fractions are allowed. */
  defaultTTL: number;
  /** Whether reading a thread extends its life as writing does. Default: false. */
  refreshOnRead?: boolean;
}

export interface RedisSaverOptions extends TimeoutOptions {
  /**
   * What every key starts with. Savers with different prefixes share a server without seeing each other.
   * Default: "langgraph".
   */
  keyPrefix?: string;
  /** How values become bytes. Default: a {@link JsonSerializer}. */
  serde?: SerializerProtocol;
  /**
   * Whether to remember, as long as an object lives, what it looked like when it was stored, so that it is not
   * serialized again unless it has changed. Needs a {@link JsonSerializer}. Default: true.
   */
  rememberStored?: boolean;
  /**
   * Whether to compress large chunks: values and stretches of lists that are written at once. What is appended to a
   * list element by element stays as it is, so that it can be appended to. Readers understand both. Default: false.
   */
  compression?: boolean | CompressionOptions;
  /** When threads expire. Default: never. */
  ttl?: ThreadTtl;
  /**
   * "all" keeps every checkpoint, for time travel. "latest" keeps the newest one of each namespace, with its pending
   * writes and what its delta channels are read from: interrupts and subgraphs work, going back does not. A run goes on
   * from the newest one; what names an older one, or finds that another run has gone on meanwhile, is refused with a
   * `CheckpointNotFoundError`.
   * Default: "all".
   */
  history?: "all" | "latest";
}

/** @throws {InvalidInputError} */
export function checkHistory(history: unknown): "all" | "latest" {
  if (history === undefined || history === "all" || history === "latest") return history ?? "all";
  throw new InvalidInputError(`history must be "all" or "latest", got ${formatValue(history)}.`);
}
