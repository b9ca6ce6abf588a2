import { createHash } from "node:crypto";
import type { Arg } from "../../redis/command.js";
import { toBytes } from "../embedding/embedder.js";
import type { FieldPath } from "../embedding/field-path.js";
import { describeValue } from "../filter/tokens.js";
import { boundedToken, encodeNamespace, scopeTokens } from "../namespaces/encoding.js";
import { itemWords } from "../text/item-words.js";
import { FIELD } from "./item.js";
import type { Json } from "./json.js";

/** Separates the tokens of a TAG field; none of them contains it. */
export const TAG_SEPARATOR = ",";

/** What documents are, for the index. An item's own document is an item, and has a vector or not. */
export const KIND = { item: "item", vector: "vector" } as const;

/** One text of an item with its vector. */
export interface TextVector {
  text: string;
  vector: Float32Array;
}

/** How documents are written at present. */
export interface DocumentFormat {
  /** Generation of the index, which names the field that holds the vector. */
  generation: number;
  numericFields: readonly string[];
  /** Where the words are that are indexed; `undefined` when none are. */
  textFields: readonly FieldPath[] | undefined;
}

/** What of an item the index finds it by. */
export interface IndexedItem {
  namespace: readonly string[];
  value: Json;
  vectors: readonly TextVector[];
}

/**
 * What orders items of the same millisecond: by key, then by namespace, both as they are encoded, byte by byte. The
 * separator is less than any byte of these, so that a key stands before those that begin with it.
 */
export function orderTail(namespace: readonly string[], member: string): string {
  return `!${boundedToken(member)}!${boundedToken(encodeNamespace(namespace))}`;
}

/**
 * What the index finds an item by: names of its further documents, and the fields of all of its documents, as the
 * scripts take them.
 *
 * @param own Fields of the item's own document that are not for the index.
 */
export function toIndexFields(
  { namespace, value, vectors }: IndexedItem,
  format: DocumentFormat,
  own: readonly Arg[],
) {
  const { tokens, numbers } = describeValue(value, format.numericFields);
  const shared: Arg[] = [
    ...[FIELD.scope, scopeTokens(namespace).join(TAG_SEPARATOR)],
    ...[FIELD.paths, tokens.join(TAG_SEPARATOR)],
    ...[...numbers].flatMap(([path, number]) => [FIELD.number(path), String(number)]),
  ];
  const vectorFields = ({ text, vector }: TextVector): Arg[] => [
    ...[FIELD.vector(format.generation), toBytes(vector)],
    ...[FIELD.text(format.generation), digestOf(text)],
  ];
  const [first, ...others] = vectors;
  const documents: Arg[][] = [
    [
      ...own,
      ...[FIELD.kind, first ? KIND.item + TAG_SEPARATOR + KIND.vector : KIND.item],
      ...(format.textFields ? [FIELD.words, itemWords(value, format.textFields)] : []),
      ...(first ? vectorFields(first) : []),
    ],
    ...others.map((other) => [FIELD.kind, KIND.vector, ...vectorFields(other)]),
  ];
  return {
    parts: others.map((_, index) => `${format.generation}.${index + 1} `).join(""),
    args: [shared, ...documents].flatMap((fields) => [String(fields.length), ...fields]),
  };
}

/** By which a text is recognised that a vector was made from. */
export function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
