import type { KnownValue } from "../cache/value-cache.js";
import type { Tree } from "./tree.js";

/** One thing to do to a thread's chunks, see scripts/chunk-store.lua. */
export type ChunkStep =
  /** Store a chunk. */
  | { readonly kind: "store"; readonly name: string; readonly bytes: Buffer }
  /** Append to the open run `name`, which has `length` bytes, those of the checksum `check`. */
  | {
      readonly kind: "grow";
      readonly name: string;
      readonly length: number;
      readonly check: string;
      readonly bytes: Buffer;
    }
  /** Store a finished run: the first `length` bytes of the open run `from`, those of `check`, and more. */
  | {
      readonly kind: "finish";
      readonly name: string;
      readonly from: string;
      readonly length: number;
      readonly check: string;
      readonly bytes: Buffer;
    }
  /** The chunk `name` is also part of `target`: keep it there only. */
  | {
      readonly kind: "merge";
      readonly name: string;
      readonly target: string;
      readonly offset: number;
      readonly length: number;
    };

/** A value on its way to Redis: the reference that will stand for it, and the chunks behind it. */
export interface EncodedValue {
  readonly reference: string;
  /** The chunks that the reference names. */
  readonly roots: readonly string[];
  readonly tables: Tree["tables"];
  /** How each run comes to the thread; one that is not here is there. */
  readonly runs: ReadonlyMap<string, ChunkStep>;
  /** Chunks that become superfluous by it. */
  readonly merges: readonly ChunkStep[];
  /** What is known of the value once it is stored. */
  readonly known: KnownValue;
  /** The same value, encoded without any belief about what the thread holds. */
  rewritten(): EncodedValue;
}
