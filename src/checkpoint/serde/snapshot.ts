import { type MessageClass, messageClassOf, messageClassOfInstance } from "./messages.js";
import { ESCAPED, isLangChainObject, type JsonObject, setProperty, UNDEFINED_RECORD } from "./wire.js";

/**
 * What a value looked like when it was serialized, detailed enough to tell exactly whether it would be serialized to
 * the same text again, and to write that text.
 *
 * Snapshots exist of values made of primitives, plain arrays and objects, and messages. A value with anything else
 * in it is simply serialized every time.
 *
 * The value is laid out in one flat list: a primitive is itself, anything else is its shape, followed by what is in
 * it. Shapes are shared by all values that have them and strings with the value itself, so that a snapshot is little
 * more than one array: a client may keep thousands of them, and the garbage collector looks at them all.
 */
export type Snapshot = readonly (Primitive | Shape)[];

type Primitive = string | number | boolean | null | undefined;

type Shape = ListShape | ObjectShape | MessageShape;

class ListShape {
  constructor(readonly length: number) {}
}

class ObjectShape {
  /** For each key the JSON text from the value before it to its own. */
  readonly beginnings: readonly string[];
  readonly end: string;

  constructor(readonly keys: readonly string[]) {
    this.beginnings = beginningsOf(keys, "{");
    this.end = keys.length === 0 ? "{}" : "}";
  }
}

class MessageShape {
  readonly beginnings: readonly string[];
  readonly end: string;

  constructor(
    readonly of: MessageClass,
    readonly keys: readonly string[],
  ) {
    const start = `{"lc":1,"type":"constructor","id":${JSON.stringify(of.id)},"kwargs":{`;
    this.beginnings = beginningsOf(keys, start);
    this.end = keys.length === 0 ? `${start}}}` : "}}";
  }
}

function beginningsOf(keys: readonly string[], start: string): string[] {
  return keys.map((key, at) => `${at === 0 ? start : ","}${JSON.stringify(key)}:`);
}

const UNDEFINED_TEXT = JSON.stringify(UNDEFINED_RECORD);

/** There is no snapshot of this value. */
export const UNFIT = Symbol("unfit");

/** Deeper values are unfit, which also ends the search in one that contains itself. */
const MAX_DEPTH = 50;

export function takeSnapshot(value: unknown): Snapshot | typeof UNFIT {
  const layout: (Primitive | Shape)[] = [];
  return append(layout, value, 0) ? layout : UNFIT;
}

/** @returns false when there is no snapshot of the value. */
function append(layout: (Primitive | Shape)[], value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "object":
      break;
    case "string":
    case "number":
    case "boolean":
    case "undefined":
      layout.push(value);
      return true;
    default:
      return false;
  }
  if (value === null) {
    layout.push(null);
    return true;
  }
  if (depth > MAX_DEPTH) return false;
  if (Array.isArray(value)) {
    if (!isPlainArray(value)) return false;
    layout.push(listShape(value.length));
    for (let at = 0; at < value.length; at++) if (!append(layout, value[at], depth + 1)) return false;
    return true;
  }
  if (isPlainObject(value)) {
    const shape = objectShape(Object.keys(value));
    if (!shape) return false;
    layout.push(shape);
    for (const key of shape.keys) if (!append(layout, (value as JsonObject)[key], depth + 1)) return false;
    return true;
  }
  const known = messageClassOfInstance(value);
  if (!known || !isOrdinaryMessage(value)) return false;
  const shape = messageShape(known, Object.keys(value.lc_kwargs));
  if (!shape) return false;
  layout.push(shape);
  for (const key of shape.keys) {
    if (!isArgument(value, key) || !append(layout, argumentOf(value, key), depth + 1)) return false;
  }
  return true;
}

/** The snapshot of a value that was just read, from its parsed JSON: as {@link takeSnapshot} of the value itself. */
export function snapshotOfJson(json: unknown): Snapshot | typeof UNFIT {
  const layout: (Primitive | Shape)[] = [];
  return appendJson(layout, json, "data") ? layout : UNFIT;
}

