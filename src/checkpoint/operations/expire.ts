import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { expireRuns } from "../indexes/run-index.js";
import { threadKeys } from "../keys.js";
import { execute, toStrings } from "../scripts/execute.js";
import { EXPIRE } from "../scripts/index.js";

/** See {@link RedisSaver.expire} and {@link RedisSaver.persist}. @returns false when there is no such thread. */
export async function expire(
  context: SaverContext,
  threadId: string,
  milliseconds: number,
): Promise<boolean> {
  const keys = threadKeys(context.keyPrefix, checkThreadId(threadId));
  const runs = await execute(context.connection, EXPIRE.call(keys.all, [String(milliseconds)]));
  if (runs === null) return false;
  await expireRuns(context, toStrings(runs), milliseconds);
  return true;
}
