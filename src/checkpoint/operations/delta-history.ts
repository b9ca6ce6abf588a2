import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointPendingWrite, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { describe } from "../../describe.js";
import { InvalidInputError, ThreadConflictError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import { type CheckpointRef, checkChannel, checkConfig, parseConfig, refuseCheckpoint } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, fieldPrefix, threadKeys } from "../keys.js";
import { decodeRecord } from "../records/checkpoint-record.js";
import { decodeWrites } from "../records/pending-writes.js";
import { decodeReadReply, type Row } from "../records/read-reply.js";
import { unreadable } from "../records/unreadable.js";
import { execute } from "../scripts/execute.js";
import { DELTA_HISTORY } from "../scripts/index.js";

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
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const history = await walk(context, parseConfig(config), channels);
    if (history) return history;
  }
  throw new ThreadConflictError(
    `cannot read the history of a channel: ancestors were removed ${MAX_ATTEMPTS} times while it was being read. ` +
      "Try again when the thread is not being pruned.",
  );
}

/** @returns undefined when an ancestor was removed between two pages: a part must not be taken for the whole. */
async function walk(
  context: SaverContext,
  { threadId, checkpointNs, checkpointId }: CheckpointRef,
  channels: readonly string[],
): Promise<Record<string, DeltaChannelHistory> | undefined> {
  const keys = threadKeys(context.keyPrefix, threadId);
  // From the nearest ancestor to the farthest, turned around at the end.
  const writes = new Map<string, CheckpointPendingWrite[]>(channels.map((channel) => [channel, []]));
  const seeds = new Map<string, unknown>();
  let from =
    checkpointId === undefined
      ? `^${fieldPrefix(checkpointNs)}`
      : `<${checkpointField(checkpointNs, checkpointId)}`;
  const { historyPage, scriptBatch } = context.limits;
  while (from !== "" && seeds.size < channels.length) {
    const open = channels.filter((channel) => !seeds.has(channel));
    const args = [from, String(historyPage), ...open, String(scriptBatch)];
    const reply = await execute(context.connection, DELTA_HISTORY.call(keys.all, args));
    if (Buffer.isBuffer(reply) && from.startsWith("=")) return undefined;
    if (Buffer.isBuffer(reply)) {
      const checkpoint = { threadId, checkpointNs, checkpointId: checkpointId ?? "" };
      refuseCheckpoint(checkpoint, reply, { history: context.history, isWrite: false });
    }
    const { rows, chunks } = decodeReadReply(reply);
    const [, , , next] = reply as [Reply, Reply, Reply, Buffer];
    for (const row of rows) {
      const left = new Set(open.filter((channel) => !seeds.has(channel)));
      if (left.size === 0) break;
      const at = { ...row, threadId, checkpointNs };
      const decode = async (channel: string, reference: string): Promise<unknown> => {
        try {
          return await context.codec.decode(reference, (name) => chunks.get(name), keys.checkpoints).value;
        } catch (cause) {
          throw unreadable(PROBLEM, locationOf(at, keys.chunks, channel), cause);
        }
      };
      for (const { taskId, channel, reference } of readable(at, keys.index, () =>
        decodeWrites(context.codec, row.writes),
      ).reverse()) {
        if (left.has(channel)) writes.get(channel)?.push([taskId, channel, await decode(channel, reference)]);
      }
      const { body } = readable(at, keys.checkpoints, () => decodeRecord(context.codec, row.record));
      for (const [channel, reference] of Object.entries(body.channels)) {
        if (left.has(channel)) seeds.set(channel, await decode(channel, reference));
      }
    }
    from = next.length === 0 ? "" : `=${next.toString("utf8")}`;
  }
  return Object.fromEntries(
    channels.map((channel): [string, DeltaChannelHistory] => {
      const history: DeltaChannelHistory = { writes: (writes.get(channel) ?? []).reverse() };
      if (seeds.has(channel)) history.seed = seeds.get(channel);
      return [channel, history];
    }),
  );
}

const PROBLEM = "cannot read the history of a channel";

type Ancestor = Pick<Row, "checkpointId"> & { readonly threadId: string; readonly checkpointNs: string };

function locationOf({ threadId, checkpointNs, checkpointId }: Ancestor, key: string, channel?: string) {
  return { key, threadId, checkpointNs, checkpointId, channel };
}

function readable<T>(ancestor: Ancestor, key: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw unreadable(PROBLEM, locationOf(ancestor, key), cause);
  }
}
