import type { KnownValue } from "../cache/known-value.js";

/** One thing to do to a thread's chunks, see scripts/chunk-store.lua. */
export type ChunkOp =
  /** Store a chunk under its name, unless there is one. */
  | { readonly kind: "store"; readonly name: string; readonly bytes: Buffer }
  /** Append to the tail `name`, if it has exactly `length` bytes. A tail's name is random, so name and length identify its content. */
  | { readonly kind: "append"; readonly name: string; readonly length: number; readonly bytes: Buffer }
  /** The tail `name`, if it has exactly `length` bytes, becomes an alias of the segment `target`. */
  | { readonly kind: "alias"; readonly name: string; readonly length: number; readonly target: string };

/** A value on its way to Redis: the reference that will stand for it, and the chunks behind it. */
export interface EncodedValue {
  readonly reference: string;
  /** The chunks that the reference names. */
  readonly roots: readonly string[];
  /** The children of each table of its tree. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
  /** The operation that stores each data chunk. Chunks without one are already in Redis. */
  readonly chunks: ReadonlyMap<string, ChunkOp>;
  /** Tails that were sealed by it. */
  readonly aliases: readonly ChunkOp[];
  /** What is known of the value once it is stored. */
  readonly known: KnownValue;
  /** The same value, encoded without any belief about what the thread holds. */
  rewritten(): EncodedValue | Promise<EncodedValue>;
}
