import { describe, describeOption } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import type { AbortOptions } from "../abort.js";
import { checkIdList, checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { threadKeys } from "../keys.js";
import { executeAll, sumOf } from "../scripts/execute.js";
import { PRUNE } from "../scripts/index.js";
import { deleteThread } from "./delete-thread.js";

/** What to leave of a thread. */
export interface PruneOptions extends AbortOptions {
  /** "keep_latest" leaves the newest checkpoints of each namespace, "delete" leaves nothing. */
  strategy: "keep_latest" | "delete";
  /** How many checkpoints "keep_latest" leaves in each namespace, at least 1. Default: 1. */
  keepLast?: number;
}

const PRUNE_OPTIONS: KnownOptions<PruneOptions> = { strategy: true, keepLast: true, signal: true };

/** See {@link RedisSaver.prune}. */
export async function prune(
  context: SaverContext,
  requested: readonly string[],
  options: PruneOptions,
): Promise<number> {
  const threadIds = checkIdList(requested, "thread ids");
  if (options === undefined) {
    throw new InvalidInputError(
      'prune() needs to be told what to keep, for example { strategy: "keep_latest" }.',
    );
  }
  checkKnownOptions(options, PRUNE_OPTIONS, "prune");
  const { strategy, keepLast = 1 } = options;
  if (strategy !== "keep_latest" && strategy !== "delete") {
    throw new InvalidInputError(`strategy must be "keep_latest" or "delete", got ${describe(strategy)}.`);
  }
  if (!Number.isInteger(keepLast) || keepLast < 1) {
    throw new InvalidInputError(
      `keepLast must be a whole number of checkpoints, at least 1, got ${describeOption(keepLast)}.`,
    );
  }
  const keys = threadIds.map((threadId) => threadKeys(context.keyPrefix, checkThreadId(threadId)));
  if (strategy === "keep_latest") {
    if (keys.length === 0) return 0;
    const calls = keys.map((thread) => PRUNE.call(thread.all, [String(keepLast)]));
    return sumOf(await executeAll(context.connection, calls));
  }
  let count = 0;
  for (const threadId of threadIds) count += await deleteThread(context, threadId);
  return count;
}
