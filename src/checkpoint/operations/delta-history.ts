import type { RunnableConfig } from "@langchain/core/runnables";
import type { DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { describe } from "../../describe.js";
import { CorruptRecordError, InvalidInputError, ThreadConflictError } from "../../errors.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import { checkChannel, checkConfig, parseConfig } from "../config.js";
import type { SaverContext } from "../context.js";
import { HistoryWalk } from "./history-walk.js";

/** How often the walk begins anew. */
const MAX_ATTEMPTS = 5;

/** What {@link RedisSaver.getDeltaChannelHistory} takes. */
interface HistoryOptions {
  readonly config: RunnableConfig;
  readonly channels: readonly string[];
}

const HISTORY_OPTIONS: KnownOptions<HistoryOptions> = { config: true, channels: true };

/** The options as they are at the call. @throws {InvalidInputError} */
export function checkHistoryOptions(options: HistoryOptions | null | undefined): HistoryOptions {
  const method = "getDeltaChannelHistory";
  checkKnownOptions(options ?? undefined, HISTORY_OPTIONS, method);
  const { config, channels } = options ?? {};
  checkConfig(config, `${method}() needs`);
  if (!Array.isArray(channels)) {
    throw new InvalidInputError(
      `channels must be a list of names of channels, got ${describe(channels)}. Example: ["messages"].`,
    );
  }
  const names: unknown[] = [...channels];
  for (const name of names) checkChannel(name, "channels");
  return { config, channels: names as string[] };
}

/** See {@link RedisSaver.getDeltaChannelHistory}. */
export async function deltaHistory(
  context: SaverContext,
  config: RunnableConfig,
  channels: readonly string[],
): Promise<Record<string, DeltaChannelHistory>> {
  if (config.configurable?.thread_id === undefined) {
    return Object.fromEntries(channels.map((channel) => [channel, { writes: [] }]));
  }
  const ref = parseConfig(config);
  for (let attempt = 1; ; attempt++) {
    const walk = new HistoryWalk(context, ref, channels);
    try {
      const history = await walk.run();
      if (history) return history;
    } catch (error) {
      // Between two round trips another client may have removed what the first one told of.
      const mayBeGone = error instanceof CorruptRecordError && walk.roundTrips > 1;
      if (!mayBeGone || attempt === MAX_ATTEMPTS) throw error;
    }
    if (attempt === MAX_ATTEMPTS) {
      throw new ThreadConflictError(
        `cannot read the history of a channel: ancestors were removed ${MAX_ATTEMPTS} times while it was being read. ` +
          "Try again when the thread is not being pruned.",
      );
    }
  }
}
