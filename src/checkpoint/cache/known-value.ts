import type { Snapshot } from "../serde/snapshot.js";

/** A sealed segment or a single value. */
export class KnownSegment {
  /** What its elements look like, once that was asked for. */
  snapshots: readonly Snapshot[] | undefined;

  /** @param stored its bytes as they are stored. */
  constructor(public stored: Buffer) {}
}

/** The tail of a list: the next elements can be appended to it. */
export interface KnownTail {
  readonly name: string;
  /** As it is stored. */
  stored: Buffer;
  /** The segment in it. */
  segment: Buffer;
  /** The elements in it, when this client has written them: texts, or what else its format is made of. */
  readonly elements?: readonly unknown[];
}

/** The tree of a list's sealed segments, see values/chunk-tree.ts. */
export interface KnownTree {
  readonly leaves: readonly string[];
  readonly root: string | undefined;
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

/** What was seen of a channel's value when it was last stored or read. */
export interface KnownValue {
  readonly tree: KnownTree;
  /** The segments by name. */
  readonly segments: ReadonlyMap<string, KnownSegment>;
  readonly tail: KnownTail | undefined;
}

export const NOTHING_KNOWN: KnownValue = {
  tree: { leaves: [], root: undefined, tables: new Map() },
  segments: new Map(),
  tail: undefined,
};

/** The names of all chunks of a value but its tail. */
export function chunkNamesOf({ tree, segments }: KnownValue): string[] {
  // A leaf may be known by name only, and a single value is no leaf.
  return [...new Set([...tree.tables.keys(), ...tree.leaves, ...segments.keys()])];
}

/** The names of the chunks of which the content is known, so that they need not be read again. */
export function contentNamesOf({ tree, segments }: KnownValue): string[] {
  return [...tree.tables.keys(), ...segments.keys()];
}
