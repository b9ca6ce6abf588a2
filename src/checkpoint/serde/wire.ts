/**
 * The wire format of LangGraph's JsonPlusSerializer: JSON, in which some objects stand for what JSON lacks.
 *
 * - `{ lc: 1, type: "constructor", id, kwargs }`: an object of a LangChain class. User data inside `kwargs` that
 *   has a key "lc" is wrapped by LangChain as `{ "__lc_escaped__": data }`.
 * - `{ lc: 2, type: "undefined" }`, `{ lc: 2, type: "delta_snapshot", value }`, and
 *   `{ lc: 2, type: "constructor", id: [name], args, ... }` for Set, Map, RegExp, Error and Uint8Array.
 *
 * One record is ours: `id: ["Object"]` holds the entries of a plain object that happens to look like one of the
 * above. JsonPlusSerializer does not know this one and leaves it alone, so the data stay data for both.
 */
export interface ConstructorRecord {
  readonly lc: 2;
  readonly type: "constructor";
  readonly id: readonly [string];
  readonly method: string | null;
  readonly args: readonly unknown[];
  readonly kwargs: Readonly<Record<string, unknown>>;
}

export type JsonObject = Record<string, unknown>;

export const ESCAPED = "__lc_escaped__";

export const UNDEFINED_RECORD: JsonObject = Object.freeze({ lc: 2, type: "undefined" });

export function constructorRecord(
  name: string,
  args: readonly unknown[],
  method: string | null = null,
): ConstructorRecord {
  return { lc: 2, type: "constructor", id: [name], method, args, kwargs: {} };
}

export function isLangChainObject(object: JsonObject): boolean {
  return object.lc === 1 && object.type === "constructor" && Array.isArray(object.id);
}

/** Whether a reader would take this object for more than data. */
export function looksSerialized(object: JsonObject): boolean {
  if (object.lc === 1) return isLangChainObject(object);
  if (object.lc !== 2) return false;
  return (
    object.type === "undefined" ||
    object.type === "constructor" ||
    (object.type === "delta_snapshot" && Object.hasOwn(object, "value"))
  );
}

/** An object without prototype, in which every key is a key: "__proto__" too. */
export function bareObject(): JsonObject {
  return { __proto__: null } as unknown as JsonObject;
}

/** Sets a property, whatever it is called. */
export function setProperty(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    (object as JsonObject)[key] = value;
  }
}
