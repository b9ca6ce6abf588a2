import type { RecordHeader } from "../records/checkpoint-record.js";
import type { TailRef } from "../values/value-ref.js";

/** A chunk under its new name, with what the references to a beginning of it have become, in their order. */
export interface RewrittenChunk {
  readonly name: string;
  readonly stored: Buffer;
  readonly references: readonly TailRef[];
}

/** What the parts of a thread become, each by itself. Whatever cannot be read is an error. */
export interface ThreadTransform {
  /** Whether a body, a payload, a segment or a tail may stay as it is stored. */
  isCurrent(stored: Buffer): boolean;

  /** @param references those to tails that have become aliases of this segment. Names and lengths in them stay. */
  segment(name: string, stored: Buffer, references: readonly TailRef[]): RewrittenChunk;

  /** @param references those to this tail, the shortest first. What comes after the longest may be left out. */
  tail(name: string, stored: Buffer, references: readonly TailRef[]): RewrittenChunk;

  /** The text of a record's body. @param field names the checkpoint. */
  openBody(field: string, header: RecordHeader, stored: Buffer): string;
  /** The inverse. @param header the new one, but for the digest of the body. */
  sealBody(field: string, header: RecordHeader, text: string): Buffer;

  /** The text of pending writes. @param place their member up to the payload. */
  openPayload(place: string, stored: Buffer): string;
  /** The inverse. */
  sealPayload(place: string, text: string): Buffer;
}
