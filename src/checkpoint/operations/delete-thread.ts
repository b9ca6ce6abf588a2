import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { threadKeys } from "../keys.js";
import { execute } from "../scripts/execute.js";
import { DELETE_THREAD } from "../scripts/index.js";

/** See {@link RedisSaver.deleteThread}. @returns how many checkpoints it had. */
export async function deleteThread(
  { connection, keyPrefix }: Pick<SaverContext, "connection" | "keyPrefix">,
  threadId: string,
): Promise<number> {
  const keys = threadKeys(keyPrefix, checkThreadId(threadId));
  const remove = async (what: "thread" | "rest") =>
    (await execute(connection, DELETE_THREAD.call(keys.all, [what]))) as [count: number, rest: number];
  let [count, rest] = await remove("thread");
  while (rest === 1) [, rest] = await remove("rest");
  return count;
}
