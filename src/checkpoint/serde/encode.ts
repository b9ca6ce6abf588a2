import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { repeatable } from "../../describe.js";
import {
  bareObject,
  constructorRecord,
  ESCAPED,
  isLangChainObject,
  type JsonObject,
  looksSerialized,
  UNDEFINED_RECORD,
} from "./wire.js";

/**
 * Where in a value the encoder is. LangChain escapes data inside its own objects itself: among its arguments nothing
 * may be escaped twice, and what it has escaped is read back as it stands, so that no record may appear in it.
 */
type Place = "data" | "kwargs" | "escaped";

/** A value that has no form in the wire format. */
export class UnencodableError extends TypeError {
  constructor(message: string) {
    super(message);
    repeatable(this);
  }
}

/** Is told of each object of a class of LangChain's, with its record. @throws when it could not be read back. */
export type LangChainObjectCheck = (value: object, record: JsonObject) => void;

interface Ancestors extends Array<object> {
  check?: LangChainObjectCheck | undefined;
}

/**
 * Turns any value into plain JSON data in the wire format, so that native JSON can write it.
 *
 * Functions and symbols that are properties are left out, as JSON does; as elements of a list they would become null.
 *
 * @throws {UnencodableError} on a bigint, on a function or symbol that is not a property, and on a cycle through
 * anything but plain objects and arrays; on those LangGraph's serializer would store a remark in place of the whole
 * value.
 */
export function encode(value: unknown, check?: LangChainObjectCheck): unknown {
  const ancestors: Ancestors = [];
  ancestors.check = check;
  return encodeAt(value, "", "data", ancestors);
}

function encodeAt(value: unknown, key: string, place: Place, ancestors: Ancestors): unknown {
  if (value === undefined) return place === "escaped" ? undefined : UNDEFINED_RECORD;
  switch (typeof value) {
    case "bigint":
    case "symbol":
      throw unencodable(`a ${typeof value}`, key, ancestors);
    case "function":
      if (!hasToJson(value)) throw unencodable("a function", key, ancestors);
      return encodeAt(value.toJSON(key), key, place, ancestors);
    case "object":
      break;
    default:
      return value;
  }
  if (value === null) return value;
  if (ancestors.includes(value)) return circular(value);
  ancestors.push(value);
  const encoded = encodeObject(value, key, place, ancestors);
  ancestors.pop();
  return encoded;
}

function hasToJson(value: object): value is { toJSON(key: string): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

function unencodable(what: string, key: string, ancestors: Ancestors): UnencodableError {
  // The way down, as far as it goes through properties and elements.
  const keys = ancestors.slice(1).map((child, at) => {
    const entry = Object.entries(ancestors[at] as object).find(([, value]) => value === child);
    return entry?.[0] ?? "…";
  });
  const path = ancestors.length === 0 ? "" : `, at ${[...keys, key].map((each) => `[${each}]`).join("")}`;
  return new UnencodableError(`${what} has no JSON form${path}`);
}

function circular(value: object): string {
  if (!Array.isArray(value) && !isPlain(value)) throw new UnencodableError("it contains itself");
  return "[Circular]";
}

function encodeObject(value: object, key: string, place: Place, ancestors: Ancestors): unknown {
  // Before toJSON, which a Buffer has.
  if (value instanceof Uint8Array && place === "data") return encodeBytes(value);
  if (hasToJson(value)) {
    const json: unknown = value.toJSON(key);
    if (typeof json !== "object" || json === null) return encodeAt(json, key, place, ancestors);
    if (Array.isArray(json)) return encodeArray(json, place, ancestors);
    // What an object makes of itself is taken at its word: this is how LangChain's classes become records.
    const special = encodeSpecial(json, ancestors);
    if (special) return special;
    const record = encodeEntries(json, placeInside(json as JsonObject, place), ancestors);
    if (isLangChainObject(record)) ancestors.check?.(value, record);
    return record;
  }
  if (Array.isArray(value)) return encodeArray(value, place, ancestors);
  // JSON knows the values inside these by itself.
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return value;
  const special = encodeSpecial(value, ancestors);
  if (special) return special;
  const entries = encodeEntries(value, place, ancestors);
  return place === "data" && looksSerialized(entries)
    ? constructorRecord("Object", [Object.entries(entries)])
    : entries;
}

function placeInside(json: JsonObject, place: Place): Place {
  return json.lc === 1 ? "kwargs" : place;
}

function encodeArray(array: readonly unknown[], place: Place, ancestors: Ancestors): unknown[] {
  const encoded = new Array<unknown>(array.length);
  for (let at = 0; at < array.length; at++) encoded[at] = encodeAt(array[at], String(at), place, ancestors);
  return encoded;
}

function encodeEntries(object: object, place: Place, ancestors: Ancestors): JsonObject {
  const encoded = bareObject();
  for (const key of Object.keys(object)) {
    const value: unknown = (object as JsonObject)[key];
    if (typeof value === "symbol" || (typeof value === "function" && !hasToJson(value))) continue;
    encoded[key] = encodeAt(value, key, place === "kwargs" && key === ESCAPED ? "escaped" : place, ancestors);
  }
  return encoded;
}

/** The objects that have records of their own. */
function encodeSpecial(value: object, ancestors: Ancestors): object | undefined {
  if (isPlain(value)) return encodeSend(value, ancestors);
  if (value instanceof DeltaSnapshot) {
    return { lc: 2, type: "delta_snapshot", value: encodeAt(value.value, "value", "data", ancestors) };
  }
  if (value instanceof Set || value instanceof Map) {
    return constructorRecord(value.constructor.name, [encodeArray([...value], "data", ancestors)]);
  }
  if (value instanceof RegExp) return constructorRecord("RegExp", [value.source, value.flags]);
  if (value instanceof Error) return constructorRecord("Error", [value.message]);
  if (value instanceof Uint8Array) return encodeBytes(value);
  return encodeSend(value, ancestors);
}

function encodeBytes(bytes: Uint8Array): object {
  return constructorRecord("Uint8Array", [Array.from(bytes)], "from");
}

function encodeSend(value: object, ancestors: Ancestors): object | undefined {
  const send = value as { lg_name?: unknown; node?: unknown; args?: unknown; timeout?: unknown };
  if (send.lg_name !== "Send") return undefined;
  const { node, args, timeout } = send;
  return encodeEntries(timeout === undefined ? { node, args } : { node, args, timeout }, "data", ancestors);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
