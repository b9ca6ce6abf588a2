import { quote } from "../../describe.js";
import { CorruptRecordError, InvalidInputError } from "../../errors.js";
import type { ItemValue } from "../types.js";
import { isObject, type Json, type JsonObject, toJson } from "./json.js";

/** A value as it will be read back, with the text that is stored. */
export interface EncodedValue {
  value: JsonObject;
  text: string;
}

/** The only property of an object that stands for bytes. Data that look like one have a dollar more. */
const BYTES = "$bytes";
const ESCAPED = /^\$+bytes$/;
/** What is in the text of each value that holds either. */
const TRACE = '$bytes":';

/**
 * Writes a value as JSON text, in which bytes are `{"$bytes": "<base64>"}`.
 *
 * @param where Tells whose value it is, for the error.
 * @throws {InvalidInputError} naming the place in the value of what JSON cannot hold.
 */
export function encodeValue(value: unknown, where: () => string): EncodedValue {
  const refuse = (problem: string, path: string, options?: ErrorOptions): never => {
    throw new InvalidInputError(
      `the value of ${where()} cannot be stored: ${problem}${path === "" ? "" : ` at ${quote(path)}`}. ` +
        "Convert it to plain objects, arrays, strings, finite numbers, booleans, null and Uint8Arrays.",
      options,
    );
  };
  let copy: Json | undefined;
  try {
    copy = toJson(value, refuse);
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    return refuse("one of its methods failed", "", { cause: error });
  }
  if (!isObject(copy) || Array.isArray(copy)) return refuse(`it is ${kindOf(copy)}, and not an object`, "");
  return { value: copy, text: JSON.stringify(toStored(copy)) };
}

/** @throws {CorruptRecordError} */
export function decodeValue(text: string, redisKey: string): ItemValue {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) {
      return text.includes(TRACE) ? (fromStored(value as Json) as ItemValue) : value;
    }
  } catch (error) {
    throw new CorruptRecordError("the value of an item is not JSON", { key: redisKey }, { cause: error });
  }
  throw new CorruptRecordError("the value of an item is not an object", { key: redisKey });
}

/** The value as JSON can write it. What holds no bytes and nothing that looks like it is not copied. */
function toStored(value: Json): Json {
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString("base64") };
  if (!isObject(value)) return value;
  if (Array.isArray(value)) {
    const escaped = value.map(toStored);
    return escaped.some((each, index) => each !== value[index]) ? escaped : value;
  }
  const names = Object.keys(value);
  const [only] = names;
  if (names.length === 1 && ESCAPED.test(only as string)) {
    return { [`$${only}`]: toStored(value[only as string] as Json) };
  }
  let escaped: JsonObject | undefined;
  for (const name of names) {
    const each = toStored(value[name] as Json);
    if (each === value[name]) continue;
    escaped ??= Object.assign(Object.create(null) as JsonObject, value);
    escaped[name] = each;
  }
  return escaped ?? value;
}

/** The inverse of {@link toStored}, in place. */
function fromStored(value: Json): Json {
  if (!isObject(value)) return value;
  if (Array.isArray(value)) {
    value.forEach((each, index) => {
      value[index] = fromStored(each);
    });
    return value;
  }
  const names = Object.keys(value);
  const [only] = names;
  if (names.length === 1 && ESCAPED.test(only as string)) {
    const held = value[only as string] as Json;
    if (only !== BYTES) return { [(only as string).slice(1)]: fromStored(held) };
    if (typeof held !== "string") throw new TypeError(`${BYTES} is not a text`);
    return Uint8Array.from(Buffer.from(held, "base64"));
  }
  for (const name of names) {
    const each = value[name] as Json;
    const own = fromStored(each);
    // Assigning to "__proto__" would not make a property; one that is there already is never replaced by itself.
    if (own !== each) Object.defineProperty(value, name, { value: own, ...OPEN });
  }
  return value;
}

const OPEN = { configurable: true, enumerable: true, writable: true };

function kindOf(value: Json | undefined): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return value instanceof Uint8Array ? "bytes" : `of type ${typeof value}`;
}
