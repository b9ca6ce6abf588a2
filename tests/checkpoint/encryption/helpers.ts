import type { EncryptionOptions, RedisSaver } from "langgraph-redis";
import { EncryptionError } from "langgraph-redis";
import { expect } from "vitest";
import { config, id, put } from "../../conformance/saver/steps.js";
import { KEYS } from "../../helpers/encryption.js";

/** Encryption with some of the keys, of which the last one encrypts. */
export function keys(...ids: (keyof typeof KEYS)[]): EncryptionOptions {
  return {
    keys: Object.fromEntries(ids.map((each) => [each, KEYS[each]])),
    current: ids.at(-1) as string,
  };
}

/** The same, where plaintext is read as well. */
export function keysAndPlaintext(...ids: (keyof typeof KEYS)[]): EncryptionOptions {
  return { ...keys(...ids), allowPlaintext: true };
}

/** An element of which a segment has about a dozen. */
export const message = (n: number) => ({ n, text: `message ${n} ${"some words ".repeat(40)}${n * 7919}` });

export const messages = (count: number) => Array.from({ length: count }, (_, n) => message(n));

/** A value that is too large to stand in a record. */
export const note = (n: number) => ({ note: `note ${n} ${"lorem ipsum ".repeat(30)}` });

/** Puts the `n`th checkpoint of a thread, with so many messages, and two writes of a task before the next one. */
export async function step(saver: RedisSaver, n: number, count = n, thread = "t"): Promise<void> {
  await put(saver, thread, {
    id: id(n),
    ...(n > 1 ? { parent: id(n - 1) } : {}),
    values: { messages: messages(count), note: note(n) },
    versions: { messages: n, note: n },
    metadata: { step: n },
  });
  await saver.putWrites(
    config(thread, "", id(n)),
    [
      ["messages", message(count)],
      ["small", n],
    ],
    "task",
    "path",
  );
}

/** What the error of some work is. */
export async function errorOf(work: Promise<unknown>): Promise<EncryptionError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(EncryptionError);
  return error as EncryptionError;
}
