import { CorruptRecordError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import type { RedisItem } from "../types.js";
import { decodeValue } from "./value.js";

/** Names of the fields of an item's document. */
export const FIELD = {
  value: "value",
  /** Times of creation and of the last update in milliseconds, and the version, separated by spaces. */
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
  /** Each generation of the index has its own: until it serves, the one before it finds nothing changed. */
  vector: (generation: number) => `vector:${generation}`,
  words: (generation: number) => `words:${generation}`,
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

/**
 * Reads an item from the values of {@link ITEM_FIELDS}. `null` when there is none.
 *
 * @throws {CorruptRecordError} naming the Redis key.
 */
export function decodeItem(
  { namespace, key, document }: ItemAddress,
  value: Reply | undefined,
  meta: Reply | undefined,
): RedisItem | null {
  if (value === null || value === undefined) return null;
  const { created, updated, version } = decodeMeta(meta, document);
  return {
    value: decodeValue(value.toString(), document),
    key,
    namespace,
    createdAt: new Date(created),
    updatedAt: new Date(updated),
    version,
  };
}

/** @throws {CorruptRecordError} naming the Redis key. */
export function decodeMeta(meta: Reply | undefined, document: string) {
  const text = meta?.toString() ?? "";
  const first = text.indexOf(" ");
  const second = text.indexOf(" ", first + 1);
  const created = Number(text.slice(0, first));
  const updated = Number(text.slice(first + 1, second));
  const version = Number(text.slice(second + 1));
  if (
    second > 0 &&
    Number.isSafeInteger(created) &&
    Number.isSafeInteger(updated) &&
    Number.isSafeInteger(version)
  ) {
    return { created, updated, version };
  }
  throw new CorruptRecordError("an item has no times or no version", { key: document });
}
