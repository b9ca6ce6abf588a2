import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { SerializationError } from "../../errors.js";
import type { JsonSerializer } from "../serde/serializer.js";
import { textOf } from "../serde/snapshot.js";
import { digestOf, encodeFramedLeaf, encodeJsonLeaf, type Serialized } from "./chunk.js";
import { chunkedValue, type EncodedValue, inlineValue, type Leaf } from "./encoded-value.js";
import { groupElements } from "./leaves.js";
import type { StoredElement, StoredElements } from "./stored-elements.js";

/** A leaf this small stands in the reference itself: a chunk of its own would cost more. */
const INLINE_LIMIT = 64;

/** Whether a value is stored element by element. */
function elementsOf(value: unknown): { isList: boolean; elements: readonly unknown[] } {
  return Array.isArray(value) && !("toJSON" in value)
    ? { isList: true, elements: value }
    : { isList: false, elements: [value] };
}

/**
 * Encodes with any serializer: each element is framed with the type and the bytes that the serializer gave it.
 *
 * @throws {SerializationError} naming `what`.
 */
export async function encodeFramed(
  serde: SerializerProtocol,
  value: unknown,
  what: string,
): Promise<EncodedValue> {
  const { isList, elements } = elementsOf(value);
  // All calls start before the first wait, so that the value is taken as it is now.
  const pending = Array.from(elements, (element) => serialize(serde, element, what));
  const serialized: Serialized[] = await Promise.all(pending);
  const sizeOf = ([type, data]: Serialized) => type.length + data.length;
  if (total(serialized, sizeOf) <= INLINE_LIMIT) return inlineValue(isList, encodeFramedLeaf(serialized));
  const groups = groupElements(serialized, sizeOf);
  return chunkedValue(
    isList,
    groups.map((group) => leafOf(encodeFramedLeaf(group))),
  );
}

/** Serializes one value. @throws {SerializationError} naming `what`. */
export async function serialize(
  serde: SerializerProtocol,
  value: unknown,
  what: string,
): Promise<Serialized> {
  try {
    return await serde.dumpsTyped(value);
  } catch (cause) {
    throw refused(what, cause);
  }
}

/**
 * Encodes as JSON, at once, so that the value is taken as it is now. Elements that were stored before and are as they
 * were are not serialized again.
 *
 * @param stored undefined to serialize everything.
 * @throws {SerializationError} naming `what`.
 */
export function encodeJson(
  serde: JsonSerializer,
  stored: StoredElements | undefined,
  value: unknown,
  what: string,
): EncodedValue {
  const { isList, elements } = elementsOf(value);
  try {
    return assemble(
      isList,
      Array.from(elements, (element) => toElement(serde, stored, element)),
      stored,
    );
  } catch (cause) {
    throw refused(what, cause);
  }
}

/** One element of a value: one that was recalled has a leaf, any other has its text. */
type Element =
  | {
      readonly size: number;
      readonly recalled: StoredElement;
      readonly text?: undefined;
      readonly object?: undefined;
    }
  | { readonly size: number; readonly text: string; readonly object: unknown; readonly recalled?: undefined };

function toElement(serde: JsonSerializer, stored: StoredElements | undefined, element: unknown): Element {
  const recalled = stored?.recall(element);
  if (recalled) return { size: recalled.size, recalled };
  const text = serde.stringify(element);
  return { size: text.length, text, object: element };
}

function assemble(
  isList: boolean,
  elements: readonly Element[],
  stored: StoredElements | undefined,
): EncodedValue {
  const sizeOf = (element: Element) => element.size;
  if (total(elements, sizeOf) <= INLINE_LIMIT)
    return inlineValue(isList, encodeJsonLeaf(elements.map(elementText)));
  const leaves = groupElements(elements, sizeOf).map((group) => {
    const [first] = group as [Element];
    const known = group.length === 1 ? first.recalled?.leaf : undefined;
    const leaf =
      known === undefined ? leafOf(encodeJsonLeaf(group.map(elementText))) : recalledLeaf(known, first);
    for (const { object, text } of group) {
      if (text !== undefined)
        stored?.remember(object, text.length, group.length === 1 ? leaf.digest : undefined, true);
    }
    return leaf;
  });
  const rewritten = () => {
    const texts = elements.map((element): Element => {
      const text = elementText(element);
      return { size: text.length, text, object: undefined };
    });
    return assemble(isList, texts, undefined);
  };
  return chunkedValue(isList, leaves, rewritten);
}

function elementText(element: Element): string {
  return element.text ?? textOf(element.recalled.snapshot);
}

function recalledLeaf(digest: string, element: Element): Leaf {
  const bytes = () => {
    const leaf = encodeJsonLeaf([elementText(element)]);
    return element.recalled?.exact || digestOf(leaf) === digest ? leaf : undefined;
  };
  return { digest, bytes };
}

function leafOf(bytes: Buffer): Leaf {
  return { digest: digestOf(bytes), bytes: () => bytes };
}

function total<E>(elements: readonly E[], sizeOf: (element: E) => number): number {
  let sum = 0;
  for (const element of elements) sum += sizeOf(element) + 1;
  return sum;
}

function refused(what: string, cause: unknown): SerializationError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SerializationError(
    `cannot store ${what}: the serializer refused it (${reason}). Nothing was written. ` +
      "Keep only serializable values in the state, or pass a serde that can write this one.",
    { cause },
  );
}
