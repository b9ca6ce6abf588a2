import { describe } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { checkIdList } from "../config.js";
import type { SaverContext } from "../context.js";
import { threadsOfRuns } from "../indexes/run-index.js";
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
  let count = 0;
  for await (const threads of threadsOfRuns(context, runIds)) {
    const calls = threads.map(({ threadId, run }) =>
      DELETE_FOR_RUNS.call(threadKeys(context.keyPrefix, threadId).all, [run]),
    );
    count += calls.length === 0 ? 0 : sumOf(await executeAll(context.connection, calls));
  }
  return count;
}
