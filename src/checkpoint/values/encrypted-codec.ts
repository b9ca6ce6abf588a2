import { type Cipher, isSealed, readHead } from "../../encryption/cipher.js";
import { EncryptionError } from "../../errors.js";
import type { KnownTail } from "../cache/known-value.js";
import { digestOf, NAME_LENGTH } from "./chunk.js";
import { type Compressor, packAppended, unpack, unpackTail } from "./compression.js";
import { type ContentCodec, intact, lost, PlainCodec } from "./content-codec.js";
import type { TailRef } from "./value-ref.js";

/** Characters of the digest of a tail's segment in a reference. */
const TAIL_DIGEST_LENGTH = 12;

/**
 * Contents that are packed as {@link PlainCodec} does it, then encrypted, each for its place in its thread.
 *
 * - A segment is named by a keyed digest of its content. The key may have been another one when it was stored, so the name of what is
 *   read is not computed again: that the chunk was encrypted for this name proves as much.
 * - A tail is the head of a sealed value and pieces, each encrypted for the offset at which it stands, with its length before it: seven bits
 *   in each byte, the lowest first. Appending sends one piece. A tail grows only under the current key.
 *
 * What stands there unencrypted is read as {@link PlainCodec} does it, if the options allow that.
 */
export class EncryptedCodec implements ContentCodec {
  private readonly plain: PlainCodec;

  /** @param cipher that of the thread. */
  constructor(
    private readonly cipher: Cipher,
    private readonly compressor: Compressor,
  ) {
    this.plain = new PlainCodec(compressor);
  }

  /** Whether bytes are encrypted with the current key. */
  isCurrent(stored: Buffer): boolean {
    return this.cipher.isCurrent(stored);
  }

  nameOf(segment: Buffer): string {
    return this.cipher.digest(segment, ["chunk"], NAME_LENGTH);
  }

  pack(name: string, segment: Buffer): Buffer {
    return this.sealChunk(name, this.compressor.pack(segment));
  }

  unpack(name: string, stored: Buffer): Buffer {
    if (this.isPlaintext(stored)) return this.plain.unpack(name, stored);
    return intact(name, () => unpack(this.openChunk(name, stored)));
  }

  unpackKnown(name: string, stored: Buffer): Buffer {
    return this.unpack(name, stored);
  }

  packTail(name: string, segment: Buffer): Buffer {
    return this.sealPieces(name, [this.compressor.packTail(segment)])[0] as Buffer;
  }

  packAppended({ name, stored, segment: before }: KnownTail, segment: Buffer): Buffer | undefined {
    if (!this.cipher.isCurrent(stored)) return undefined;
    // How a tail goes on depends on how it begins.
    const [first] = this.openPieces(name, stored, 1);
    const piece = packAppended(first as Buffer, segment, before.length);
    return withLength(this.cipher.encrypt(piece, tailPlace(name, stored.length)));
  }

  unpackTail(ref: TailRef, stored: Buffer): Buffer {
    if (this.isPlaintext(stored)) return this.plain.unpackTail(ref, stored);
    const { name, size, digest } = ref;
    const segment = intact(name, () => unpackTail(Buffer.concat(this.openPieces(name, stored)), size));
    if (segment.length !== size || this.tailDigest(segment, stored) !== digest) throw lost(name);
    return segment;
  }

  /** That of the segment alone: the bytes of a piece change when it is encrypted again, and prove themselves. */
  tailDigest(segment: Buffer, stored: Buffer): string {
    if (!isSealed(stored)) return this.plain.tailDigest(segment, stored);
    return digestOf(segment).slice(0, TAIL_DIGEST_LENGTH);
  }

  /** One that is not encrypted is referred to by another digest, so it is none of a segment that is. */
  canBecomeAlias({ stored }: KnownTail): boolean {
    return isSealed(stored);
  }

  isMeantBy(ref: TailRef, segment: Buffer, target: Buffer): boolean {
    if (!isSealed(target)) return this.plain.isMeantBy(ref, segment);
    return this.tailDigest(segment, target) === ref.digest;
  }

  packText(text: string, place: readonly string[]): Buffer {
    return this.sealText(this.compressor.pack(Buffer.from(text, "utf8")), place);
  }

  unpackText(stored: Buffer, place: readonly string[]): string {
    return unpack(this.openText(stored, place)).toString("utf8");
  }

  /** The packed segment in a chunk. Where it is not encrypted, nothing was checked but that this is allowed. */
  openChunk(name: string, stored: Buffer): Buffer {
    return this.cipher.open(stored, ["chunk", name]);
  }

  /** The inverse of {@link openChunk}. */
  sealChunk(name: string, packed: Buffer): Buffer {
    return this.cipher.seal(packed, ["chunk", name]);
  }

  /**
   * The pieces of a tail, which together are what is stored of one that is not encrypted. All of such a one is one piece.
   *
   * @param most how many of them.
   */
  openPieces(name: string, stored: Buffer, most = Number.POSITIVE_INFINITY): Buffer[] {
    if (this.isPlaintext(stored)) return [stored];
    const { keyId, length } = readHead(stored);
    const pieces: Buffer[] = [];
    for (let at = length; at < stored.length && pieces.length < most; ) {
      const { start, end } = readLength(stored, at);
      pieces.push(this.cipher.decrypt(keyId, stored.subarray(start, end), tailPlace(name, at)));
      at = end;
    }
    return pieces;
  }

  /** The inverse of {@link openPieces}: what each piece is stored as, the first one with the head of the tail before it. */
  sealPieces(name: string, pieces: readonly Buffer[]): Buffer[] {
    const { head } = this.cipher;
    let at = head.length;
    return pieces.map((piece, index) => {
      const stored = withLength(this.cipher.encrypt(piece, tailPlace(name, at)));
      at += stored.length;
      return index === 0 ? Buffer.concat([head, stored]) : stored;
    });
  }

  /** The packed text of a body or of pending writes. */
  openText(stored: Buffer, place: readonly string[]): Buffer {
    return this.cipher.open(stored, place);
  }

  /** The inverse of {@link openText}. */
  sealText(packed: Buffer, place: readonly string[]): Buffer {
    return this.cipher.seal(packed, place);
  }

  /** @throws {EncryptionError} when it is not encrypted, and that is not allowed. */
  private isPlaintext(stored: Buffer): boolean {
    if (isSealed(stored)) return false;
    this.cipher.checkPlaintextAllowed();
    return true;
  }
}

/** Where a piece of a tail belongs: at its offset among what is stored under the name. */
function tailPlace(name: string, offset: number): string[] {
  return ["tail", name, String(offset)];
}

function withLength(bytes: Buffer): Buffer {
  const length: number[] = [];
  let rest = bytes.length;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) length.push((rest % 0x80) + 0x80);
  length.push(rest);
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** @throws {EncryptionError} when there are not as many bytes as the length at this offset says. */
function readLength(stored: Buffer, offset: number): { readonly start: number; readonly end: number } {
  let length = 0;
  let start = offset;
  for (let scale = 1; start < offset + 5; scale *= 0x80) {
    const byte = stored[start++] ?? 0;
    length += (byte % 0x80) * scale;
    if (byte < 0x80) break;
  }
  if (start + length > stored.length) throw new EncryptionError("it was cut off or altered");
  return { start, end: start + length };
}
