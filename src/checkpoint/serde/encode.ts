import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { repeatable } from "../../describe.js";
import {
  bareObject,
  constructorRecord,
  ESCAPED,
  type JsonObject,
  looksSerialized,
  UNDEFINED_RECORD,
} from "./wire.js";

/**
 * Where in a value the encoder is. LangChain escapes data inside its own objects itself: among its arguments nothing
 * may be escaped twice, and what it has escaped is read back as it stands, so that no record may appear in it.
 */
type Place = "data" | "kwargs" | "escaped";

/**
 * Turns any value into plain JSON data in the wire format, so that native JSON can write it.
 *
 * @throws {TypeError} on a bigint, and on a cycle through anything but plain objects and arrays; on those
 * LangGraph's serializer would store a remark in place of the whole value.
 */
export function encode(value: unknown): unknown {
  return encodeAt(value, "", "data", []);
}

function encodeAt(value: unknown, key: string, place: Place, ancestors: object[]): unknown {
  if (value === undefined) return place === "escaped" ? undefined : UNDEFINED_RECORD;
  if (typeof value === "bigint") throw repeatable(new TypeError("a bigint has no JSON form"));
  if (typeof value !== "object" || value === null) return value;
  if (ancestors.includes(value)) return circular(value);
  ancestors.push(value);
  const encoded = encodeObject(value, key, place, ancestors);
  ancestors.pop();
  return encoded;
}

function circular(value: object): string {
  if (!Array.isArray(value) && !isPlain(value)) throw repeatable(new TypeError("it contains itself"));
  return "[Circular]";
}

function encodeObject(value: object, key: string, place: Place, ancestors: object[]): unknown {
  const toJSON = (value as { toJSON?: unknown }).toJSON;
  if (typeof toJSON === "function") {
    const json: unknown = toJSON.call(value, key);
    if (typeof json !== "object" || json === null) return encodeAt(json, key, place, ancestors);
    if (Array.isArray(json)) return encodeArray(json, place, ancestors);
    // What an object makes of itself is taken at its word: this is how LangChain's classes become records.
    return (
      encodeSpecial(json, ancestors) ?? encodeEntries(json, placeInside(json as JsonObject, place), ancestors)
    );
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

function encodeArray(array: readonly unknown[], place: Place, ancestors: object[]): unknown[] {
  const encoded = new Array<unknown>(array.length);
  for (let at = 0; at < array.length; at++) encoded[at] = encodeAt(array[at], String(at), place, ancestors);
  return encoded;
}

function encodeEntries(object: object, place: Place, ancestors: object[]): JsonObject {
  const encoded = bareObject();
  for (const key of Object.keys(object)) {
    const value: unknown = (object as JsonObject)[key];
    if (typeof value === "function" || typeof value === "symbol") continue;
    encoded[key] = encodeAt(value, key, place === "kwargs" && key === ESCAPED ? "escaped" : place, ancestors);
  }
  return encoded;
}

/** The objects that have records of their own. */
function encodeSpecial(value: object, ancestors: object[]): object | undefined {
  if (isPlain(value)) return encodeSend(value, ancestors);
  if (value instanceof DeltaSnapshot) {
    return { lc: 2, type: "delta_snapshot", value: encodeAt(value.value, "value", "data", ancestors) };
  }
  if (value instanceof Set || value instanceof Map) {
    return constructorRecord(value.constructor.name, [encodeArray([...value], "data", ancestors)]);
  }
  if (value instanceof RegExp) return constructorRecord("RegExp", [value.source, value.flags]);
  if (value instanceof Error) return constructorRecord("Error", [value.message]);
  if (value instanceof Uint8Array) return constructorRecord("Uint8Array", [Array.from(value)], "from");
  return encodeSend(value, ancestors);
}

function encodeSend(value: object, ancestors: object[]): object | undefined {
  const send = value as { lg_name?: unknown; node?: unknown; args?: unknown; timeout?: unknown };
  if (send.lg_name !== "Send") return undefined;
  const { node, args, timeout } = send;
  return encodeEntries(timeout === undefined ? { node, args } : { node, args, timeout }, "data", ancestors);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
