import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointTuple,
  DeltaChannelHistory,
  PendingWrite,
} from "@langchain/langgraph-checkpoint";
import { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import type { OperationContext } from "../errors.js";
import { connectCluster, connectSentinel, connectUrl, type ManagedConnection } from "../redis/connect.js";
import { createConnection, type RedisClient, requireOptions } from "../redis/connection.js";
import { OperationTracker } from "../redis/operation-tracker.js";
import type { ClusterRootNodes, ConnectOptions, SentinelGroup } from "../redis/options.js";
import { toMilliseconds } from "../redis/time-to-live.js";
import {
  type AbortOptions,
  abortableContext,
  optionalSignal,
  signalOf,
  signalOfRead,
  signalOfWrite,
} from "./abort.js";
import { CheckpointCache } from "./cache/checkpoint-cache.js";
import { checkConfig, checkThreadId, parseCheckpointConfig, parseConfig } from "./config.js";
import { fetchKeys, type SaverContext } from "./context.js";
import type { ThreadInfo } from "./indexes/thread-index.js";
import { threadKeys } from "./keys.js";
import { limitsOf } from "./limits.js";
import { copyThread } from "./operations/copy-thread.js";
import { deleteForRuns } from "./operations/delete-for-runs.js";
import { deleteThread } from "./operations/delete-thread.js";
import { checkHistoryOptions, deltaHistory } from "./operations/delta-history.js";
import { expire } from "./operations/expire.js";
import { getTuple } from "./operations/get-tuple.js";
import { list } from "./operations/list.js";
import {
  type CheckpointInfo,
  type ListCheckpointsOptions,
  listCheckpoints,
} from "./operations/list-checkpoints.js";
import { type ListThreadsOptions, listThreads } from "./operations/list-threads.js";
import { type PruneOptions, prune } from "./operations/prune.js";
import { put } from "./operations/put.js";
import { putWrites } from "./operations/put-writes.js";
import {
  progressOf,
  type ReencryptThreadOptions,
  type ReencryptThreadReport,
  reencrypt,
} from "./operations/reencrypt.js";
import { type ThreadStats, threadStats } from "./operations/thread-stats.js";
import { type RedisSaverOptions, readOptions } from "./options.js";
import { ValueCodec } from "./values/codec.js";

/**
 * A LangGraph checkpointer on Redis: saves the state of a graph after every step, so that a conversation goes on,
 * survives a crash and can be rewound.
 *
 * It needs core commands only, of Redis 6.2 or later, Valkey, or what is compatible with them.
 *
 * @example
 * ```ts
 * const checkpointer = await RedisSaver.fromConnString("redis://localhost:6379");
 * const graph = builder.compile({ checkpointer });
 * await graph.invoke(input, { configurable: { thread_id: "conversation-1" } });
 * await checkpointer.end();
 * ```
 */
export class RedisSaver extends BaseCheckpointSaver {
  private readonly context: SaverContext;
  private readonly operations: OperationTracker;
  private readonly owned: ManagedConnection | undefined;

  /**
   * Uses a connected client, which stays yours: it is neither configured nor closed here. It is what `createClient`,
   * `createClientPool`, `createCluster` or `createSentinel` of node-redis 5.8 or later return, or an ioredis client through
   * `fromIoredis`.
   *
   * @throws {InvalidInputError} when an option cannot be used, or the client was created with a `keyPrefix`.
   *
   * @example
   * ```ts
   * const client = createClient({ url: "redis://localhost:6379" });
   * client.on("error", console.error); // without a listener a broken connection ends the process
   * await client.connect();
   * const checkpointer = new RedisSaver({ client, ttl: { defaultTTL: 60 * 24 } });
   * ```
   */
  constructor(options: RedisSaverOptions & { client: RedisClient }) {
    requireOptions(options, "RedisSaver");
    const read = readOptions(options, false, Reflect.get(options, KEYRING));
    const { serde, trackChanges, compressor, cacheBytes, ...settings } = read;
    super(serde);
    this.context = {
      ...settings,
      connection: createConnection(options.client, options.commandTimeout),
      codec: new ValueCodec(serde, trackChanges, compressor, settings.keyring?.cipher("thread")),
      cache: new CheckpointCache(cacheBytes),
      limits: limitsOf(options),
      firstVersion: () => this.getNextVersion(undefined),
    };
    const { connection, keyPrefix } = this.context;
    this.operations = new OperationTracker(options.commandTimeout, {
      component: "saver",
      keyPrefix,
      server: connection.server,
    });
    this.owned = Reflect.get(options, OWNED);
  }

  /**
   * Connects to a Redis server. The connection belongs to the saver: close it with {@link end}.
   *
   * @param uri `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS.
   * @throws {InvalidInputError} when the address or an option cannot be used; {@link OperationError} when the server
   * cannot be reached.
   */
  static fromConnString(uri: string, options: RedisSaverOptions & ConnectOptions = {}): Promise<RedisSaver> {
    return open(options, () => connectUrl(uri, options));
  }

  /**
   * Connects to a Redis Cluster. The connections belong to the saver: close them with {@link end}.
   *
   * @param rootNodes some of its nodes, by URL; the others are learned from them. User, password and TLS of the first
   * one are used for all.
   * @throws {InvalidInputError} when an address or an option cannot be used; {@link OperationError} when none of the
   * nodes can be reached.
   *
   * @example
   * ```ts
   * const checkpointer = await RedisSaver.fromCluster(["redis://10.0.0.1:6379", "redis://10.0.0.2:6379"]);
   * ```
   */
  static fromCluster(
    rootNodes: ClusterRootNodes,
    options: RedisSaverOptions & ConnectOptions = {},
  ): Promise<RedisSaver> {
    return open(options, () => connectCluster(rootNodes, options));
  }

  /**
   * Connects to the master of a group that is watched by Redis Sentinel, and after a failover to the new one. The
   * connections belong to the saver: close them with {@link end}.
   *
   * @throws {InvalidInputError} when an option cannot be used; {@link OperationError} when there is no Sentinel or no
   * master.
   *
   * @example
   * ```ts
   * const checkpointer = await RedisSaver.fromSentinel({
   *   name: "mymaster",
   *   sentinelRootNodes: [{ host: "10.0.0.1", port: 26379 }],
   * });
   * ```
   */
  static fromSentinel(
    group: SentinelGroup,
    options: RedisSaverOptions & ConnectOptions = {},
  ): Promise<RedisSaver> {
    return open(options, () => connectSentinel(group, options));
  }

  /** Which checkpoints are kept; see {@link RedisSaverOptions.history}. */
  get history(): "all" | "latest" {
    return this.context.history;
  }

  /**
   * Finishes the operations that were called before, then closes the connection, if it is the saver's own. Operations
   * that are called later are refused. Ending twice is no error.
   *
   * Operations of which none comes to its end within `commandTimeout` (10 seconds where that is 0) are given up.
   *
   * @example
   * ```ts
   * await using checkpointer = await RedisSaver.fromConnString("redis://localhost:6379"); // ended with its block
   * ```
   */
  async end(): Promise<void> {
    await this.operations.close();
    await this.owned?.close();
  }

  /** The same as {@link end}, by the name that stores have for it. */
  stop(): Promise<void> {
    return this.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  /**
   * The checkpoint that the config names, or the latest of its thread and namespace.
   *
   * @returns undefined when the thread, or the namespace, has none, or when the config names no thread.
   * @throws {CheckpointNotFoundError} when the config names a checkpoint that is not there any more, while others are;
   * with `history: "latest"` also when others were put after it.
   * @throws {InvalidInputError} when the config is none, an id in it is no string, or the thread id is empty. An empty
   * checkpoint id names none.
   * @throws {CorruptRecordError} when what is stored is damaged.
   * @throws {DeserializationError} when the serializer refuses what is not damaged.
   * @throws the reason of `config.signal`, when that aborts.
   */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    checkConfig(config, "getTuple() needs");
    if (config.configurable?.thread_id === undefined) return undefined;
    const { threadId, checkpointNs, checkpointId } = parseConfig(config);
    return this.runWithKeys(
      { operation: "getTuple", threadId, checkpointNs, checkpointId },
      (context) => getTuple(context, threadId, checkpointNs, checkpointId),
      signalOfRead(config),
      (tuple) => (tuple ? 1 : 0),
    );
  }

  /**
   * Checkpoints, newest first.
   *
   * Without a config, or a `thread_id` in it, those of all threads, thread by thread, the thread that was written last coming first;
   * without a `checkpoint_ns` those of all namespaces. What another client removes meanwhile is left out; nothing is listed twice.
   *
   * They are read in pages of a hundred checkpoints or a megabyte, the first one a quarter of that, so that stopping early
   * costs little more than what was looked at. A page is one round trip. With a filter the records are read first, then
   * the checkpoints that match; without a `checkpoint_ns`, in a thread of several namespaces, all ids are read first, in parts.
   *
   * @param options.before only checkpoints older than the one this config names.
   * @param options.limit the largest number of checkpoints; by default all.
   * @param options.filter metadata that the checkpoints must have: any key, compared as JSON values.
   * @throws {InvalidInputError} when the config or an option cannot be used.
   * @throws {CorruptRecordError} when what is stored is damaged.
   * @throws {DeserializationError} when the serializer refuses what is not damaged.
   * @throws the reason of `config.signal`, when that aborts. It is noticed before each checkpoint.
   */
  override list(
    config: RunnableConfig | null | undefined,
    options?: CheckpointListOptions,
  ): AsyncGenerator<CheckpointTuple> {
    return this.operations.iterate(
      { operation: "list", threadId: config?.configurable?.thread_id },
      list(this.context, config, options),
      config?.signal,
    );
  }

  /**
   * The checkpoints of a thread without the values of their channels, newest first: what a history is drawn from. They are
   * read in pages of some hundreds, and start no time to live again unless `refreshOnRead` asks for it.
   *
   * What is encrypted with a key that this saver does not have is listed as well, without what is encrypted of it.
   *
   * @throws {InvalidInputError} when an option cannot be used; {@link CorruptRecordError} when what is stored is damaged.
   *
   * @example
   * ```ts
   * for await (const { checkpointId, metadata, pendingWrites } of checkpointer.listCheckpoints("conversation-1")) {
   *   console.log(metadata?.step, checkpointId, pendingWrites.length);
   * }
   * ```
   */
  listCheckpoints(threadId: string, options?: ListCheckpointsOptions): AsyncGenerator<CheckpointInfo> {
    const signal = optionalSignal(options);
    return this.operations.iterate(
      { operation: "listCheckpoints", threadId },
      listCheckpoints(abortableContext(this.context, signal), threadId, options),
      signal,
    );
  }

  /**
   * Saves a checkpoint as the child of the one that the config names. All of it is stored, or nothing.
   *
   * What the caller changes after the call is not stored.
   *
   * @param newVersions the channels that changed since the parent; the others keep their values without being sent.
   * Default: all have changed.
   * @returns the config of the new checkpoint.
   * @throws {CheckpointNotFoundError} with `history: "latest"`, when the checkpoint that the config names is not the
   * newest one: another run has gone on from it meanwhile.
   * @throws {InvalidInputError} when the config names no thread, the checkpoint has no id, or a part of it, the metadata or
   * the new versions are no objects.
   * @throws {CorruptRecordError} when a key of the thread holds another type of value.
   * @throws {SerializationError} when a value cannot be serialized.
   * @throws the reason of `config.signal`, when that aborts. A checkpoint that was sent by then may have been stored. What a
   * graph's run saves is not aborted.
   */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions?: ChannelVersions,
  ): Promise<RunnableConfig> {
    const { thread_id: threadId, checkpoint_ns: checkpointNs } = config?.configurable ?? {};
    return this.runWithKeys(
      { operation: "put", threadId, checkpointNs, checkpointId: checkpoint?.id },
      (context) => put(context, config, checkpoint, metadata, newVersions),
      signalOfWrite(config),
    );
  }

  /**
   * Saves what a task wrote before the next checkpoint, so that it need not run again. May come before the
   * checkpoint that it belongs to.
   *
   * @param taskPath where the task stands in its step, as newer versions of LangGraph say. Pending writes are read in
   * the order of path, task id and index. Default: "".
   * @throws {InvalidInputError} when the config names no thread or no checkpoint.
   * @throws {SerializationError} when a value cannot be serialized.
   * @throws the reason of `config.signal`, as {@link put}.
   */
  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath?: string,
  ): Promise<void> {
    checkConfig(config, "putWrites() needs");
    const ref = parseCheckpointConfig(config);
    await this.runWithKeys(
      { operation: "putWrites", ...ref },
      (context) => putWrites(context, ref, writes, taskId, taskPath ?? ""),
      signalOfWrite(config),
      () => writes.length,
    );
  }

  /**
   * For delta channels: the writes to each channel since its last stored value, oldest first, and that value.
   * The ancestors are walked on the server, in pages of 150 or a megabyte.
   *
   * @throws {CheckpointNotFoundError} as {@link getTuple}.
   * @throws {CorruptRecordError} when what is stored is damaged, or an ancestor is lost that a channel is read from, or a
   * checkpoint is its own ancestor.
   * @throws {InvalidInputError} when the config or the channels cannot be used, or there is an unknown option.
   * @throws the reason of `config.signal`, when that aborts.
   */
  override async getDeltaChannelHistory(options: {
    config: RunnableConfig;
    channels: string[];
  }): Promise<Record<string, DeltaChannelHistory>> {
    const { config, channels } = checkHistoryOptions(options);
    return this.runWithKeys(
      { operation: "getDeltaChannelHistory", threadId: config.configurable?.thread_id },
      (context) => deltaHistory(context, config, channels),
      signalOfRead(config),
      (histories) => Object.values(histories).reduce((sum, { writes }) => sum + writes.length, 0),
    );
  }

  /**
   * Deletes everything of exactly this thread, in one round trip; one more for each further thousand runs that wrote to it. A
   * thread that is not there is no error.
   */
  override async deleteThread(threadId: string, options?: AbortOptions): Promise<void> {
    const signal = signalOf(options, "deleteThread");
    this.context.cache.forget(threadKeys(this.context.keyPrefix, checkThreadId(threadId)).checkpoints);
    await this.run(
      { operation: "deleteThread", threadId },
      (context) => deleteThread(context, threadId),
      signal,
    );
  }

  /**
   * Copies a thread with all its checkpoints and pending writes. The copy is of one moment, and independent. One that is encrypted goes
   * through this client, and is encrypted with the current key.
   *
   * @throws {InvalidInputError} when there is no such source, or the target exists.
   * @throws {EncryptionError} when the thread is encrypted, and cannot be decrypted.
   * @throws {ThreadConflictError} when an encrypted thread was written to each of five times while it was read.
   *
   * @example
   * ```ts
   * await checkpointer.copyThread("conversation-1", "what-if");
   * ```
   */
  async copyThread(sourceThreadId: string, targetThreadId: string, options?: AbortOptions): Promise<void> {
    await this.runWithKeys(
      { operation: "copyThread", threadId: sourceThreadId },
      (context) => copyThread(context, sourceThreadId, targetThreadId),
      signalOf(options, "copyThread"),
    );
  }

  /**
   * Encrypts a thread with the current key: what is encrypted with other keys, and with `allowPlaintext` also what is not encrypted. A
   * thread that has nothing of this kind is only read. Others may read and write the thread meanwhile; it is put in place at once, and
   * begun again when it was written to before that. Everything else about it stays, its time to live too.
   *
   * It reads and writes in portions of a megabyte; about as much memory as the thread takes is needed on the server until it has finished.
   *
   * @returns what was found and done; undefined when there is no such thread.
   * @throws {InvalidInputError} when the saver does not encrypt, or an option cannot be used.
   * @throws {EncryptionError} when a part cannot be decrypted. The thread is as it was, as after all other errors.
   * @throws {CorruptRecordError} when a part is damaged or lost.
   * @throws {ThreadConflictError} when the thread was written to each of five times.
   *
   * @example
   * ```ts
   * import type { ThreadInfo } from "langgraph-redis";
   *
   * // Threads stay in this order while they are gone over; what is written meanwhile is encrypted with the current key.
   * let last: ThreadInfo | undefined;
   * do {
   *   const page = await checkpointer.listThreads({ limit: 100, before: last, orderBy: "createdAt" });
   *   for (const { threadId } of page) await checkpointer.reencrypt(threadId);
   *   last = page.at(-1);
   * } while (last);
   * ```
   */
  async reencrypt(
    threadId: string,
    options?: ReencryptThreadOptions,
  ): Promise<ReencryptThreadReport | undefined> {
    const onProgress = progressOf(options);
    return this.runWithKeys(
      { operation: "reencrypt", threadId },
      (context) => reencrypt(context, threadId, onProgress),
      optionalSignal(options),
      (report) => report?.rewritten ?? 0,
    );
  }

  /**
   * Removes old checkpoints of threads, with their pending writes and all chunks that nothing else uses; by default all but the
   * newest one of each namespace. What a kept checkpoint needs stays: its pending writes, and the ancestors that its delta
   * channels are read from.
   *
   * A thread is pruned in portions of some milliseconds, each an atomic step. Others may read and write it meanwhile.
   *
   * @returns how many checkpoints were removed.
   * @throws {InvalidInputError} when an option cannot be used.
   * @throws {CorruptRecordError} when the newest checkpoint of a namespace is damaged: the older ones stay.
   *
   * @example
   * ```ts
   * await checkpointer.prune(["conversation-1"]); // all but the newest checkpoint of each namespace
   * await checkpointer.prune(["conversation-1"], { keepLast: 10, olderThan: 60 * 24 }); // of what is older than a day
   * await checkpointer.prune(["conversation-1"], { checkpointId: "1f0c5d4e-6b7a-6f00-8000-000000000000" });
   * ```
   */
  async prune(threadIds: string[], options?: PruneOptions): Promise<number> {
    return this.run(
      { operation: "prune" },
      (context) => prune(context, threadIds, options),
      optionalSignal(options),
    );
  }

  /**
   * Removes the checkpoints that some runs made, in whatever threads. A run is known by the `run_id` in the config's
   * `configurable` or metadata, or in the checkpoint's metadata. A checkpoint that the delta channels of one of another
   * run are read from stays, and is found again later. Threads are worked on in portions, as by {@link prune}.
   *
   * @returns how many checkpoints were removed.
   */
  async deleteForRuns(runIds: string[], options?: AbortOptions): Promise<number> {
    return this.run(
      { operation: "deleteForRuns" },
      (context) => deleteForRuns(context, runIds),
      signalOf(options, "deleteForRuns"),
    );
  }

  /**
   * Lets a thread expire so many minutes from now, and from each later write; instead of the saver's `ttl`.
   *
   * @param minutes fractions are allowed.
   * @returns false when there is no such thread.
   * @throws {InvalidInputError} when the minutes are not a positive number.
   */
  async expire(threadId: string, minutes: number, options?: AbortOptions): Promise<boolean> {
    return this.run(
      { operation: "expire", threadId },
      (context) => expire(context, threadId, toMilliseconds(minutes, "minutes")),
      signalOf(options, "expire"),
    );
  }

  /** Lets a thread live for ever, whatever the saver's `ttl`. @returns false when there is no such thread. */
  async persist(threadId: string, options?: AbortOptions): Promise<boolean> {
    return this.run(
      { operation: "persist", threadId },
      (context) => expire(context, threadId, 0),
      signalOf(options, "persist"),
    );
  }

  /**
   * How much a thread holds.
   *
   * @returns undefined when there is no such thread.
   * @throws {CorruptRecordError} when a part of the thread was lost.
   *
   * @example
   * ```ts
   * const stats = await checkpointer.threadStats("conversation-1");
   * if (stats?.bytes !== undefined && stats.bytes > 10_000_000) await checkpointer.prune(["conversation-1"]);
   * ```
   */
  async threadStats(threadId: string, options?: AbortOptions): Promise<ThreadStats | undefined> {
    return this.run(
      { operation: "threadStats", threadId },
      (context) => threadStats(context, threadId),
      signalOf(options, "threadStats"),
      (found) => (found ? 1 : 0),
    );
  }

  /**
   * The threads that were written last, newest first; or those that were created last. A thread is listed from its first write
   * on, be it pending writes, until it is deleted or expires.
   *
   * @example
   * ```ts
   * const page = await checkpointer.listThreads({ limit: 20 });
   * const next = await checkpointer.listThreads({ limit: 20, before: page.at(-1) });
   * ```
   */
  async listThreads(options?: ListThreadsOptions): Promise<ThreadInfo[]> {
    return this.run(
      { operation: "listThreads" },
      (context) => listThreads(context, options),
      optionalSignal(options),
    );
  }

  /** As {@link run}, for what reads or writes contents: first the keys are fetched, where functions give them. */
  private runWithKeys<T>(
    operation: OperationContext,
    work: (context: SaverContext) => T | Promise<T>,
    signal: AbortSignal | undefined,
    countResults?: (value: T) => number,
  ): Promise<T> {
    const withKeys = (context: SaverContext) => {
      const fetching = fetchKeys(context, signal);
      return fetching ? fetching.then(() => work(context)) : work(context);
    };
    return this.run(operation, withKeys, signal, countResults);
  }

  /** Runs an operation, which works with the context that it is given: the signal aborts what it sends. */
  private run<T>(
    operation: OperationContext,
    work: (context: SaverContext) => T | Promise<T>,
    signal: AbortSignal | undefined,
    countResults?: (value: T) => number,
  ): Promise<T> {
    const within = () => work(abortableContext(this.context, signal));
    return this.operations.run(operation, within, signal, countResults);
  }
}

/** Under this name the connection is among the options that the saver is to close. */
const OWNED = Symbol("owned");
/** Under this one its keys, which were copied when the options were given. */
const KEYRING = Symbol("keyring");

// Outside the class: bundlers rename a class that mentions itself.
async function open(
  options: RedisSaverOptions & ConnectOptions,
  connect: () => Promise<ManagedConnection>,
): Promise<RedisSaver> {
  // What cannot be used is refused before anything is connected.
  const { keyring } = readOptions(options, true);
  const { tls: _, onConnectionEvent: __, ...own } = options;
  const owned = await connect();
  try {
    await keyring?.ready();
    const known: RedisSaverOptions & { client: RedisClient } = { ...own, client: owned.connection };
    return new RedisSaver(Object.assign(known, { [OWNED]: owned, [KEYRING]: keyring }));
  } catch (error) {
    await owned.close();
    throw error;
  }
}
