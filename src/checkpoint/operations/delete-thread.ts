import type { Reply } from "../../redis/command.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import type { PipelineEntry } from "../../redis/script.js";
import { checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { removeFromRuns } from "../indexes/run-index.js";
import { threadKeys, threadsKey } from "../keys.js";
import { execute, executeAll, toStrings } from "../scripts/execute.js";
import { DELETE_THREAD } from "../scripts/index.js";

/** See {@link RedisSaver.deleteThread}. */
export async function deleteThread(context: SaverContext, threadId: string): Promise<void> {
  const keys = threadKeys(context.keyPrefix, checkThreadId(threadId));
  const registry = threadsKey(context.keyPrefix);
  // Out of the registry first: a checkpoint that is put meanwhile enters it after it was stored, so that no thread
  // which is there is ever missing from it. Between the nodes of a cluster, waiting is what keeps the order.
  const unregister: PipelineEntry = { key: registry, args: ["ZREM", registry, encodeKeyPart(threadId)] };
  const { connection } = context;
  const [unregistered, runs] = connection.isCluster
    ? [await execute(connection, unregister), await execute(connection, DELETE_THREAD.call(keys.all, []))]
    : await executeAll(connection, [unregister, DELETE_THREAD.call(keys.all, [])]);
  if (unregistered instanceof Error) throw unregistered;
  if (runs instanceof Error) throw runs;
  await removeFromRuns(
    context,
    toStrings(runs as Reply).map((run) => ({ threadId, run })),
  );
}
