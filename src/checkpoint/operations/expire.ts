import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { threadKeys } from "../keys.js";
import { execute } from "../scripts/execute.js";
import { EXPIRE } from "../scripts/index.js";

/** See {@link RedisSaver.expire} and {@link RedisSaver.persist}. @returns false when there is no such thread. */
export async function expire(
  context: SaverContext,
  threadId: string,
  milliseconds: number,
): Promise<boolean> {
  const keys = threadKeys(context.keyPrefix, checkThreadId(threadId));
  return (await execute(context.connection, EXPIRE.call(keys.all, [String(milliseconds)]))) === 1;
}
