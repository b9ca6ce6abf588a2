import { repeatable } from "../../describe.js";
import { type KnownValue, NOTHING_KNOWN } from "../cache/value-cache.js";
import { digestOf } from "./chunk.js";
import { type Prefix, parseReference } from "./reference.js";
import { leavesOf } from "./tree.js";

/** Gives the bytes of a chunk as the server has them. */
export type ChunkSource = (digest: string) => Buffer | undefined;

/** Reads the elements of a run; the digest is that of a finished run of a list, and undefined for all others. */
export type RunReader = (
  run: Buffer,
  finished: string | undefined,
  /** Whether the same bytes were read before. */
  again: boolean,
) => unknown[] | Promise<unknown[]>;

export interface DecodedValue {
  /** A promise only when the reader made one. */
  readonly value: unknown;
  readonly known: KnownValue;
}

/**
 * @param before what was known of the channel: bytes that are as they were need not be hashed.
 * @throws {Error} saying what is missing, altered or malformed.
 */
export function decodeValue(
  reference: string,
  chunk: ChunkSource,
  before: KnownValue,
  read: RunReader,
): DecodedValue {
  const parsed = parseReference(reference);
  const contents = new Map<string, Buffer>();
  const checked = (name: string, length: number | undefined, digest: string): Buffer => {
    const stored = chunk(name);
    const bytes = length === undefined ? stored : stored?.subarray(0, length);
    if (!bytes || (length !== undefined && bytes.length !== length)) throw lost(name);
    const known = before.contents.get(digest);
    if (!known?.equals(bytes) && digestOf(bytes) !== digest) throw lost(name);
    contents.set(digest, known ?? bytes);
    // The same bytes each time, so that what was found out about them stays with them.
    return known ?? bytes;
  };
  const prefix = ({ name, length, digest }: Prefix) => checked(name, length, digest);
  switch (parsed.kind) {
    case "W":
      return { value: first(read(parsed.run, undefined, false)), known: NOTHING_KNOWN };
    case "A":
      return { value: read(parsed.run, undefined, false), known: NOTHING_KNOWN };
    case "w": {
      const value = first(read(prefix(parsed.run), undefined, false));
      return { value, known: { chunks: [parsed.run.name], contents, open: undefined } };
    }
    case "a": {
      const chunks = finishedRuns(parsed.spine, chunk);
      const parts = chunks.map((digest) =>
        read(checked(digest, undefined, digest), digest, before.contents.has(digest)),
      );
      if (!parsed.open) return { value: concat(parts), known: { chunks, contents, open: undefined } };
      const { name } = parsed.open;
      const bytes = prefix(parsed.open);
      parts.push(read(bytes, undefined, false));
      return { value: concat(parts), known: { chunks: [...chunks, name], contents, open: { name, bytes } } };
    }
  }
}

function finishedRuns(spine: string, chunk: ChunkSource): string[] {
  const found = leavesOf(spine, (digest) => {
    const table = chunk(digest);
    return table && digestOf(table) === digest ? table : undefined;
  });
  if ("broken" in found) throw lost(found.broken);
  return found.leaves;
}

function lost(name: string): Error {
  return repeatable(new Error(`chunk ${name} is missing or altered`));
}

function first(elements: unknown[] | Promise<unknown[]>): unknown {
  return elements instanceof Promise ? elements.then(([value]) => value) : elements[0];
}

function concat(parts: readonly (unknown[] | Promise<unknown[]>)[]): unknown {
  const [only] = parts;
  if (parts.length === 1) return only;
  if (parts.some((part) => part instanceof Promise)) return Promise.all(parts).then(concat);
  const all: unknown[] = [];
  // Several times as fast as flat().
  for (const part of parts as unknown[][]) for (const element of part) all.push(element);
  return all;
}
