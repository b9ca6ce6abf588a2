import type { Arg } from "../../redis/command.js";
import { toBytes } from "../embedding/embedder.js";
import type { FieldPath } from "../embedding/field-path.js";
import { describeValue, UNDESCRIBED } from "../filter/tokens.js";
import { boundedToken, encodeNamespace, scopeTokens } from "../namespaces/encoding.js";
import { itemWords } from "../text/item-words.js";
import { FIELD } from "./item.js";
import type { ItemCodec } from "./item-codec.js";
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

/** How values are described at present. */
export interface ValueFormat {
  numericFields: readonly string[];
  /** Where the words are that are indexed; `undefined` when none are. */
  textFields: readonly FieldPath[] | undefined;
  codec: ItemCodec;
}

/** How documents are written at present. */
export interface DocumentFormat extends ValueFormat {
  /** Generation of the index, which names the field that holds the vector. */
  generation: number;
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

/** Names of the further documents of an item with so many vectors, each with a space behind it. */
export function partNames(generation: number, vectors: number): string {
  let names = "";
  for (let part = 1; part < vectors; part++) names += `${generation}.${part} `;
  return names;
}

/** What filters find a value by: the field of its tokens, and its declared numbers. */
export function describePaths(value: Json, { numericFields, codec }: ValueFormat) {
  const { tokens, numbers } = describeValue(value, numericFields);
  const stored = tokens[0] === UNDESCRIBED ? tokens : codec.terms("token", tokens);
  return { paths: stored.join(TAG_SEPARATOR), numbers };
}

/** The field of a value's words; `undefined` when words are not indexed. */
export function describeWords(value: Json, { textFields, codec }: ValueFormat): string | undefined {
  return textFields && codec.terms("word", itemWords(value, textFields)).join(" ");
}

/**
 * The documents of an item, as the scripts take them (documents.lua): numbers of field arguments, and these.
 *
 * @param own Fields of the item's own document that are not for the index.
 */
export function documentArgs(
  { namespace, value, vectors }: IndexedItem,
  format: DocumentFormat,
  own: readonly Arg[],
): Arg[] {
  const { paths, numbers } = describePaths(value, format);
  const words = describeWords(value, format);
  const shared: Arg[] = [FIELD.scope, scopeTokens(namespace).join(TAG_SEPARATOR), FIELD.paths, paths];
  for (const [path, number] of numbers) shared.push(FIELD.number(path), String(number));
  const item: Arg[] = [...own, FIELD.kind, vectors.length > 0 ? ITEM_WITH_VECTOR : KIND.item];
  if (words !== undefined) item.push(FIELD.words, words);
  const args: Arg[] = [];
  const { generation, codec } = format;
  const texts = codec.terms(
    "text",
    vectors.map(({ text }) => text),
  );
  vectors.forEach(({ vector }, at) => {
    const fields = at === 0 ? item : [FIELD.kind, KIND.vector];
    fields.push(FIELD.vector(generation), toBytes(vector), FIELD.text(generation), texts[at] as string);
    if (at > 0) args.push(String(fields.length), ...fields);
  });
  return [String(shared.length), String(item.length), ...shared, ...item, ...args];
}

const ITEM_WITH_VECTOR = KIND.item + TAG_SEPARATOR + KIND.vector;
