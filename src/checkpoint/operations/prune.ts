import { describe, describeOption } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import type { AbortOptions } from "../abort.js";
import { checkCheckpointId, checkIdList, checkThreadId } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, threadKeys } from "../keys.js";
import { PRUNE } from "../scripts/index.js";
import { deleteThread } from "./delete-thread.js";
import { inPortions, type PortionedCall } from "./in-portions.js";

/** What to remove of a thread. */
export interface PruneOptions extends AbortOptions {
  /** "keep_latest" keeps the newest checkpoints of each namespace, "delete" keeps nothing. Default: "keep_latest". */
  strategy?: "keep_latest" | "delete";
  /** How many of the newest checkpoints "keep_latest" keeps in each namespace, at least 1. Default: 1. */
  keepLast?: number;
  /**
   * Removes only checkpoints whose `ts` is before this date, or this many minutes ago (fractions are allowed); of them, the newest
   * `keepLast` stay as well. One whose `ts` is no date stays.
   */
  olderThan?: Date | number;
  /** Removes exactly this checkpoint of each of the threads, unless another one needs it. */
  checkpointId?: string;
  /** The namespace of `checkpointId`. Default: "". */
  checkpointNs?: string;
}

const PRUNE_OPTIONS: KnownOptions<PruneOptions> = {
  strategy: true,
  keepLast: true,
  olderThan: true,
  checkpointId: true,
  checkpointNs: true,
  signal: true,
};

/** See {@link RedisSaver.prune}. */
export async function prune(
  context: SaverContext,
  requested: readonly string[],
  options: PruneOptions | undefined,
): Promise<number> {
  const threadIds = checkIdList(requested, "thread ids").map(checkThreadId);
  const selection = readOptions(options);
  if (selection !== undefined) {
    const work = String(context.limits.removal);
    const calls = threadIds.map((threadId): PortionedCall => {
      const { all } = threadKeys(context.keyPrefix, threadId);
      return (place, rest) => PRUNE.call(all, [...selection, work, place, rest]);
    });
    return inPortions(context.connection, calls);
  }
  let count = 0;
  for (const threadId of threadIds) count += await deleteThread(context, threadId);
  return count;
}

/**
 * What scripts/prune.lua is to remove, as its first arguments; undefined for all.
 *
 * @throws {InvalidInputError}
 */
function readOptions(options: PruneOptions | undefined): readonly [string, string, string] | undefined {
  checkKnownOptions(options, PRUNE_OPTIONS, "prune");
  const { strategy = "keep_latest", keepLast, olderThan, checkpointId, checkpointNs } = options ?? {};
  if (strategy !== "keep_latest" && strategy !== "delete") {
    throw new InvalidInputError(`strategy must be "keep_latest" or "delete", got ${describe(strategy)}.`);
  }
  if (keepLast !== undefined && (!Number.isInteger(keepLast) || keepLast < 1)) {
    throw new InvalidInputError(
      `keepLast must be a whole number of checkpoints, at least 1, got ${describeOption(keepLast)}.`,
    );
  }
  if (checkpointNs !== undefined && (typeof checkpointNs !== "string" || checkpointId === undefined)) {
    throw new InvalidInputError(
      "checkpointNs must be a string, the namespace of checkpointId: give that as well.",
    );
  }
  const before = olderThan === undefined ? "" : String(toMoment(olderThan));
  const selects = { keepLast, olderThan, checkpointId };
  const given = Object.entries(selects).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  if (strategy === "delete") {
    if (given.length === 0) return undefined;
    throw new InvalidInputError(
      `the strategy "delete" removes threads as a whole, and takes no ${given[0]}. Use "keep_latest".`,
    );
  }
  if (checkpointId === undefined) return [String(keepLast ?? 1), before, ""];
  if (given.length > 1) {
    throw new InvalidInputError(`checkpointId removes one checkpoint, and goes with no ${given[0]}.`);
  }
  return ["1", "", checkpointField(checkpointNs ?? "", checkCheckpointId(checkpointId, "checkpointId"))];
}

/** A time in milliseconds. @throws {InvalidInputError} */
function toMoment(olderThan: unknown): number {
  const isMinutes = typeof olderThan === "number" && olderThan >= 0;
  const moment = isMinutes
    ? Date.now() - olderThan * 60_000
    : olderThan instanceof Date
      ? olderThan.getTime()
      : Number.NaN;
  if (Number.isFinite(moment)) return moment;
  throw new InvalidInputError(
    `olderThan must be a date or a number of minutes, at least 0, got ${describeOption(olderThan)}.`,
  );
}
