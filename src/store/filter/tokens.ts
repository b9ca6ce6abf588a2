import { encodeKeyPart } from "../../redis/key-encoding.js";
import { isObject, type Json } from "../items/json.js";
import { boundedToken } from "../namespaces/encoding.js";
import { valuesAt } from "./match.js";

/** A document with more paths and values than this is not described by tokens, but found by every filter. */
const MOST_TOKENS = 1_000;

/** Nor is one with more values than this, equal ones included, so that describing a value is bounded work. */
const MOST_VALUES = 10_000;

/** Nor is one with a path of more characters than this, encoded. */
const LONGEST_PATH = 1_000;

/** Longer strings have no token: hardly anybody asks for them, and each would be another word of the index. */
const LONGEST_STRING = 128;

/** The one token of a document that has too many: filters let it pass, and it is tested after it was found. */
export const UNDESCRIBED = "~";

type Scalar = null | boolean | number | string;

/** Whether {@link valueToken} tells that a path leads to a value. Others are known by the path only. */
export function hasValueToken(value: Json): value is Scalar {
  if (typeof value === "string") return value.length <= LONGEST_STRING;
  return typeof value !== "object" || value === null;
}

/** The token of "the path leads to this value". */
export function valueToken(path: string, value: Scalar): string {
  return encodedValueToken(encodeKeyPart(path), value);
}

function encodedValueToken(encodedPath: string, value: Scalar): string {
  const type = value === null ? "z" : typeof value === "string" ? "s" : typeof value === "number" ? "n" : "b";
  return boundedToken(`${encodedPath}=${type}${value === null ? "" : encodeKeyPart(String(value))}`);
}

/** The token of "the path leads to something". */
export function existsToken(path: string): string {
  return encodedExistsToken(encodeKeyPart(path));
}

function encodedExistsToken(encodedPath: string): string {
  return boundedToken(`${encodedPath}?`);
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
  const description = new Description();
  const numbers = new Map<string, number>();
  for (const path of numericFields) {
    const found = new Set(valuesAt(value, path).filter((each) => typeof each === "number"));
    const [only] = found;
    if (found.size === 1) numbers.set(path, only as number);
    else if (found.size > 1) description.tokens.add(manyNumbersToken(path));
  }
  description.add(value, undefined);
  return { tokens: description.isPossible ? [...description.tokens] : [UNDESCRIBED], numbers };
}

class Description {
  readonly tokens = new Set<string>();
  private values = 0;
  private isTooLong = false;

  get isPossible(): boolean {
    return !this.isTooLong && this.tokens.size <= MOST_TOKENS && this.values <= MOST_VALUES;
  }

  /** @param path That leads to the value, encoded; `undefined` for the whole one. */
  add(value: Json, path: string | undefined): void {
    this.values++;
    if (!this.isPossible) return;
    if (path !== undefined) this.tokens.add(encodedExistsToken(path));
    if (Array.isArray(value)) {
      for (let at = 0; at < value.length && this.isPossible; at++) this.add(value[at] as Json, path);
    } else if (isObject(value)) {
      for (const name of Object.keys(value)) {
        if (!this.isPossible) return;
        this.add(value[name] as Json, this.join(path, name));
      }
    } else if (path !== undefined && hasValueToken(value)) {
      this.tokens.add(encodedValueToken(path, value));
    }
  }

  private join(path: string | undefined, name: string): string {
    // A long name is not even encoded.
    const own = name.length > LONGEST_PATH ? name : encodeKeyPart(name);
    const joined = path === undefined ? own : path + DOT + own;
    if (joined.length > LONGEST_PATH) this.isTooLong = true;
    return joined;
  }
}

const DOT = encodeKeyPart(".");
