import { randomUUID } from "node:crypto";
import { quote } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { addToRuns } from "../indexes/run-index.js";
import { enterThread } from "../indexes/thread-index.js";
import { type ThreadKeys, threadKeys } from "../keys.js";
import { execute, executeAll, toStrings } from "../scripts/execute.js";
import { COPY, DUMP, RESTORE } from "../scripts/index.js";

/** See {@link RedisSaver.copyThread}. */
export async function copyThread(context: SaverContext, source: string, target: string): Promise<void> {
  const from = threadKeys(context.keyPrefix, checkThreadId(source));
  const to = threadKeys(context.keyPrefix, checkThreadId(target));
  const runs = await copyKeys(context, from, to);
  if (runs === "no source") throw new InvalidInputError(`there is no thread ${quote(source)} to copy.`);
  if (runs === "target exists") {
    throw new InvalidInputError(
      `thread ${quote(target)} exists already. Delete it first, or copy to another one.`,
    );
  }
  await enterThread(context, target);
  await addToRuns(
    context,
    runs.map((run) => ({ threadId: target, run })),
  );
}

async function copyKeys(
  { connection }: SaverContext,
  from: ThreadKeys,
  to: ThreadKeys,
): Promise<string[] | "no source" | "target exists"> {
  const token = randomUUID();
  const [reply] = await executeAll(connection, [COPY.call([...from.all, ...to.all], [token])]);
  if (Array.isArray(reply)) return toStrings(reply);
  if (Buffer.isBuffer(reply)) return reply.toString("utf8") as "no source" | "target exists";
  // In a cluster no script may touch both threads, unless they happen to be in one slot.
  if (!(reply instanceof Error) || !reply.message.includes("CROSSSLOT")) throw reply;
  const dumped = (await execute(connection, DUMP.call(from.all, []))) as
    | [[number, Buffer | null][], Reply]
    | null;
  if (dumped === null) return "no source";
  const [dumps, runs] = dumped;
  const args = dumps.flatMap(([milliseconds, dump]) => [String(milliseconds), dump ?? ""]);
  return (await execute(connection, RESTORE.call(to.all, [token, ...args]))) === 1
    ? toStrings(runs)
    : "target exists";
}
