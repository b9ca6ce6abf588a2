import { createHash } from "node:crypto";
import type { Arg, Reply } from "../../redis/command.js";

/** Which item something belongs to. */
export interface ItemName {
  namespace: readonly string[];
  key: string;
}

/** Names of the fields that hold an item's content as text. */
export type ContentField = "value" | "fields";

/** What the index finds an item by: what a filter asks for, a word, the text that a vector was made from. */
export type TermKind = "token" | "word" | "text";

/** How the content of items is written to Redis, and what it is found by. All that is written or read passes here. */
export interface ItemCodec {
  /** A content field as it is stored. */
  encode(text: string, item: ItemName, field: ContentField): Arg;

  /** The inverse of {@link encode}. */
  decode(stored: NonNullable<Reply>, item: ItemName, field: ContentField): string;

  /** Terms as they are stored, in any order; each as often as it was given. */
  terms(kind: TermKind, contents: readonly string[]): readonly string[];

  /** All forms in which a term may be stored: what was written by other settings included. */
  forms(kind: TermKind, content: string): readonly string[];
}

/** Content as it is. */
export const PLAIN_CODEC: ItemCodec = {
  encode: (text) => text,
  decode: (stored) => stored.toString(),
  terms: (kind, contents) => (kind === "text" ? contents.map(digestOf) : contents),
  forms: (kind, content) => [kind === "text" ? digestOf(content) : content],
};

/** By which a text is recognised that a vector was made from: 128 bits of it, in 22 characters. */
function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 22);
}
