import { decodeTable, digestOf, encodeTable, isTable } from "./chunk.js";

/**
 * The sealed segments of a list, as a Merkle tree that successive versions of the list share (a prolly tree).
 *
 * Groups of segments become tables, groups of tables become tables again, until one is left: the root. Where a group ends
 * depends on the names in it alone, not on positions: a list that differs from another one in a few places differs from
 * its tree in a few tables. What is left over at the end of a level is a table too, so that appending a segment writes
 * one table a level. All segments are at the same depth.
 */
export interface Tree {
  /** The names of the segments. */
  readonly leaves: readonly string[];
  /** The name of the only segment or of the topmost table; undefined when there are no segments. */
  readonly root: string | undefined;
  /** The children of each table by its name. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

export const EMPTY_TREE: Tree = { leaves: [], root: undefined, tables: new Map() };

/** A group ends at one name in sixteen, but is never so short that a level would not shrink, nor unboundedly long. */
const MIN_GROUP = 2;
const MAX_GROUP = 64;

function endsGroup(name: string): boolean {
  // The last of the 64 base64url characters is uniformly distributed; "A" to "D" are four of them.
  const code = name.charCodeAt(name.length - 1);
  return code >= 65 && code <= 68;
}

/** @param before the tree of what the list was: when it has the same leaves, it is the tree. */
export function buildTree(leaves: readonly string[], before: Tree = EMPTY_TREE): Tree {
  if (sameNames(leaves, before.leaves)) return before;
  const tables = new Map<string, readonly string[]>();
  let level = leaves;
  while (level.length > 1) {
    const above: string[] = [];
    for (const children of groups(level)) {
      const name = digestOf(encodeTable(children));
      tables.set(name, children);
      above.push(name);
    }
    level = above;
  }
  return { leaves, root: level[0], tables };
}

function* groups(level: readonly string[]): Iterable<readonly string[]> {
  let start = 0;
  for (let at = 0; at < level.length; at++) {
    const length = at + 1 - start;
    const ends = length >= MAX_GROUP || (length >= MIN_GROUP && endsGroup(level[at] as string));
    if (!ends && at < level.length - 1) continue;
    yield level.slice(start, at + 1);
    start = at + 1;
  }
}

function sameNames(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

/**
 * Reads the tree below a root.
 *
 * @param chunk gives the bytes of a chunk.
 * @param before what the tree was: its tables are known.
 * @returns the tree, or the name of a table that is missing or altered.
 */
export function readTree(
  root: string | undefined,
  chunk: (name: string) => Buffer | undefined,
  before: Tree,
): Tree | { readonly broken: string } {
  if (root === before.root) return before;
  if (root === undefined) return EMPTY_TREE;
  const tables = new Map<string, readonly string[]>();
  const childrenOf = (name: string): readonly string[] | undefined => {
    const known = before.tables.get(name);
    if (known) return known;
    const table = chunk(name);
    return table && isTable(table) && digestOf(table) === name ? decodeTable(table) : undefined;
  };
  let level: readonly string[] = [root];
  // All of a level are tables or none. What is no table is a segment, or so damaged that it will not be taken for one.
  while (before.tables.has(level[0] as string) || isTable(chunk(level[0] as string))) {
    const below: string[] = [];
    for (const name of level) {
      const children = childrenOf(name);
      if (!children) return { broken: name };
      tables.set(name, children);
      for (const child of children) below.push(child);
    }
    level = below;
  }
  return { leaves: level, root, tables };
}
