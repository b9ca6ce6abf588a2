import { CorruptRecordError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import type { RedisItem } from "../types.js";
import type { ItemCodec } from "./item-codec.js";
import { decodeValue } from "./value.js";

/** Names of the fields of an item's document. */
export const FIELD = {
  value: "value",
  /**
   * Times of creation and of the last update in milliseconds, the version, and the time to live in milliseconds if there
   * is one, separated by spaces.
   */
  meta: "meta",
  /** The generation of the index that the documents were written for last. */
  generation: "generation",
  /** The fields that the put named for embedding, as JSON; absent when it left that to the store. */
  fields: "fields",
  /** Names of the further documents, each with a space behind it. */
  parts: "parts",
  /** What the index finds documents by. */
  kind: "kind",
  scope: "scope",
  paths: "paths",
  order: "order",
  number: (path: string) => `number:${path}`,
  /** The item's words, with a space between; on its own document, when words are indexed. */
  words: "words",
  /** Each generation of the index has its own: until it serves, the one before it finds nothing changed. */
  vector: (generation: number) => `vector:${generation}`,
  /** Digest of the text that the vector was made from. */
  text: (generation: number) => `text:${generation}`,
} as const;

/** The fields that an item is read from, in the order that {@link decodeItem} takes them. */
export const ITEM_FIELDS = [FIELD.value, FIELD.meta] as const;

/** Whose item is read: for the item itself, and for errors. */
export interface ItemAddress {
  namespace: string[];
  key: string;
  document: string;
}

/** What an item's field `meta` says. */
export interface ItemMeta {
  /** In milliseconds. */
  created: number;
  updated: number;
  version: number;
  /** The item's time to live in milliseconds; `undefined` for ever. */
  ttl: number | undefined;
}

/**
 * Reads an item from the values of {@link ITEM_FIELDS}. `null` when there is none.
 *
 * @param deadline When it expires, in milliseconds (default: its time to live after its last update, which is so unless
 * a read has started that time again).
 * @throws {CorruptRecordError} naming the Redis key.
 */
export function decodeItem(
  codec: ItemCodec,
  address: ItemAddress,
  value: Reply | undefined,
  meta: Reply | undefined,
  deadline?: number,
): RedisItem | null {
  if (value === null || value === undefined) return null;
  const text = codec.decode(value, address, FIELD.value);
  return toItem(address, text, decodeMeta(meta, address.document), deadline);
}

/** The item of a stored value. */
export function toItem(
  { namespace, key, document }: ItemAddress,
  text: string,
  { created, updated, version, ttl }: ItemMeta,
  deadline?: number,
): RedisItem {
  return {
    value: decodeValue(text, document),
    key,
    namespace,
    createdAt: new Date(created),
    updatedAt: new Date(updated),
    version,
    expiresAt: ttl === undefined ? undefined : toDate(deadline ?? updated + ttl),
  };
}

/** @throws {CorruptRecordError} naming the Redis key. */
export function decodeMeta(meta: Reply | undefined, document: string): ItemMeta {
  // Every result of a search goes through here.
  const text = meta?.toString() ?? "";
  const first = text.indexOf(" ");
  const second = text.indexOf(" ", first + 1);
  const third = text.indexOf(" ", second + 1);
  const created = toCount(text, 0, first);
  const updated = toCount(text, first + 1, second);
  const version = toCount(text, second + 1, third === -1 ? text.length : third);
  const ttl = third === -1 ? undefined : toCount(text, third + 1, text.length);
  if (created === -1 || updated === -1 || version === -1 || ttl === -1) {
    throw new CorruptRecordError("an item has no times or no version", { key: document });
  }
  return { created, updated, version, ttl };
}

/** The whole number that a part of a text is in decimal digits; -1 when it is none. */
function toCount(text: string, from: number, to: number): number {
  let count = to > from ? 0 : -1;
  for (let at = from; at < to; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    count = count * 10 + digit;
  }
  return count > Number.MAX_SAFE_INTEGER ? -1 : count;
}

/** The last moment that a Date can hold, in milliseconds; a time to live can reach beyond it. */
const LAST_MOMENT = 8.64e15;

/** Milliseconds as a Date. */
export function toDate(milliseconds: number): Date {
  return new Date(Math.min(milliseconds, LAST_MOMENT));
}
