import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { messageClassOf } from "./messages.js";
import { ESCAPED, isLangChainObject, type JsonObject, setProperty } from "./wire.js";

/** The LangChain objects that are not of the closed list of message classes, as LangChain built them. */
export type ForeignObjects = ReadonlyMap<JsonObject, unknown>;

export const NO_FOREIGN_OBJECTS: ForeignObjects = new Map();

/** Thrown on a LangChain object that is neither a message nor among the foreign objects. */
export class ForeignObjectError extends Error {}

/**
 * Turns parsed JSON in the wire format into the values it stands for, changing the parsed objects in place.
 *
 * Messages are constructed here, from a closed list of classes. Any other LangChain object is looked up.
 *
 * @throws {ForeignObjectError} when it is not found. The parsed objects cannot be used any more then.
 */
export function decode(json: unknown, foreign: ForeignObjects): unknown {
  if (typeof json !== "object" || json === null) return json;
  if (Array.isArray(json)) {
    for (let at = 0; at < json.length; at++) json[at] = decode(json[at], foreign);
    return json;
  }
  const object = json as JsonObject;
  if (object.lc === 1 && isLangChainObject(object)) return decodeLangChain(object, foreign);
  if (object.lc === 2 && object.type === "undefined") return undefined;
  for (const key of Object.keys(object)) {
    const value = object[key];
    if (typeof value === "object" && value !== null) setProperty(object, key, decode(value, foreign));
  }
  if (object.lc !== 2) return object;
  if (object.type === "delta_snapshot" && Object.hasOwn(object, "value"))
    return new DeltaSnapshot(object.value);
  return object.type === "constructor" ? construct(object) : object;
}

/** The LangChain objects in parsed JSON that only LangChain itself can build. */
export function findForeign(json: unknown, found: JsonObject[] = []): JsonObject[] {
  if (typeof json !== "object" || json === null) return found;
  if (!Array.isArray(json) && isLangChainObject(json as JsonObject)) {
    try {
      decodeLangChain(structuredClone(json as JsonObject), NO_FOREIGN_OBJECTS);
    } catch (error) {
      if (!(error instanceof ForeignObjectError)) throw error;
      found.push(json as JsonObject);
    }
    return found;
  }
  for (const value of Object.values(json)) findForeign(value, found);
  return found;
}

function decodeLangChain(object: JsonObject, foreign: ForeignObjects): unknown {
  const known = messageClassOf(object.id);
  const kwargs = object.kwargs;
  // Arguments that are a record themselves are for LangChain to make something of, or nothing.
  const plain = isObject(kwargs) && !Object.hasOwn(kwargs, "lc");
  if (!known || !plain || foreign.has(object)) return foreignObject(object, foreign);
  for (const key of Object.keys(kwargs)) {
    if (!known.keepsName(key)) return foreignObject(object, foreign);
    decodeProperty(kwargs, key);
  }
  return known.create(kwargs);
}

function foreignObject(object: JsonObject, foreign: ForeignObjects): unknown {
  if (!foreign.has(object)) throw new ForeignObjectError();
  return foreign.get(object);
}

/** Inside a message there are escaped data, undefined values, which are left out, and other messages. */
function decodeProperty(object: JsonObject, key: string): void {
  const value = object[key];
  if (typeof value !== "object" || value === null) return;
  if (isUndefined(value)) delete object[key];
  else setProperty(object, key, decodeArgument(value));
}

function decodeArgument(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      value[at] = isUndefined(value[at]) ? null : decodeArgument(value[at]);
    }
    return value;
  }
  const object = value as JsonObject;
  if (Object.hasOwn(object, ESCAPED) && Object.keys(object).length === 1) return object[ESCAPED];
  if (Object.hasOwn(object, "lc")) {
    // LangChain has escaped the data that have such a key.
    if (isLangChainObject(object)) return decodeLangChain(object, NO_FOREIGN_OBJECTS);
    throw new ForeignObjectError();
  }
  for (const key of Object.keys(object)) decodeProperty(object, key);
  return object;
}

function construct(record: JsonObject): unknown {
  const [name] = Array.isArray(record.id) && record.id.length === 1 ? record.id : [];
  const args: unknown[] = Array.isArray(record.args) ? record.args : [];
  const [first, second] = args;
  const plain = record.method === undefined || record.method === null;
  const list = args.length === 1 && Array.isArray(first) ? (first as unknown[]) : undefined;
  if (name === "Uint8Array" && (plain || record.method === "from") && list?.every(isByte)) {
    return new Uint8Array(list as number[]);
  }
  if (!plain) return record;
  if (name === "Set" && list) return new Set(list);
  if (name === "Map" && list?.every(isEntry)) return new Map(list as [unknown, unknown][]);
  if (name === "Object" && list?.every(isEntry)) return objectOf(list as [string, unknown][]);
  if (name === "Error" && args.length === 1 && typeof first === "string") return new Error(first);
  if (name === "RegExp" && args.length === 2 && typeof first === "string" && typeof second === "string") {
    try {
      return new RegExp(first, second);
    } catch {
      return record;
    }
  }
  return record;
}

function objectOf(entries: readonly [string, unknown][]): object {
  const object = {};
  for (const [key, value] of entries) setProperty(object, key, value);
  return object;
}

function isByte(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

function isEntry(value: unknown): boolean {
  return Array.isArray(value) && value.length === 2;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isUndefined(value: unknown): boolean {
  return isObject(value) && value.lc === 2 && value.type === "undefined";
}
