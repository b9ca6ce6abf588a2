import { type MessageClass, messageClassOfInstance } from "./messages.js";
import { bareObject, ESCAPED, type JsonObject, setProperty, UNDEFINED_RECORD } from "./wire.js";

/**
 * What a value looked like when it was serialized, detailed enough to tell exactly whether it would be serialized to
 * the same text again, and to write that text. Strings are shared with the value, so a snapshot is small.
 *
 * Snapshots exist of values made of primitives, plain arrays and objects, and messages. A value with anything else
 * in it is simply serialized every time.
 */
export type Snapshot = string | number | boolean | null | undefined | ListShape | ObjectShape | MessageShape;

class ListShape {
  constructor(readonly items: readonly Snapshot[]) {}
}

class ObjectShape {
  constructor(
    readonly keys: readonly string[],
    readonly values: readonly Snapshot[],
  ) {}
}

class MessageShape {
  constructor(
    readonly of: MessageClass,
    readonly keys: readonly string[],
    readonly values: readonly Snapshot[],
  ) {}
}

const EMPTY_LIST = new ListShape([]);
const EMPTY_OBJECT = new ObjectShape([], []);

/** There is no snapshot of this value. */
export const UNFIT = Symbol("unfit");

/** Deeper values are unfit, which also ends the search in one that contains itself. */
const MAX_DEPTH = 50;

export function takeSnapshot(value: unknown, depth = 0): Snapshot | typeof UNFIT {
  switch (typeof value) {
    case "object":
      break;
    case "string":
    case "number":
    case "boolean":
    case "undefined":
      return value;
    default:
      return UNFIT;
  }
  if (value === null) return null;
  if (depth > MAX_DEPTH) return UNFIT;
  if (Array.isArray(value)) {
    if (!isPlainArray(value)) return UNFIT;
    if (value.length === 0) return EMPTY_LIST;
    const items = new Array<Snapshot>(value.length);
    for (let at = 0; at < items.length; at++) {
      const item = takeSnapshot(value[at], depth + 1);
      if (item === UNFIT) return UNFIT;
      items[at] = item;
    }
    return new ListShape(items);
  }
  if (isPlainObject(value)) {
    const keys = Object.keys(value);
    if (keys.length === 0) return EMPTY_OBJECT;
    const values = new Array<Snapshot>(keys.length);
    for (let at = 0; at < keys.length; at++) {
      const key = keys[at] as string;
      if (!isOrdinary(key)) return UNFIT;
      const taken = takeSnapshot((value as JsonObject)[key], depth + 1);
      if (taken === UNFIT) return UNFIT;
      values[at] = taken;
    }
    return new ObjectShape(keys, values);
  }
  const known = messageClassOfInstance(value);
  if (!known || !isOrdinaryMessage(value)) return UNFIT;
  const keys = Object.keys(value.lc_kwargs);
  const values = new Array<Snapshot>(keys.length);
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as string;
    if (!known.keepsName(key) || !isArgument(value, key)) return UNFIT;
    const taken = takeSnapshot(argumentOf(value, key), depth + 1);
    if (taken === UNFIT) return UNFIT;
    values[at] = taken;
  }
  return new MessageShape(known, keys, values);
}

/** Whether the value would still be serialized to the text that the snapshot stands for. */
export function matches(value: unknown, snapshot: Snapshot): boolean {
  if (typeof snapshot !== "object" || snapshot === null) return Object.is(value, snapshot);
  if (typeof value !== "object" || value === null) return false;
  if (snapshot instanceof ListShape) {
    const { items } = snapshot;
    if (!Array.isArray(value) || value.length !== items.length || !isPlainArray(value)) return false;
    for (let at = 0; at < items.length; at++) if (!matches(value[at], items[at])) return false;
    return true;
  }
  const { keys, values } = snapshot;
  if (snapshot instanceof ObjectShape) {
    if (!isPlainObject(value) || !sameKeys(value, keys)) return false;
    for (let at = 0; at < keys.length; at++) {
      if (!matches((value as JsonObject)[keys[at] as string], values[at])) return false;
    }
    return true;
  }
  if (Object.getPrototypeOf(value) !== snapshot.of.prototype || !isOrdinaryMessage(value)) return false;
  if (!sameKeys(value.lc_kwargs, keys)) return false;
  for (let at = 0; at < keys.length; at++) {
    const key = keys[at] as string;
    if (!isArgument(value, key)) return false;
    if (!matches(argumentOf(value, key), values[at])) return false;
  }
  return true;
}

/** The JSON text that the value had. */
export function textOf(snapshot: Snapshot): string {
  return JSON.stringify(toWire(snapshot));
}

function toWire(snapshot: Snapshot): unknown {
  if (snapshot === undefined) return UNDEFINED_RECORD;
  if (typeof snapshot !== "object" || snapshot === null) return snapshot;
  if (snapshot instanceof ListShape) return snapshot.items.map(toWire);
  const entries = bareObject();
  snapshot.keys.forEach((key, at) => {
    setProperty(entries, key, toWire(snapshot.values[at]));
  });
  if (snapshot instanceof ObjectShape) return entries;
  return { lc: 1, type: "constructor", id: snapshot.of.id, kwargs: entries };
}

interface OrdinaryMessage {
  readonly lc_kwargs: object;
}

/** Whether nothing but its arguments decides what a message is serialized to. */
function isOrdinaryMessage(value: object): value is OrdinaryMessage {
  const message = value as { lc_kwargs?: unknown; lc_namespace?: unknown; lc_serializable?: unknown };
  const { lc_kwargs: kwargs, lc_namespace: namespace } = message;
  return (
    message.lc_serializable === true &&
    typeof kwargs === "object" &&
    kwargs !== null &&
    isPlainObject(kwargs) &&
    Array.isArray(namespace) &&
    namespace.length === 2 &&
    namespace[0] === "langchain_core" &&
    namespace[1] === "messages" &&
    !Object.hasOwn(value, "toJSON") &&
    !Object.hasOwn(value, "lc_id")
  );
}

/** Whether a message writes a property or an argument under this name, and not what a getter makes of others. */
function isArgument(message: OrdinaryMessage, key: string): boolean {
  return Object.hasOwn(message, key) || !(key in message);
}

/** A message writes its own property in place of the argument of that name. */
function argumentOf(message: OrdinaryMessage, key: string): unknown {
  return ((key in message ? message : message.lc_kwargs) as JsonObject)[key];
}

/** Keys that make more of an object than data are left to the serializer. */
function isOrdinary(key: string): boolean {
  return (
    key !== "lc" && key !== "lg_name" && key !== "toJSON" && key !== ESCAPED && key !== "lc_serializable"
  );
}

function isPlainArray(value: readonly unknown[]): boolean {
  return Object.getPrototypeOf(value) === Array.prototype && !("toJSON" in value);
}

function isPlainObject(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return (prototype === Object.prototype || prototype === null) && !("toJSON" in value);
}

function sameKeys(object: object, keys: readonly string[]): boolean {
  // Unlike Object.keys, this makes no array; plain objects inherit nothing enumerable.
  let count = 0;
  for (const key in object) if (key !== keys[count++]) return false;
  return count === keys.length;
}
