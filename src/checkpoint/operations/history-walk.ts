import type { CheckpointPendingWrite, DeltaChannelHistory } from "@langchain/langgraph-checkpoint";
import { repeatable } from "../../describe.js";
import type { Reply } from "../../redis/command.js";
import { type CheckpointRef, refuseCheckpoint } from "../config.js";
import type { SaverContext } from "../context.js";
import { checkpointField, fieldPrefix, type ThreadKeys, threadKeys } from "../keys.js";
import { decodeRecord } from "../records/checkpoint-record.js";
import { decodeWrites } from "../records/pending-writes.js";
import { decodeReadReply, fieldOf, type Row } from "../records/read-reply.js";
import { unreadable } from "../records/unreadable.js";
import { execute } from "../scripts/execute.js";
import { CHUNKS, DELTA_HISTORY } from "../scripts/index.js";
import { rootsOf } from "../values/value-ref.js";

/** A value that an ancestor holds: a write to a channel, or what the channel's history begins with. */
interface Found {
  readonly channel: string;
  readonly reference: string;
  /** The task that wrote it; undefined for the value that the history begins with. */
  readonly taskId: string | undefined;
  readonly checkpointId: string;
}

/** One walk from a checkpoint to those of its ancestors in which the history of each channel begins. */
export class HistoryWalk {
  roundTrips = 0;
  readonly #keys: ThreadKeys;
  /** From the nearest ancestor to the farthest, turned around at the end. */
  readonly #writes: Map<string, CheckpointPendingWrite[]>;
  readonly #seeds = new Map<string, unknown>();
  readonly #ancestors = new Set<string>();
  #open: ReadonlySet<string>;

  constructor(
    private readonly context: SaverContext,
    private readonly start: CheckpointRef,
    private readonly channels: readonly string[],
  ) {
    this.#keys = threadKeys(context.keyPrefix, start.threadId);
    this.#writes = new Map(channels.map((channel) => [channel, []]));
    this.#open = new Set(channels);
  }

  /** @returns undefined when an ancestor was removed between two pages: a part must not be taken for the whole. */
  async run(): Promise<Record<string, DeltaChannelHistory> | undefined> {
    const { checkpointNs, checkpointId } = this.start;
    let from =
      checkpointId === undefined
        ? `^${fieldPrefix(checkpointNs)}`
        : `<${checkpointField(checkpointNs, checkpointId)}`;
    while (from !== "" && this.#open.size > 0) {
      const reply = await this.#readPage(from);
      if (reply === undefined) return undefined;
      const { rows, chunks } = decodeReadReply(reply);
      const found = rows.flatMap((row) => this.#valuesIn(row));
      await this.#readMissing(found, chunks);
      for (const value of found) await this.#add(value, chunks);
      const [, , , next] = reply as [Reply, Reply, Reply, Buffer];
      from = next.length === 0 ? "" : `=${next.toString("utf8")}`;
    }
    return Object.fromEntries(
      this.channels.map((channel): [string, DeltaChannelHistory] => {
        const history: DeltaChannelHistory = { writes: (this.#writes.get(channel) ?? []).reverse() };
        if (this.#seeds.has(channel)) history.seed = this.#seeds.get(channel);
        return [channel, history];
      }),
    );
  }

  async #readPage(from: string): Promise<Reply | undefined> {
    const { connection, limits, history } = this.context;
    const { historyPage, pageBytes, scriptBatch } = limits;
    const args = [from, String(historyPage), String(pageBytes), ...this.#open, String(scriptBatch)];
    this.roundTrips++;
    const reply = await execute(connection, DELTA_HISTORY.call(this.#keys.all, args));
    if (!Buffer.isBuffer(reply)) return reply;
    if (from.startsWith("=")) return undefined;
    const { threadId, checkpointNs, checkpointId = "" } = this.start;
    refuseCheckpoint({ threadId, checkpointNs, checkpointId }, reply, { history, isWrite: false });
  }

  /** What an ancestor holds of the channels whose history has not begun yet; the last of its writes first. */
  #valuesIn(row: Row): Found[] {
    if (this.#open.size === 0) return [];
    const { checkpointId, record, writes } = row;
    if (this.#ancestors.has(checkpointId)) {
      // A client can put them so: nothing is known of the second one when the first is put.
      const cause = repeatable(new Error("the checkpoint is its own ancestor"));
      throw this.#unreadable(checkpointId, this.#keys.checkpoints, cause);
    }
    this.#ancestors.add(checkpointId);
    const contents = this.context.codec.contentsOf(this.#keys.checkpoints);
    const isOpen = ({ channel }: { channel: string }) => this.#open.has(channel);
    const written = this.#read(checkpointId, this.#keys.index, () => decodeWrites(contents, writes));
    const found: Found[] = written
      .filter(isOpen)
      .reverse()
      .map(({ taskId, channel, reference }) => ({ taskId, channel, reference, checkpointId }));
    const { body } = this.#read(checkpointId, this.#keys.checkpoints, () =>
      decodeRecord(contents, fieldOf(row), record),
    );
    const stored = Object.entries(body.channels)
      .map(([channel, reference]) => ({ taskId: undefined, channel, reference, checkpointId }))
      .filter(isOpen);
    const ended = new Set(stored.map(({ channel }) => channel));
    this.#open = new Set([...this.#open].filter((channel) => !ended.has(channel)));
    return [...found, ...stored];
  }

  /** Reads the chunks that are behind some values and did not come with their page. */
  async #readMissing(found: readonly Found[], chunks: Map<string, Buffer>): Promise<void> {
    const { connection, limits } = this.context;
    const roots = new Set(
      found.flatMap(({ checkpointId, reference }) =>
        this.#read(checkpointId, this.#keys.checkpoints, () => rootsOf(reference)),
      ),
    );
    let missing = [...roots].filter((name) => !chunks.has(name));
    while (missing.length > 0) {
      const args = [
        String(limits.pageBytes),
        missing.slice(0, limits.scriptBatch).join(""),
        String(limits.scriptBatch),
      ];
      this.roundTrips++;
      const reply = await execute(connection, CHUNKS.call(this.#keys.all, args));
      const [, , , lookedAt] = reply as [Reply, Reply, Reply, number];
      for (const [name, chunk] of decodeReadReply(reply).chunks) chunks.set(name, chunk);
      if (lookedAt === 0) return; // the thread is gone
      missing = missing.slice(lookedAt);
    }
  }

  async #add(
    { taskId, channel, reference, checkpointId }: Found,
    chunks: Map<string, Buffer>,
  ): Promise<void> {
    const { codec } = this.context;
    let value: unknown;
    try {
      value = await codec.decode(reference, (name) => chunks.get(name), this.#keys.checkpoints).value;
    } catch (cause) {
      throw this.#unreadable(checkpointId, this.#keys.chunks, cause, channel);
    }
    if (taskId === undefined) this.#seeds.set(channel, value);
    else this.#writes.get(channel)?.push([taskId, channel, value]);
  }

  #read<T>(checkpointId: string, key: string, read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw this.#unreadable(checkpointId, key, cause);
    }
  }

  #unreadable(checkpointId: string, key: string, cause: unknown, channel?: string): Error {
    const { threadId, checkpointNs } = this.start;
    return unreadable(
      "cannot read the history of a channel",
      { key, threadId, checkpointNs, checkpointId, channel },
      cause,
    );
  }
}
