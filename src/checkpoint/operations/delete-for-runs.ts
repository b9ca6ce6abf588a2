import { describe } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import { checkIdList } from "../config.js";
import type { SaverContext } from "../context.js";
import { removeFromRuns, threadsOfRuns } from "../indexes/run-index.js";
import { threadKeys } from "../keys.js";
import { executeAll, sumOf } from "../scripts/execute.js";
import { DELETE_FOR_RUNS } from "../scripts/index.js";

/** See {@link RedisSaver.deleteForRuns}. */
export async function deleteForRuns(context: SaverContext, requested: readonly string[]): Promise<number> {
  const runIds = checkIdList(requested, "run ids");
  for (const runId of runIds) {
    if (typeof runId !== "string" || runId === "") {
      throw new InvalidInputError(`a run id must be a non-empty string, got ${describe(runId)}.`);
    }
  }
  if (runIds.length === 0) return 0;
  const threads = await threadsOfRuns(context, runIds);
  const calls = [...threads].map(([threadId, runs]) =>
    DELETE_FOR_RUNS.call(threadKeys(context.keyPrefix, threadId).all, runs.map(encodeKeyPart)),
  );
  const count = calls.length === 0 ? 0 : sumOf(await executeAll(context.connection, calls));
  await removeFromRuns(
    context,
    [...threads].flatMap(([threadId, runs]) => runs.map((run) => ({ threadId, run: encodeKeyPart(run) }))),
  );
  return count;
}
