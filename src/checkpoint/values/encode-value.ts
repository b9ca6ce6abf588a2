import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { reasonOf } from "../../describe.js";
import { SerializationError } from "../../errors.js";
import type { ChangeTracker, SnapshotsOf, TrackedSegment } from "../cache/change-tracker.js";
import { NOTHING_KNOWN } from "../cache/known-value.js";
import type { JsonSerializer } from "../serde/serializer.js";
import { textOf } from "../serde/snapshot.js";
import { encodeFrame, FRAMED_SEGMENTS, JSON_SEGMENTS, type SegmentFormat, type Serialized } from "./chunk.js";
import type { EncodedValue } from "./encoded-value.js";
import { type EncodingTarget, ListEncoder } from "./list-encoder.js";

/** Whether a value is stored element by element. */
function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value) && !("toJSON" in value);
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
  target: EncodingTarget,
): Promise<EncodedValue> {
  if (!isList(value))
    return ListEncoder.single(FRAMED_SEGMENTS, encodeFrame(await serialize(serde, value, what)), target);
  // All calls start before the first wait, so that the value is taken as it is now.
  const pending = Array.from(value, (element) => serialize(serde, element, what));
  return encodeList(FRAMED_SEGMENTS, (await Promise.all(pending)).map(encodeFrame), target);
}

function encodeList<Element>(
  format: SegmentFormat<Element>,
  elements: readonly Element[],
  target: EncodingTarget,
): EncodedValue {
  const encoder = new ListEncoder(format, target);
  for (const element of elements) encoder.add(element);
  return encoder.list(() => encodeList(format, elements, { ...target, known: NOTHING_KNOWN }));
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
    throw serializerRefused(what, cause);
  }
}

/** The JSON text of one value. @throws {SerializationError} naming `what`. */
export function stringify(serde: JsonSerializer, value: unknown, what: string): string {
  try {
    return serde.stringify(value);
  } catch (cause) {
    throw serializerRefused(what, cause);
  }
}

/** What is known of the objects of one thread. */
export interface ThreadTracker {
  readonly tracker: ChangeTracker;
  readonly thread: string;
  readonly snapshotsOf: SnapshotsOf;
}

/**
 * Encodes as JSON, at once, so that the value is taken as it is now. Whole segments of elements that the thread holds and
 * that are as they were are not serialized again.
 *
 * @param tracked undefined to serialize everything.
 * @throws {SerializationError} naming `what`.
 */
export function encodeJson(
  serde: JsonSerializer,
  tracked: ThreadTracker | undefined,
  value: unknown,
  what: string,
  target: EncodingTarget,
): EncodedValue {
  try {
    if (!isList(value)) return ListEncoder.single(JSON_SEGMENTS, serde.stringify(value), target);
    return encodeJsonList(serde, tracked, value, target);
  } catch (cause) {
    throw serializerRefused(what, cause);
  }
}

function encodeJsonList(
  serde: JsonSerializer,
  tracked: ThreadTracker | undefined,
  list: readonly unknown[],
  target: EncodingTarget,
): EncodedValue {
  const encoder = new ListEncoder(JSON_SEGMENTS, target);
  const written: (string | TrackedSegment)[] = [];
  let start = 0;
  for (let at = 0; at < list.length; ) {
    const unchanged = encoder.atStart
      ? tracked?.tracker.findUnchanged(list, at, tracked.thread, tracked.snapshotsOf)
      : undefined;
    if (unchanged) {
      written.push(unchanged);
      at += unchanged.snapshots.length;
      encoder.addSealed(unchanged.name);
      start = at;
      continue;
    }
    const element = list[at];
    const text = tracked?.tracker.findText(element) ?? serde.stringify(element);
    const sealed = encoder.add(text);
    written.push(text);
    at += 1;
    if (sealed === undefined) continue;
    tracked?.tracker.track(list.slice(start, at), sealed, tracked.thread);
    start = at;
  }
  // The elements after the last sealed segment are the tail.
  for (let at = start; at < list.length; at++) {
    tracked?.tracker.trackText(list[at], written[written.length - list.length + at] as string);
  }
  return encoder.list(() => rewriteList(list, written, tracked, target));
}

/**
 * Writes the list as it was when it was encoded: its elements may have changed since, their texts have not. What the
 * thread was believed to hold has turned out not to be there.
 */
function rewriteList(
  list: readonly unknown[],
  written: readonly (string | TrackedSegment)[],
  tracked: ThreadTracker | undefined,
  target: EncodingTarget,
): EncodedValue {
  tracked?.tracker.untrack(list);
  const texts = written.flatMap((part) => (typeof part === "string" ? part : part.snapshots.map(textOf)));
  return encodeList(JSON_SEGMENTS, texts, { ...target, known: NOTHING_KNOWN });
}

export function serializerRefused(what: string, cause: unknown): SerializationError {
  return new SerializationError(
    `cannot store ${what}: the serializer refused it (${reasonOf(cause)}). Nothing was written. ` +
      "Keep only serializable values in the state, or pass a serde that can write this one.",
    { cause },
  );
}
