import { CorruptRecordError } from "../errors.js";
import type { Connection, Reply } from "../redis/connection.js";
import type { Step } from "../redis/script.js";
import * as door from "../redis/script.js";

/** As the function of that name in redis/script.ts; a script that comes upon a broken seal gives a CorruptRecordError. */
export async function runAll(connection: Connection, steps: readonly Step[]): Promise<(Reply | Error)[]> {
  const replies = await door.runAll(connection, steps);
  return replies.map((reply, at) => (reply instanceof Error ? damageOr(reply, steps[at] as Step) : reply));
}

/** As the function of that name in redis/script.ts; see {@link runAll}. */
export async function run(connection: Connection, step: Step): Promise<Reply> {
  const [reply] = await runAll(connection, [step]);
  if (reply instanceof Error) throw reply;
  return reply as Reply;
}

function damageOr(error: Error, step: Step): Error {
  const [, what] = /DAMAGED ([^.]+)\./.exec(error.message) ?? [];
  if (what === undefined) return error;
  const key = "script" in step ? (step.keys[0] as string) : step.key;
  return new CorruptRecordError(`${what} of this thread: altered`, { key }, { cause: error });
}