function appendJson(layout: (Primitive | Shape)[], json: unknown, place: "data" | "kwargs"): boolean {
  if (typeof json !== "object" || json === null) {
    layout.push(json as Primitive);
    return true;
  }
  if (Array.isArray(json)) {
    layout.push(listShape(json.length));
    for (const item of json) if (!appendJson(layout, item, place)) return false;
    return true;
  }
  const object = json as JsonObject;
  if (isLangChainObject(object)) {
    const known = messageClassOf(object.id);
    const { kwargs } = object;
    if (!known || typeof kwargs !== "object" || kwargs === null || Array.isArray(kwargs)) return false;
    const shape = messageShape(known, Object.keys(kwargs));
    return shape !== undefined && appendJsonEntries(layout, kwargs as JsonObject, shape, "kwargs");
  }
  if (place === "data" && object.lc === 2 && object.type === "undefined") {
    layout.push(undefined);
    return true;
  }
  const shape = objectShape(Object.keys(object));
  return shape !== undefined && appendJsonEntries(layout, object, shape, place);
}

function appendJsonEntries(
  layout: (Primitive | Shape)[],
  entries: JsonObject,
  shape: ObjectShape | MessageShape,
  place: "data" | "kwargs",
): boolean {
  layout.push(shape);
  for (const key of shape.keys) if (!appendJson(layout, entries[key], place)) return false;
  return true;
}

/** Whether the value would still be serialized to the text that the snapshot stands for. */
export function matches(value: unknown, snapshot: Snapshot): boolean {
  return matchFrom(value, snapshot, 0) !== -1;
}

/** @returns where the layout of the value ends, or -1 when it does not match. */
function matchFrom(value: unknown, layout: Snapshot, at: number): number {
  const expected = layout[at];
  if (typeof expected !== "object" || expected === null) return Object.is(value, expected) ? at + 1 : -1;
  if (typeof value !== "object" || value === null) return -1;
  let next = at + 1;
  if (expected instanceof ListShape) {
    if (!Array.isArray(value) || value.length !== expected.length || !isPlainArray(value)) return -1;
    for (let index = 0; index < expected.length && next !== -1; index++)
      next = matchFrom(value[index], layout, next);
    return next;
  }
  const { keys } = expected;
  if (expected instanceof ObjectShape) {
    if (Array.isArray(value) || !isPlainObject(value) || !sameKeys(value, keys)) return -1;
    for (let index = 0; index < keys.length && next !== -1; index++) {
      next = matchFrom((value as JsonObject)[keys[index] as string], layout, next);
    }
    return next;
  }
  if (Object.getPrototypeOf(value) !== expected.of.prototype || !isOrdinaryMessage(value)) return -1;
  if (!sameKeys(value.lc_kwargs, keys)) return -1;
  for (let index = 0; index < keys.length && next !== -1; index++) {
    const key = keys[index] as string;
    next = isArgument(value, key) ? matchFrom(argumentOf(value, key), layout, next) : -1;
  }
  return next;
}

/** The JSON text that the value had. */
export function textOf(snapshot: Snapshot): string {
  let at = 0;
  const write = (): string => {
    const part = snapshot[at++];
    if (typeof part === "string") return JSON.stringify(part);
    if (part === undefined) return UNDEFINED_TEXT;
    if (typeof part !== "object" || part === null) return JSON.stringify(part);
    if (part instanceof ListShape) {
      let text = "[";
      for (let index = 0; index < part.length; index++) text += index === 0 ? write() : `,${write()}`;
      return `${text}]`;
    }
    let text = "";
    for (const beginning of part.beginnings) text += beginning + write();
    return text + part.end;
  };
  return write();
}

/** A new value that looks like this: what reading its text gives, without reading it. */
export function remake(snapshot: Snapshot): unknown {
  let at = 0;
  const read = (): unknown => {
    const part = snapshot[at++];
    if (typeof part !== "object" || part === null) return part;
    if (part instanceof ListShape) {
      const list = new Array<unknown>(part.length);
      for (let index = 0; index < part.length; index++) list[index] = read();
      return list;
    }
    const entries: JsonObject = {};
    for (const key of part.keys) setProperty(entries, key, read());
    return part instanceof ObjectShape ? entries : part.of.create(entries);
  };
  return read();
}

