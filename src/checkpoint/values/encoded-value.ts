import { encodeTable } from "./chunk.js";
import { formatReference } from "./reference.js";
import { buildTree, spineDigests, type Tree } from "./tree.js";

/** A value on its way to Redis: the reference that will stand for it, and the chunks behind it. */
export interface EncodedValue {
  readonly reference: string;
  /** The chunks that the reference names; these name all others. */
  readonly roots: readonly string[];
  /** @returns a chunk of this value, with the chunks that it names in turn; undefined when it cannot be made. */
  chunk(digest: string): EncodedChunk | undefined;
  /** The same value, of which every chunk can be made. */
  rewritten(): EncodedValue;
}

export interface EncodedChunk {
  readonly bytes: Buffer;
  readonly children: readonly string[];
}

/** A leaf whose digest is known; its bytes may have to be made, or may not come out the same. */
export interface Leaf {
  readonly digest: string;
  bytes(): Buffer | undefined;
}

const NO_CHILDREN: readonly string[] = [];

export function inlineValue(isList: boolean, leaf: Buffer): EncodedValue {
  const value: EncodedValue = {
    reference: formatReference({ kind: isList ? "A" : "W", leaf }),
    roots: NO_CHILDREN,
    chunk: () => undefined,
    rewritten: () => value,
  };
  return value;
}

/** @param rewritten makes the value anew when a leaf cannot be made; by default all can. */
export function chunkedValue(
  isList: boolean,
  leaves: readonly Leaf[],
  rewritten?: () => EncodedValue,
): EncodedValue {
  let byDigest: Map<string, Leaf> | undefined;
  const leafChunk = (digest: string): EncodedChunk | undefined => {
    // Most values send few of their leaves, so the map is made only for those that send one.
    byDigest ??= new Map(leaves.map((leaf) => [leaf.digest, leaf]));
    const bytes = byDigest.get(digest)?.bytes();
    return bytes && { bytes, children: NO_CHILDREN };
  };
  const tableChunk = ({ tables }: Tree, digest: string): EncodedChunk | undefined => {
    const children = tables.get(digest);
    return children && { bytes: encodeTable(children), children };
  };
  const self = () => value;
  let value: EncodedValue;
  if (isList) {
    const tree = buildTree(leaves.map((leaf) => leaf.digest));
    value = {
      reference: formatReference({ kind: "a", spine: tree.spine }),
      roots: spineDigests(tree.spine),
      chunk: (digest) => tableChunk(tree, digest) ?? leafChunk(digest),
      rewritten: rewritten ?? self,
    };
  } else {
    const { digest } = leaves[0] as Leaf;
    value = {
      reference: formatReference({ kind: "w", digest }),
      roots: [digest],
      chunk: leafChunk,
      rewritten: rewritten ?? self,
    };
  }
  return value;
}
