import { digestOf } from "./chunk.js";
import type { KnownValue } from "./known-values.js";
import { type Prefix, parseReference } from "./reference.js";
import { leavesOf } from "./tree.js";

/** Gives the bytes of a chunk as the server has them. */
export type ChunkSource = (digest: string) => Buffer | undefined;

/** Reads the elements of a run; the digest is that of a finished run of a list, and undefined for all others. */
export type RunReader = (run: Buffer, finished: string | undefined) => unknown[] | Promise<unknown[]>;

export interface DecodedValue {
  /** A promise only when the reader made one. */
  readonly value: unknown;
  readonly known: KnownValue;
}

const NO_CHUNKS: KnownValue = { chunks: [], open: undefined };

/** @throws {Error} saying what is missing, altered or malformed. */
export function decodeValue(reference: string, chunk: ChunkSource, read: RunReader): DecodedValue {
  const parsed = parseReference(reference);
  switch (parsed.kind) {
    case "W":
      return { value: first(read(parsed.run, undefined)), known: NO_CHUNKS };
    case "A":
      return { value: read(parsed.run, undefined), known: NO_CHUNKS };
    case "w": {
      const value = first(read(prefixOf(chunk, parsed.run), undefined));
      return { value, known: { chunks: [parsed.run.name], open: undefined } };
    }
    case "a": {
      const finished = finishedRuns(parsed.spine, chunk);
      const parts = finished.map((digest) => read(need(chunk, digest), digest));
      if (!parsed.open) return { value: concat(parts), known: { chunks: finished, open: undefined } };
      const { name } = parsed.open;
      const bytes = prefixOf(chunk, parsed.open);
      parts.push(read(bytes, undefined));
      // A copy: the bytes are part of a reply that need not be kept for them.
      const known = { chunks: [...finished, name], open: { name, bytes: Buffer.from(bytes) } };
      return { value: concat(parts), known };
    }
  }
}

function finishedRuns(spine: string, chunk: ChunkSource): string[] {
  const found = leavesOf(spine, (digest) => need(chunk, digest));
  if ("broken" in found) throw lost(found.broken);
  return found.leaves;
}

function prefixOf(chunk: ChunkSource, { name, length, digest }: Prefix): Buffer {
  const bytes = chunk(name)?.subarray(0, length);
  if (bytes?.length !== length || digestOf(bytes) !== digest) throw lost(name);
  return bytes;
}

function need(chunk: ChunkSource, digest: string): Buffer {
  const bytes = chunk(digest);
  if (!bytes || digestOf(bytes) !== digest) throw lost(digest);
  return bytes;
}

function lost(name: string): Error {
  return new Error(`chunk ${name} is missing or altered`);
}

function first(elements: unknown[] | Promise<unknown[]>): unknown {
  return elements instanceof Promise ? elements.then(([value]) => value) : elements[0];
}

function concat(parts: readonly (unknown[] | Promise<unknown[]>)[]): unknown {
  if (parts.some((part) => part instanceof Promise)) return Promise.all(parts).then((lists) => lists.flat());
  const [only] = parts;
  // A promise was ruled out above.
  return parts.length === 1 ? only : (parts as unknown[][]).flat();
}
