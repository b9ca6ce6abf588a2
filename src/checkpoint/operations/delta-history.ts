import type { RunnableConfig } from "@langchain/core/runnables";
import type { CheckpointPendingWrite, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { describe } from "../../describe.js";
import { InvalidInputError, ThreadConflictError } from "../../errors.js";
import type { Reply } from "../../redis/command.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import { checkKnownOptions, type KnownOptions } from "../../redis/known-options.js";
import { type CheckpointRef, checkChannel, checkConfig, parseConfig, refuseCheckpoint } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, fieldPrefix, threadKeys } from "../keys.js";
import { decodeWrites } from "../records/pending-writes.js";
import { decodeChunks } from "../records/read-reply.js";
import { unreadable } from "../records/unreadable.js";
import { execute } from "../scripts/execute.js";
import { DELTA_HISTORY } from "../scripts/index.js";
import { splitDigests } from "../values/chunk.js";

/** How often the walk begins anew. */
const MAX_ATTEMPTS = 5;

/** What one ancestor contributes. */
interface Ancestor {
  readonly writes: string;
  readonly values: ReadonlyMap<string, string>;
}

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
    const names = open.flatMap((channel) => [channel, encodeKeyPart(channel)]);
    const args = [from, String(historyPage), ...names, String(scriptBatch)];
    const reply = await execute(context.connection, DELTA_HISTORY.call(keys.all, args));
    if (Buffer.isBuffer(reply) && from.startsWith("=")) return undefined;
    if (Buffer.isBuffer(reply)) {
      const checkpoint = { threadId, checkpointNs, checkpointId: checkpointId ?? "" };
      refuseCheckpoint(checkpoint, reply, { history: context.history, isWrite: false });
    }
    const { ancestors, chunks, next } = decodeHistory(reply);
    const decode = async (channel: string, reference: string): Promise<unknown> => {
      try {
        return await context.codec.decode(reference, (name) => chunks.get(name), keys.checkpoints).value;
      } catch (cause) {
        const location = { key: keys.chunks, threadId, checkpointNs, channel };
        throw unreadable("cannot read the history of a channel", location, cause);
      }
    };
    for (const ancestor of ancestors) {
      for (const { taskId, channel, reference } of decodeWrites(ancestor.writes).reverse()) {
        writes.get(channel)?.push([taskId, channel, await decode(channel, reference)]);
      }
      for (const [channel, reference] of ancestor.values)
        seeds.set(channel, await decode(channel, reference));
    }
    from = next === "" ? "" : `=${next}`;
  }
  return Object.fromEntries(
    channels.map((channel): [string, DeltaChannelHistory] => {
      const history: DeltaChannelHistory = { writes: (writes.get(channel) ?? []).reverse() };
      if (seeds.has(channel)) history.seed = seeds.get(channel);
      return [channel, history];
    }),
  );
}

function decodeHistory(reply: Reply): { ancestors: Ancestor[]; chunks: Map<string, Buffer>; next: string } {
  const [rows, names, bytes, , next] = reply as [[Buffer, Buffer, Buffer[]][], Buffer, Reply, Buffer, Buffer];
  const chunks = new Map<string, Buffer>();
  decodeChunks(splitDigests(names.toString("latin1")), bytes, chunks);
  const ancestors = rows.map(([, lines, flat]): Ancestor => {
    const values = new Map<string, string>();
    for (let at = 0; at < flat.length; at += 2) values.set(String(flat[at]), String(flat[at + 1]));
    return { writes: lines.toString("utf8"), values };
  });
  return { ancestors, chunks, next: next.toString("utf8") };
}
