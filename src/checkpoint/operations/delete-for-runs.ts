import { describe } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import { checkIdList } from "../config.js";
import type { SaverContext } from "../context.js";
import { threadsOfRun } from "../indexes/run-index.js";
import { threadKeys } from "../keys.js";
import { DELETE_FOR_RUNS } from "../scripts/index.js";
import { inPortions, type PortionedCall } from "./in-portions.js";

/** How many runs one script looks for. */
const RUNS_AT_ONCE = 100;

/** See {@link RedisSaver.deleteForRuns}. */
export async function deleteForRuns(context: SaverContext, requested: readonly string[]): Promise<number> {
  const runIds = checkIdList(requested, "run ids");
  for (const runId of runIds) {
    if (typeof runId !== "string" || runId === "") {
      throw new InvalidInputError(`a run id must be a non-empty string, got ${describe(runId)}.`);
    }
  }
  const runs = [...new Set(runIds.map(encodeKeyPart))];
  let [total, removed] = [0, 0];
  do {
    removed = 0;
    for (let at = 0; at < runs.length; at += RUNS_AT_ONCE) {
      removed += await deleteTogether(context, runs.slice(at, at + RUNS_AT_ONCE));
    }
    total += removed;
    // A checkpoint that was needed by one of a later group may go now.
  } while (removed > 0 && runs.length > RUNS_AT_ONCE);
  return total;
}

async function deleteTogether(context: SaverContext, runs: readonly string[]): Promise<number> {
  const work = String(context.limits.removal);
  const seen = new Set<string>();
  let removed = 0;
  for (const run of runs) {
    for await (const page of threadsOfRun(context, run)) {
      const threads = page.filter((threadId) => !seen.has(threadId));
      for (const threadId of threads) seen.add(threadId);
      const calls = threads.map((threadId): PortionedCall => {
        const { all } = threadKeys(context.keyPrefix, threadId);
        return (place, rest) => DELETE_FOR_RUNS.call(all, [work, place, rest, ...runs]);
      });
      removed += await inPortions(context.connection, calls);
    }
  }
  return removed;
}
