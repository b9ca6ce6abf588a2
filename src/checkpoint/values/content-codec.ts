import { repeatable } from "../../describe.js";
import { openPlain } from "../../encryption/cipher.js";
import { EncryptionError } from "../../errors.js";
import type { KnownTail } from "../cache/known-value.js";
import { digestOf, isSegmentOf, tailDigestOf } from "./chunk.js";
import { type Compressor, packAppended, unpack, unpackTail } from "./compression.js";
import type { TailRef } from "./value-ref.js";

/**
 * How the contents of one thread become the bytes that are stored, and back: segments, tails, and the texts of records and
 * pending writes.
 *
 * Everything that reads throws an {@link EncryptionError} where what is stored is encrypted and cannot be decrypted, or
 * should be encrypted and is not; else an `Error` that says what is altered.
 */
export interface ContentCodec {
  /** The name under which a sealed segment is stored. */
  nameOf(segment: Buffer): string;
  /** A sealed segment as it is stored under its name. */
  pack(name: string, segment: Buffer): Buffer;
  /** The segment that a chunk holds; throws unless it is the one that was stored under the name. */
  unpack(name: string, stored: Buffer): Buffer;
  /** As {@link unpack}, for what this client has stored or checked itself. */
  unpackKnown(name: string, stored: Buffer): Buffer;

  /** The beginning of a tail. */
  packTail(name: string, segment: Buffer): Buffer;
  /** The bytes to append to a tail so that it holds the whole of a segment; undefined when this tail cannot grow. */
  packAppended(tail: KnownTail, segment: Buffer): Buffer | undefined;
  /** The segment that a reference to a tail means. */
  unpackTail(ref: TailRef, stored: Buffer): Buffer;
  /** The digest for a reference to a tail. */
  tailDigest(segment: Buffer, stored: Buffer): string;
  /** Whether a tail may become an alias of the segment that it has grown into. */
  canBecomeAlias(tail: KnownTail): boolean;
  /** Whether a reference to a tail that has become an alias meant this segment, the beginning of what `target` holds. */
  isMeantBy(ref: TailRef, segment: Buffer, target: Buffer): boolean;

  /** Packs the text of a record's body or of pending writes. @param place where it will be stored. */
  packText(text: string, place: readonly string[]): Buffer;
  unpackText(stored: Buffer, place: readonly string[]): string;
}

/** Contents as they are, compressed where that makes them shorter. */
export class PlainCodec implements ContentCodec {
  constructor(private readonly compressor: Compressor) {}

  nameOf(segment: Buffer): string {
    return digestOf(segment);
  }

  pack(_name: string, segment: Buffer): Buffer {
    return this.compressor.pack(segment);
  }

  unpack(name: string, stored: Buffer): Buffer {
    const segment = this.unpackKnown(name, stored);
    if (digestOf(segment) !== name) throw lost(name);
    return segment;
  }

  unpackKnown(name: string, stored: Buffer): Buffer {
    return intact(name, () => unpack(openPlain(stored)));
  }

  packTail(_name: string, segment: Buffer): Buffer {
    return this.compressor.packTail(segment);
  }

  packAppended({ stored, segment: before }: KnownTail, segment: Buffer): Buffer {
    return packAppended(stored, segment, before.length);
  }

  unpackTail({ name, size, digest }: TailRef, stored: Buffer): Buffer {
    const segment = intact(name, () => unpackTail(openPlain(stored), size));
    if (segment.length !== size || tailDigestOf(segment, stored) !== digest) throw lost(name);
    return segment;
  }

  tailDigest(segment: Buffer, stored: Buffer): string {
    return tailDigestOf(segment, stored);
  }

  canBecomeAlias(): boolean {
    return true;
  }

  isMeantBy({ digest }: TailRef, segment: Buffer): boolean {
    return isSegmentOf(digest, segment);
  }

  packText(text: string): Buffer {
    return this.compressor.pack(Buffer.from(text, "utf8"));
  }

  unpackText(stored: Buffer): string {
    return unpack(openPlain(stored)).toString("utf8");
  }
}

/** Says which chunk it is that cannot be unpacked. */
export function intact(name: string, unpacked: () => Buffer): Buffer {
  try {
    return unpacked();
  } catch (cause) {
    if (cause instanceof EncryptionError) throw cause;
    throw repeatable(new Error(`chunk ${name} is altered`, { cause }));
  }
}

export function lost(name: string): Error {
  return repeatable(new Error(`chunk ${name} is missing or altered`));
}
