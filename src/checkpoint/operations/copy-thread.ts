import { randomUUID } from "node:crypto";
import { quote } from "../../describe.js";
import { EncryptionError, InvalidInputError } from "../../errors.js";
import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { type ThreadKeys, threadKeys } from "../keys.js";
import { encrypting } from "../rewrite/encryption.js";
import { execute, executeAll } from "../scripts/execute.js";
import { COPY, DUMP, RESTORE } from "../scripts/index.js";
import { rewriteThread } from "./rewrite-thread.js";

/** See {@link RedisSaver.copyThread}. */
export async function copyThread(context: SaverContext, source: string, target: string): Promise<void> {
  const from = threadKeys(context.keyPrefix, checkThreadId(source));
  const to = threadKeys(context.keyPrefix, checkThreadId(target));
  const outcome = await copy(context, source, target, from, to);
  if (outcome === "encrypted") {
    throw new EncryptionError(
      "its checkpoints are encrypted. Give their keys with the option `encryption`",
    ).at("cannot copy the thread", { key: from.checkpoints, threadId: source });
  }
  if (outcome === "no source") throw new InvalidInputError(`there is no thread ${quote(source)} to copy.`);
  if (outcome === "target exists") {
    throw new InvalidInputError(
      `thread ${quote(target)} exists already. Delete it first, or copy to another one.`,
    );
  }
}

type Outcome = "copied" | "no source" | "target exists" | "encrypted";

/** What is encrypted is bound to its thread, so it is encrypted again for the copy. */
async function copy(
  context: SaverContext,
  source: string,
  target: string,
  from: ThreadKeys,
  to: ThreadKeys,
): Promise<Outcome> {
  const [before, after] = [from, to].map((keys) => context.codec.encryptedContentsOf(keys.checkpoints));
  if (!before || !after) return copyKeys(context, from, to);
  const transform = encrypting(before, after, false);
  const outcome = await rewriteThread(context, { source, target, transform, what: "copyThread" });
  return typeof outcome === "string" ? outcome : "copied";
}

async function copyKeys({ connection }: SaverContext, from: ThreadKeys, to: ThreadKeys): Promise<Outcome> {
  const token = randomUUID();
  const keys = [...to.own, ...from.own, ...to.partition.all];
  const [reply] = await executeAll(connection, [COPY.call(keys, [token])]);
  if (Buffer.isBuffer(reply)) return reply.toString("utf8") as Outcome;
  // In a cluster no script may touch both threads, unless they happen to be in one slot.
  if (!(reply instanceof Error) || !reply.message.includes("CROSSSLOT")) throw reply;
  const dumped = (await execute(connection, DUMP.call(from.all, []))) as
    | [number, (Buffer | null)[]]
    | Buffer
    | null;
  if (dumped === null) return "no source";
  if (Buffer.isBuffer(dumped)) return "encrypted";
  const [milliseconds, dumps] = dumped;
  const args = [token, String(milliseconds), ...dumps.map((dump) => dump ?? "")];
  return (await execute(connection, RESTORE.call(to.all, args))) === 1 ? "copied" : "target exists";
}
