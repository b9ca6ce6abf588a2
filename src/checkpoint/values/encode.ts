import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { reasonOf } from "../../describe.js";
import { SerializationError } from "../../errors.js";
import type { ChangeTracker, SnapshotsOf, StoredRun } from "../cache/change-tracker.js";
import type { JsonSerializer } from "../serde/serializer.js";
import { textOf } from "../serde/snapshot.js";
import { encodeFrame, FRAMED_RUNS, JSON_RUNS, type RunFormat, type Serialized } from "./chunk.js";
import type { Packer } from "./compression.js";
import type { EncodedValue } from "./encoded-value.js";
import { type Beliefs, NO_BELIEFS, RunWriter } from "./run-writer.js";

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
  beliefs: Beliefs,
  pack: Packer,
): Promise<EncodedValue> {
  if (!isList(value))
    return RunWriter.single(FRAMED_RUNS, encodeFrame(await serialize(serde, value, what)), pack);
  // All calls start before the first wait, so that the value is taken as it is now.
  const pending = Array.from(value, (element) => serialize(serde, element, what));
  return writeList(FRAMED_RUNS, (await Promise.all(pending)).map(encodeFrame), beliefs, pack);
}

function writeList<Element>(
  format: RunFormat<Element>,
  elements: readonly Element[],
  beliefs: Beliefs,
  pack: Packer,
): EncodedValue {
  const writer = new RunWriter(format, beliefs, pack);
  for (const element of elements) writer.add(element);
  return writer.list(() => writeList(format, elements, NO_BELIEFS, pack));
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

/** What was stored before, and where. */
export interface Memory {
  readonly stored: ChangeTracker;
  readonly thread: string;
  readonly snapshotsOf: SnapshotsOf;
}

/**
 * Encodes as JSON, at once, so that the value is taken as it is now. Whole runs of elements that the thread holds and
 * that are as they were are not serialized again.
 *
 * @param memory undefined to serialize everything.
 * @throws {SerializationError} naming `what`.
 */
export function encodeJson(
  serde: JsonSerializer,
  memory: Memory | undefined,
  value: unknown,
  what: string,
  beliefs: Beliefs,
  pack: Packer,
): EncodedValue {
  try {
    if (!isList(value)) return RunWriter.single(JSON_RUNS, serde.stringify(value), pack);
    return encodeJsonList(serde, memory, value, beliefs, pack);
  } catch (cause) {
    throw serializerRefused(what, cause);
  }
}

function encodeJsonList(
  serde: JsonSerializer,
  memory: Memory | undefined,
  list: readonly unknown[],
  beliefs: Beliefs,
  pack: Packer,
): EncodedValue {
  const writer = new RunWriter(JSON_RUNS, beliefs, pack);
  const written: (string | StoredRun)[] = [];
  let start = 0;
  for (let at = 0; at < list.length; ) {
    const recalled = writer.atStart
      ? memory?.stored.recall(list, at, memory.thread, memory.snapshotsOf)
      : undefined;
    if (recalled) {
      written.push(recalled);
      at += recalled.snapshots.length;
      writer.addRun(recalled.digest);
      start = at;
      continue;
    }
    const element = list[at];
    const text = memory?.stored.recallText(element) ?? serde.stringify(element);
    const digest = writer.add(text);
    written.push(text);
    at += 1;
    if (digest === undefined) continue;
    memory?.stored.remember(list.slice(start, at), digest, memory.thread);
    start = at;
  }
  // What stands after the last finished run is the open one.
  for (let at = start; at < list.length; at++) {
    memory?.stored.rememberText(list[at], written[written.length - list.length + at] as string);
  }
  return writer.list(() => rewriteList(list, written, memory, pack));
}

/**
 * Writes the list as it was when it was encoded: its elements may have changed since, their texts have not. What was
 * remembered of them has turned out to be wrong.
 */
function rewriteList(
  list: readonly unknown[],
  written: readonly (string | StoredRun)[],
  memory: Memory | undefined,
  pack: Packer,
): EncodedValue {
  memory?.stored.forget(list);
  const texts = written.flatMap((part) => (typeof part === "string" ? part : part.snapshots.map(textOf)));
  return writeList(JSON_RUNS, texts, NO_BELIEFS, pack);
}

export function serializerRefused(what: string, cause: unknown): SerializationError {
  return new SerializationError(
    `cannot store ${what}: the serializer refused it (${reasonOf(cause)}). Nothing was written. ` +
      "Keep only serializable values in the state, or pass a serde that can write this one.",
    { cause },
  );
}
