import { isPlainObject } from "../plain-object.js";

/**
 * Whether two values hold the same, however deep: messages, `Map`, `Set`, bytes, dates and errors included. A property that is
 * undefined is no property: serializers leave it out.
 */
export function sameValue(one: unknown, other: unknown): boolean {
  if (Object.is(one, other) || one === other) return true;
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) return false;
  if (isSend(one) || isSend(other)) return sameProperties(partsOfSend(one), partsOfSend(other));
  if (Array.isArray(one) || Array.isArray(other)) return Array.isArray(one) && sameList(one, other);
  if (classNameOf(one) !== classNameOf(other)) return false;
  if (one instanceof Date) return Object.is(one.getTime(), (other as Date).getTime());
  if (one instanceof Map) return other instanceof Map && sameList([...one], [...other]);
  if (one instanceof Set) return other instanceof Set && sameList([...one], [...other]);
  if (ArrayBuffer.isView(one)) return ArrayBuffer.isView(other) && bytesOf(one).equals(bytesOf(other));
  if (one instanceof RegExp) return String(one) === String(other);
  if (one instanceof Error && one.message !== (other as Error).message) return false;
  return sameProperties(one as Properties, other as Properties);
}

type Properties = Readonly<Record<string, unknown>>;

function sameList(one: readonly unknown[], other: unknown): boolean {
  if (!Array.isArray(other) || other.length !== one.length) return false;
  return one.every((value, at) => sameValue(value, other[at]));
}

function sameProperties(one: Properties, other: Properties): boolean {
  const names = namesOf(one);
  if (namesOf(other).length !== names.length) return false;
  return names.every((name) => Object.hasOwn(other, name) && sameValue(one[name], other[name]));
}

function namesOf(object: Properties): string[] {
  return Object.keys(object).filter((name) => object[name] !== undefined);
}

/** Serializers write a `Send` of LangGraph without its name; what is stored without a serializer keeps it. */
function isSend(object: object): boolean {
  return (object as { lg_name?: unknown }).lg_name === "Send";
}

function partsOfSend(send: object): Properties {
  return { ...send, lg_name: undefined };
}

/** Two copies of a library have a class each: classes are compared by the name that LangChain serializes them under. */
function classNameOf(object: object): string {
  if (isPlainObject(object)) return "Object";
  const { lc_id: id } = object as { lc_id?: unknown };
  if (Array.isArray(id)) return id.join("/");
  return String(Object.getPrototypeOf(object)?.constructor?.name);
}

function bytesOf(view: ArrayBufferView): Buffer {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength);
}
