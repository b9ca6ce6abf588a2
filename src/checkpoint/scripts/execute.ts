import { CorruptRecordError } from "../../errors.js";
import type { Connection, Reply } from "../../redis/command.js";
import { decodeKeyPart } from "../../redis/key-encoding.js";
import type { PipelineEntry } from "../../redis/script.js";
import * as pipeline from "../../redis/script.js";
import { isWrongType, wrongTypeError } from "./wrong-type.js";

/**
 * As the function of that name in redis/script.ts; a script that finds something altered or lost, and a key that holds
 * another type of value, give a CorruptRecordError.
 */
export async function executeAll(
  connection: Connection,
  entries: readonly PipelineEntry[],
): Promise<(Reply | Error)[]> {
  const replies = await pipeline.executeAll(connection, entries);
  for (const [at, reply] of replies.entries()) {
    if (reply instanceof Error) {
      replies[at] = await damageOr(connection, reply, entries[at] as PipelineEntry);
    }
  }
  return replies;
}

/** As the function of that name in redis/script.ts; see {@link executeAll}. */
export async function execute(connection: Connection, entry: PipelineEntry): Promise<Reply> {
  const [reply] = await executeAll(connection, [entry]);
  if (reply instanceof Error) throw reply;
  return reply as Reply;
}

/** The sum of replies that are numbers. @throws the first error among them. */
export function sumOf(replies: readonly (Reply | Error)[]): number {
  let total = 0;
  for (const reply of replies) {
    if (reply instanceof Error) throw reply;
    total += Number(reply);
  }
  return total;
}

/** A reply that is a list of texts. */
export function toStrings(reply: Reply): string[] {
  return (reply as Buffer[]).map((text) => text.toString("utf8"));
}

async function damageOr(connection: Connection, error: Error, entry: PipelineEntry): Promise<Error> {
  if (isWrongType(error)) return wrongTypeError(connection, entry, error);
  const keys = "script" in entry ? entry.keys : [entry.key];
  const found = problemIn(error.message);
  if (!found) return error;
  const key = keys[found.keyAt] as string;
  return new CorruptRecordError(found.problem, { key, threadId: threadOf(key) }, { cause: error });
}

/** What a script came upon, and at which of its keys. */
function problemIn(message: string): { problem: string; keyAt: number } | undefined {
  const [, what, part] = /(DAMAGED|LOST) ([^.]+)\./.exec(message) ?? [];
  if (what === "DAMAGED") return { problem: `${part} of this thread: altered`, keyAt: 0 };
  if (what === "LOST") {
    const [, position] = /^key (\d)$/.exec(part as string) ?? [];
    if (position !== undefined)
      return { problem: "a key of this thread is lost", keyAt: Number(position) - 1 };
    return { problem: `a ${part} of this thread is lost`, keyAt: 0 };
  }
  if (!message.includes("hash value is not an integer")) return undefined;
  return { problem: "a counter of this thread: altered", keyAt: 0 };
}

/** The thread that a key belongs to, see keys.ts. */
function threadOf(key: string): string | undefined {
  const [, encoded] = /:thread:\{?([^:{}]*)\}?:[^:]*$/.exec(key) ?? [];
  return encoded === undefined ? undefined : decodeKeyPart(encoded);
}
