import { isSealed } from "../../encryption/cipher.js";
import { bodyPlace, openBody } from "../records/checkpoint-record.js";
import { writePlace } from "../records/pending-writes.js";
import { randomName } from "../values/chunk.js";
import type { EncryptedCodec } from "../values/encrypted-codec.js";
import type { TailRef } from "../values/value-ref.js";
import type { RewrittenChunk, ThreadTransform } from "./transform.js";

/**
 * Encrypts a thread with the current key: one that is encrypted with others, or in part, or not at all.
 *
 * @param to the codec of the thread that it becomes, which may be the same.
 */
export function encrypting(from: EncryptedCodec, to: EncryptedCodec, isSame: boolean): ThreadTransform {
  return {
    // All that is encrypted is bound to its thread.
    isCurrent: (stored) => isSame && from.isCurrent(stored),
    segment: (name, stored, references) => encryptSegment(from, to, name, stored, references),
    tail: (name, stored, references) => encryptTail(from, to, name, stored, references),
    openBody: (field, header, stored) => openBody(from, field, header, stored),
    sealBody: (field, header, text) => to.packText(text, bodyPlace(field, header, header.p)),
    openPayload: (place, stored) => from.unpackText(stored, writePlace(place)),
    sealPayload: (place, text) => to.packText(text, writePlace(place)),
  };
}

function encryptSegment(
  from: EncryptedCodec,
  to: EncryptedCodec,
  name: string,
  stored: Buffer,
  references: readonly TailRef[],
): RewrittenChunk {
  const segment = from.unpack(name, stored);
  const newName = to.nameOf(segment);
  const sealed = to.sealChunk(newName, from.openChunk(name, stored));
  const renewed = references.map((ref) => {
    const beginning = segment.subarray(0, ref.size);
    if (beginning.length !== ref.size || !from.isMeantBy(ref, beginning, stored)) throw altered(ref.name);
    return { ...ref, digest: to.tailDigest(beginning, sealed) };
  });
  return { name: newName, stored: sealed, references: renewed };
}

/** A tail gets another name: of its old one clients remember how long it is, and would append to it. */
function encryptTail(
  from: EncryptedCodec,
  to: EncryptedCodec,
  name: string,
  stored: Buffer,
  references: readonly TailRef[],
): RewrittenChunk {
  const { pieces, counts } = piecesOf(from, name, stored, references);
  const newName = randomName();
  const sealed = to.sealPieces(newName, pieces);
  const renewed = references.map((ref, at): TailRef => {
    const segment = from.unpackTail(ref, stored.subarray(0, ref.length));
    const held = Buffer.concat(sealed.slice(0, counts[at]));
    return { name: newName, length: held.length, size: ref.size, digest: to.tailDigest(segment, held) };
  });
  return { name: newName, stored: Buffer.concat(sealed), references: renewed };
}

/** The pieces of a tail, and how many of them each reference means: those of one that is not encrypted end where references do. */
function piecesOf(
  from: EncryptedCodec,
  name: string,
  stored: Buffer,
  references: readonly TailRef[],
): { readonly pieces: Buffer[]; readonly counts: readonly number[] } {
  const longest = references.at(-1)?.length ?? 0;
  if (stored.length < longest) throw altered(name);
  if (isSealed(stored)) {
    const pieces = from.openPieces(name, stored.subarray(0, longest));
    const counts = references.map(({ length }) => from.openPieces(name, stored.subarray(0, length)).length);
    return { pieces, counts };
  }
  const pieces = references.map(({ length }, at) => stored.subarray(references[at - 1]?.length ?? 0, length));
  return { pieces, counts: references.map((_, at) => at + 1) };
}

function altered(name: string): Error {
  return new Error(`chunk ${name} is missing or altered`);
}
