import { CorruptRecordError } from "../../errors.js";
import type { Connection, Reply } from "../../redis/command.js";
import type { PipelineEntry } from "../../redis/script.js";
import * as pipeline from "../../redis/script.js";
import { isWrongType, wrongTypeError } from "./wrong-type.js";

/**
 * As the function of that name in redis/script.ts; a script that comes upon a broken seal, and a key that holds another
 * type of value, give a CorruptRecordError.
 */
export async function executeAll(
  connection: Connection,
  entries: readonly PipelineEntry[],
): Promise<(Reply | Error)[]> {
  const replies = await pipeline.executeAll(connection, entries);
  return Promise.all(
    replies.map((reply, at) =>
      reply instanceof Error ? damageOr(connection, reply, entries[at] as PipelineEntry) : reply,
    ),
  );
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
  const [, what] = /DAMAGED ([^.]+)\./.exec(error.message) ?? [];
  if (what === undefined) return error;
  const key = "script" in entry ? (entry.keys[0] as string) : entry.key;
  return new CorruptRecordError(`${what} of this thread: altered`, { key }, { cause: error });
}
