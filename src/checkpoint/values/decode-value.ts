import { KnownSegment, type KnownTail, type KnownValue, NOTHING_KNOWN } from "../cache/known-value.js";
import { decodeAlias } from "./chunk.js";
import { readTree } from "./chunk-tree.js";
import { type ContentCodec, lost } from "./content-codec.js";
import { parseValueRef, type TailRef } from "./value-ref.js";

/** Gives the bytes of a chunk as the server has them. */
export type ChunkSource = (name: string) => Buffer | undefined;

/** Reads the elements of segments. */
export interface SegmentReader {
  /** @param segment its bytes, unpacked. */
  read(segment: Buffer): unknown[] | Promise<unknown[]>;
  /**
   * @param name that of a sealed segment of a list.
   * @param segment its bytes, unpacked; undefined when they were read and checked before.
   */
  readSealed(name: string, known: KnownSegment, segment: Buffer | undefined): unknown[] | Promise<unknown[]>;
}

export interface DecodedValue {
  /** A promise only when the reader made one. */
  readonly value: unknown;
  readonly known: KnownValue;
}

/**
 * @param before what was known of the channel: bytes that are as they were need not be checked again, and chunks that the
 * source does not have are taken from here.
 * @throws {Error} saying what is missing, altered or malformed.
 */
export function decodeValue(
  reference: string,
  chunk: ChunkSource,
  contents: ContentCodec,
  before: KnownValue,
  reader: SegmentReader,
): DecodedValue {
  const ref = parseValueRef(reference);
  const segments = new Map<string, KnownSegment>();
  const sealed = (name: string): { known: KnownSegment; segment: Buffer | undefined } => {
    const found = readSealed(name, chunk, contents, before);
    segments.set(name, found.known);
    return found;
  };
  switch (ref.kind) {
    case "W":
      return { value: first(reader.read(ref.segment)), known: NOTHING_KNOWN };
    case "A":
      return { value: reader.read(ref.segment), known: NOTHING_KNOWN };
    case "w": {
      const { known, segment } = sealed(ref.name);
      const value = first(reader.read(segment ?? contents.unpackKnown(ref.name, known.stored)));
      return { value, known: { ...NOTHING_KNOWN, segments } };
    }
    case "a": {
      const tree = readTree(ref.root, chunk, before.tree);
      if ("broken" in tree) throw lost(tree.broken);
      const parts = tree.leaves.map((name) => {
        const { known, segment } = sealed(name);
        return reader.readSealed(name, known, segment);
      });
      const tail = ref.tail && readTail(ref.tail, chunk, contents, before);
      if (tail) parts.push(reader.read(tail.segment));
      return { value: concat(parts), known: { tree, segments, tail: tail?.appendable } };
    }
  }
}

/** A sealed segment; with its bytes when they had to be unpacked. */
function readSealed(
  name: string,
  chunk: ChunkSource,
  contents: ContentCodec,
  before: KnownValue,
): { known: KnownSegment; segment: Buffer | undefined } {
  const stored = chunk(name);
  const known = before.segments.get(name);
  if (known && (!stored || known.stored.equals(stored))) return { known, segment: undefined };
  if (!stored) throw lost(name);
  const segment = contents.unpack(name, stored);
  return { known: new KnownSegment(stored), segment };
}

/** The segment that a tail holds, and the tail if that is all that it holds, so that elements can be appended. */
function readTail(
  ref: TailRef,
  chunk: ChunkSource,
  contents: ContentCodec,
  before: KnownValue,
): { segment: Buffer; appendable: KnownTail | undefined } {
  const { name, length, size } = ref;
  const chunkOfTail = chunk(name);
  const known = before.tail?.name === name && before.tail.stored.length === length ? before.tail : undefined;
  const target = chunkOfTail && decodeAlias(chunkOfTail);
  if (target !== undefined) {
    const stored = chunk(target) ?? before.segments.get(target)?.stored;
    if (!stored) throw lost(target);
    const segment = known?.segment ?? contents.unpack(target, stored).subarray(0, size);
    if (segment.length !== size || !contents.isMeantBy(ref, segment, stored)) throw lost(name);
    return { segment, appendable: undefined };
  }
  // What the client knows of the tail may be more than is asked for, as of an older checkpoint.
  const all = chunkOfTail ?? (before.tail?.name === name ? before.tail.stored : undefined);
  const stored = all?.subarray(0, length);
  if (stored?.length !== length) throw lost(name);
  const appendable = all?.length === length;
  if (known?.stored.equals(stored))
    return { segment: known.segment, appendable: appendable ? known : undefined };
  const segment = contents.unpackTail(ref, stored);
  return { segment, appendable: appendable ? { name, stored, segment } : undefined };
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