/**
 * Shapes that were seen before. When there are more than a program is likely to have, they are forgotten; and one with
 * very many keys, which are data rather than names, is not kept at all.
 */
const MAX_SHAPES_SIZE = 2_000_000;
const MAX_SHAPE_SIZE = 2_000;
let shapesSize = 0;
const lists: ListShape[] = [];
const objects = shapeTable((keys) => (keys.every(isOrdinary) ? new ObjectShape(keys) : undefined));
const messages = new Map<MessageClass, ShapeTable<MessageShape>>();

function listShape(length: number): ListShape {
  if (length > 100) return new ListShape(length);
  lists[length] ??= new ListShape(length);
  return lists[length];
}

function objectShape(keys: readonly string[]): ObjectShape | undefined {
  return findShape(objects, keys);
}

function messageShape(of: MessageClass, keys: readonly string[]): MessageShape | undefined {
  let shapes = messages.get(of);
  if (!shapes) {
    const make = (all: readonly string[]) =>
      all.every((key) => of.keepsName(key)) ? new MessageShape(of, all) : undefined;
    shapes = shapeTable(make);
    messages.set(of, shapes);
  }
  return findShape(shapes, keys);
}

/** The shapes of one kind, by their keys. */
interface ShapeTable<S> {
  readonly byName: Map<string, S>;
  /** Those that were found last: most objects look like one of a few before them. */
  readonly recent: S[];
  readonly make: (keys: readonly string[]) => S | undefined;
}

const MAX_RECENT = 4;

function shapeTable<S>(make: (keys: readonly string[]) => S | undefined): ShapeTable<S> {
  return { byName: new Map(), recent: [], make };
}

function findShape<S extends ObjectShape | MessageShape>(
  { byName, recent, make }: ShapeTable<S>,
  keys: readonly string[],
): S | undefined {
  for (const shape of recent) if (isSame(shape.keys, keys)) return shape;
  const name = nameOf(keys);
  let shape = byName.get(name);
  if (!shape) {
    shape = make(keys);
    const size = sizeOfKeys(keys);
    if (shape === undefined || size > MAX_SHAPE_SIZE) return shape;
    shapesSize += size + 2 * name.length;
    if (shapesSize > MAX_SHAPES_SIZE) forgetShapes();
    byName.set(name, shape);
  }
  if (recent.length === MAX_RECENT) recent.pop();
  recent.unshift(shape);
  return shape;
}

function forgetShapes(): void {
  for (const table of [objects, ...messages.values()]) {
    table.byName.clear();
    table.recent.length = 0;
  }
  shapesSize = 0;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** About how many bytes of memory the keys of a shape take. */
function sizeOfKeys(keys: readonly string[]): number {
  let size = 200;
  for (const key of keys) size += 32 + key.length;
  return size;
}

/** About how many bytes of memory a snapshot takes; shapes that many values share do not count. */
export function sizeOfSnapshot(snapshot: Snapshot): number {
  let size = 48 + 8 * snapshot.length;
  for (const part of snapshot) {
    // A character takes one byte or two.
    if (typeof part === "string") size += 24 + 2 * part.length;
    else if (part instanceof ObjectShape || part instanceof MessageShape) {
      const keys = sizeOfKeys(part.keys);
      if (keys > MAX_SHAPE_SIZE) size += keys;
    }
  }
  return size;
}

/** Distinct for distinct keys: the length of each stands before it. */
function nameOf(keys: readonly string[]): string {
  let name = "";
  for (const key of keys) name += `${key.length}:${key}`;
  return name;
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
    !Object.hasOwn(value, "lc_id") &&
    !Object.hasOwn(value, "constructor")
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
  return !SPECIAL_KEYS.has(key);
}

/** Of these LangChain or the language make something else than a property. */
const SPECIAL_KEYS: ReadonlySet<string> = new Set([
  ...["lc", "lg_name", "lc_serializable", ESCAPED],
  ...["toJSON", "__proto__"],
]);

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
