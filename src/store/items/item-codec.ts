import { createHash } from "node:crypto";
import { quote } from "../../describe.js";
import { openPlain } from "../../encryption/cipher.js";
import { EncryptionError } from "../../errors.js";
import type { Arg, Reply } from "../../redis/command.js";

/** Which item something belongs to. */
export interface ItemName {
  readonly namespace: readonly string[];
  readonly key: string;
}

/** An item, and the Redis key that it was read from. */
export interface StoredItemName extends ItemName {
  readonly document: string;
}

/** Names of the fields that hold an item's content as text. */
export type ContentField = "value" | "fields";

/** What the index finds an item by: what a filter asks for, a word, the text that a vector was made from. */
export type TermKind = "token" | "word" | "text";

/** How the content of items is written to Redis, and what it is found by. All that is written or read passes here. */
export interface ItemCodec {
  readonly isEncrypted: boolean;
  /** Whether items are read, and found, that are not encrypted. */
  readonly readsPlaintext: boolean;

  /** A content field as it is stored. */
  encode(text: string, item: ItemName, field: ContentField): Arg;

  /**
   * The inverse of {@link encode}.
   *
   * @throws {EncryptionError} naming the item.
   */
  decode(stored: Exclude<Reply, null>, item: StoredItemName, field: ContentField): string;

  /** Whether a content field is as {@link encode} would store it. */
  isCurrent(stored: Exclude<Reply, null>): boolean;

  /** Terms as they are stored, each as often as it was given; those of a text in their order, others in any. */
  terms(kind: TermKind, contents: readonly string[]): readonly string[];

  /** All forms in which a term may be stored: what was written by other settings included. */
  forms(kind: TermKind, content: string): readonly string[];
}

/** Content as it is. */
export const PLAIN_CODEC: ItemCodec = {
  isEncrypted: false,
  readsPlaintext: true,
  encode: (text) => text,
  decode: (stored, item) => openItem(item, () => openPlain(toBytes(stored))),
  isCurrent: () => true,
  terms: (kind, contents) => (kind === "text" ? contents.map(plainDigest) : contents),
  forms: (kind, content) => [kind === "text" ? plainDigest(content) : content],
};

/** The text that was stored. @throws {EncryptionError} naming the item. */
export function openItem({ namespace, key, document }: StoredItemName, open: () => Buffer): string {
  try {
    return open().toString();
  } catch (error) {
    if (!(error instanceof EncryptionError)) throw error;
    throw error.at(`item ${quote(key)} in namespace ${quote(namespace)} cannot be read`, {
      ...{ key: document, namespace, itemKey: key },
    });
  }
}

/** A bulk string of a reply. */
export function toBytes(stored: Exclude<Reply, null>): Buffer {
  return stored instanceof Buffer ? stored : Buffer.from(String(stored));
}

/** By which a text is recognised that a vector was made from: 128 bits of it. */
export function plainDigest(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, DIGEST_LENGTH);
}

/** Characters of the digest of a text. */
export const DIGEST_LENGTH = 22;
