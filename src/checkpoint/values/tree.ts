import { decodeTable, digestOf, encodeTable, splitDigests } from "./chunk.js";

/**
 * The digests of a list's leaves, as a tree that successive versions of the list share.
 *
 * Runs of digests become tables, runs of tables' digests become tables again, until no run is complete. Where a
 * run ends depends on the digests alone, not on positions: a list that differs from another one in a few places
 * differs from its tree in a few tables. What is left over on each level, the *spine*, is all that a checkpoint
 * has to hold: about seven digests a level, so a few dozen for a list of any length.
 *
 * A spine is written from the top level down, levels divided by ".": read in that order it names the leaves from
 * first to last.
 */
export interface Tree {
  readonly spine: string;
  /** The tables of the tree by digest, each with the digests in it. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
}

/** A run ends at one digest in eight, but never so short that a level would not shrink, nor unboundedly long. */
const MIN_RUN = 2;
const MAX_RUN = 64;

function endsRun(digest: string): boolean {
  // The last of the 64 base64url characters is uniformly distributed; "A" to "H" are eight of them.
  const code = digest.charCodeAt(digest.length - 1);
  return code >= 65 && code <= 72;
}

export function buildTree(leaves: readonly string[]): Tree {
  const tables = new Map<string, readonly string[]>();
  const levels: string[] = [];
  for (let level = leaves; ; ) {
    const above: string[] = [];
    let start = 0;
    for (let at = 0; at < level.length; at++) {
      const length = at + 1 - start;
      if (length < MIN_RUN || (length < MAX_RUN && !endsRun(level[at] as string))) continue;
      const run = level.slice(start, at + 1);
      const digest = tableDigest(run);
      tables.set(digest, run);
      above.push(digest);
      start = at + 1;
    }
    levels.unshift(level.slice(start).join(""));
    if (above.length === 0) break;
    level = above;
  }
  return { spine: levels.join("."), tables };
}

/**
 * Digests of tables that were computed before: appending to a list leaves nearly all of its tables as they were.
 * Exact whatever it holds, since it maps a table's content to its digest.
 */
const knownTables = new Map<string, string>();
const KNOWN_TABLES_LIMIT = 20_000;

function tableDigest(run: readonly string[]): string {
  const content = run.join("");
  let digest = knownTables.get(content);
  if (digest === undefined) {
    if (knownTables.size >= KNOWN_TABLES_LIMIT) knownTables.clear();
    digest = digestOf(encodeTable(run));
    knownTables.set(content, digest);
  }
  return digest;
}

/** The digests that a spine names directly. */
export function spineDigests(spine: string): string[] {
  return splitDigests(spine.replaceAll(".", ""));
}

/**
 * The leaves of a tree, from first to last.
 *
 * @param chunk gives the bytes of a chunk.
 * @returns the digests of the leaves, or the digest of a table that is not there or is none.
 */
export function leavesOf(
  spine: string,
  chunk: (digest: string) => Buffer | undefined,
): { leaves: string[] } | { broken: string } {
  let leaves: string[] = [];
  const levels = spine.split(".");
  for (let at = 0; at < levels.length; at++) {
    // What is above this level has been resolved into its digests already; its own come after them.
    leaves = leaves.concat(splitDigests(levels[at] as string));
    if (at === levels.length - 1) break;
    const below: string[] = [];
    for (const digest of leaves) {
      const bytes = chunk(digest);
      const children = bytes && decodeTable(bytes);
      if (!children) return { broken: digest };
      for (const child of children) below.push(child);
    }
    leaves = below;
  }
  return { leaves };
}
