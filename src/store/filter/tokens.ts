import { encodeKeyPart } from "../../redis/key-encoding.js";
import { isObject, type Json } from "../items/json.js";
import { boundedToken } from "../namespaces/encoding.js";
import { valuesAt } from "./match.js";

/** A document with more paths and values than this is not described by tokens, but found by every filter. */
const MOST_TOKENS = 1_000;

/** The one token of a document that has too many: filters let it pass, and it is tested after it was found. */
export const UNDESCRIBED = "~";

type Scalar = null | boolean | number | string;

/** The token of "the path leads to this value". */
export function valueToken(path: string, value: Scalar): string {
  const type = value === null ? "z" : typeof value === "string" ? "s" : typeof value === "number" ? "n" : "b";
  return boundedToken(`${encodeKeyPart(path)}=${type}${value === null ? "" : encodeKeyPart(String(value))}`);
}

/** The token of "the path leads to something". */
export function existsToken(path: string): string {
  return boundedToken(`${encodeKeyPart(path)}?`);
}

/** The token of "the path leads to several numbers", which one numeric field cannot hold. */
export function manyNumbersToken(path: string): string {
  return boundedToken(`${encodeKeyPart(path)}*`);
}

/** What the index is told of a value, so that filters can be answered by it. */
export interface IndexedPaths {
  tokens: string[];
  /** The number at each path that is declared numeric, where there is exactly one. */
  numbers: Map<string, number>;
}

/** Describes a value by tokens, one for each path and for each scalar it leads to, and by its declared numbers. */
export function describeValue(value: Json, numericFields: readonly string[]): IndexedPaths {
  const tokens = new Set<string>();
  const numbers = new Map<string, number>();
  for (const path of numericFields) {
    const found = new Set(valuesAt(value, path).filter((each) => typeof each === "number"));
    const [only] = found;
    if (found.size === 1) numbers.set(path, only as number);
    else if (found.size > 1) tokens.add(manyNumbersToken(path));
  }
  addTokens(value, undefined, tokens);
  return { tokens: tokens.size > MOST_TOKENS ? [UNDESCRIBED] : [...tokens], numbers };
}

function addTokens(value: Json, path: string | undefined, tokens: Set<string>): void {
  if (tokens.size > MOST_TOKENS) return;
  if (path !== undefined) tokens.add(existsToken(path));
  if (Array.isArray(value)) {
    for (const element of value) addTokens(element, path, tokens);
  } else if (isObject(value)) {
    for (const [name, each] of Object.entries(value)) {
      addTokens(each, path === undefined ? name : `${path}.${name}`, tokens);
    }
  } else if (path !== undefined && !(value instanceof Uint8Array)) {
    tokens.add(valueToken(path, value));
  }
}
