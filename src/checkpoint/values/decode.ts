import { parseReference } from "./reference.js";
import { leavesOf } from "./tree.js";

/** Gives the bytes of a chunk, checked against its digest. */
export type ChunkSource = (digest: string) => Buffer | undefined;

/** Reads the elements of a leaf; its digest is undefined when it stands in the reference. */
export type LeafReader = (leaf: Buffer, digest: string | undefined) => unknown[] | Promise<unknown[]>;

/**
 * Reads a value back; at once, if the reader reads all its leaves at once.
 *
 * @throws {Error} saying what is missing or malformed; the caller knows where, and makes it a CorruptRecordError.
 */
export function decodeValue(reference: string, chunk: ChunkSource, read: LeafReader): unknown {
  const parsed = parseReference(reference);
  switch (parsed.kind) {
    case "W":
      return then(read(parsed.leaf, undefined), ([value]) => value);
    case "A":
      return read(parsed.leaf, undefined);
    case "w":
      return then(read(need(chunk, parsed.digest), parsed.digest), ([value]) => value);
    case "a": {
      const found = leavesOf(parsed.spine, chunk);
      if ("broken" in found) throw lost(found.broken);
      const parts = found.leaves.map((digest) => read(need(chunk, digest), digest));
      return parts.some(isPromise)
        ? Promise.all(parts).then((lists) => lists.flat())
        : (parts as unknown[][]).flat();
    }
  }
}

function need(chunk: ChunkSource, digest: string): Buffer {
  const bytes = chunk(digest);
  if (!bytes) throw lost(digest);
  return bytes;
}

function lost(digest: string): Error {
  return new Error(`chunk ${digest} is missing or altered`);
}

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise;
}

function then<T, U>(value: T | Promise<T>, next: (value: T) => U): U | Promise<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
