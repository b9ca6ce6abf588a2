import { CorruptRecordError, formatValue, InvalidInputError } from "../errors.js";

/** A value as an item holds it. */
// biome-ignore lint/suspicious/noExplicitAny: this is BaseStore's own type of an item's value
export type ItemValue = Record<string, any>;

/**
 * Writes a value as JSON. What JSON would silently turn into something else (a Map, a Set, a function, bytes, NaN) is
 * refused; properties that are `undefined` are left out, and `toJSON` is respected, as JSON.stringify does.
 *
 * @throws {InvalidInputError} naming the place in the value.
 */
export function encodeValue(value: unknown, where: string): string {
  const refuse = (what: string, path: string): never => {
    throw new InvalidInputError(
      `the value of ${where} cannot be stored as JSON: ${what}${path === "" ? "" : ` at ${formatValue(path)}`}. ` +
        "Convert it to plain objects, arrays, strings, finite numbers, booleans and null.",
    );
  };
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return refuse(`it is ${describe(value)}, and not an object`, "");
  }
  let text: string | undefined;
  try {
    text = JSON.stringify(value, function (this: Record<string, unknown>, name, converted) {
      const problem = unfaithful(this[name]);
      if (problem) refuse(problem, name);
      return converted;
    });
  } catch (error) {
    if (error instanceof InvalidInputError) throw error;
    return refuse(error instanceof Error ? error.message : String(error), "");
  }
  if (!text?.startsWith("{"))
    return refuse(`it writes itself as ${formatValue(text)}, and not as an object`, "");
  return text;
}

/** What is wrong with a value that JSON.stringify would write as something else; `undefined` when nothing is. */
function unfaithful(original: unknown): string | undefined {
  switch (typeof original) {
    case "function":
    case "symbol":
    case "bigint":
      return `${describe(original)} is there`;
    case "number":
      return Number.isFinite(original) ? undefined : `the number ${original} is there`;
    case "object":
      if (original instanceof Map || original instanceof Set) return `a ${describe(original)} is there`;
      if (ArrayBuffer.isView(original) || original instanceof ArrayBuffer)
        return `${describe(original)} is there`;
      return undefined;
    default:
      return undefined;
  }
}

function describe(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return value.constructor?.name ?? "object";
  return typeof value;
}

/** @throws {CorruptRecordError} */
export function decodeValue(json: string, redisKey: string): ItemValue {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null) return value;
  } catch (error) {
    throw new CorruptRecordError("the value of an item is not JSON", { key: redisKey }, { cause: error });
  }
  throw new CorruptRecordError("the value of an item is not an object", { key: redisKey });
}

/** A value that JSON can hold. */
export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };
