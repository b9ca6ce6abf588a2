import { BaseCache, type CacheFullKey, type CacheNamespace } from "@langchain/langgraph-checkpoint";
import type { LangGraphRedisError, OperationContext } from "../errors.js";
import { connectCluster, connectSentinel, connectUrl, type ManagedConnection } from "../redis/connect.js";
import { createConnection, type RedisClient, requireOptions } from "../redis/connection.js";
import { toOperationError } from "../redis/operation-error.js";
import { OperationTracker } from "../redis/operation-tracker.js";
import type { ClusterRootNodes, ConnectOptions, SentinelGroup } from "../redis/options.js";
import { checkEntries, checkKeys, checkNamespaces } from "./arguments.js";
import type { CacheContext, ReportFailure } from "./context.js";
import { createEntryCodec } from "./entry-codec.js";
import { CacheFailures } from "./failures.js";
import { CacheKeys } from "./keys.js";
import { clearAll, clearNamespaces } from "./operations/clear.js";
import { get } from "./operations/get.js";
import { serialize, set } from "./operations/set.js";
import { type CacheSettings, type RedisCacheOptions, readOptions } from "./options.js";

/**
 * Remembers what nodes and tasks with a `cachePolicy` returned: one that is called again with the same input is not run
 * again, in any process.
 *
 * A cache that fails costs no more than the nodes that run again: a `get` that Redis fails finds nothing, a `set` stores nothing,
 * and the option `onError` is told. Only `clear` rejects, and what is called in a wrong way.
 *
 * It needs core commands only, of Redis 6.2 or later, Valkey, or what is compatible with them.
 *
 * @example
 * ```ts
 * const cache = await RedisCache.fromConnString("redis://localhost:6379", { ttl: 24 * 60 * 60 }); // seconds
 * const graph = builder
 *   .addNode("summarize", ({ messages }) => ({ messages: messages.at(-1)?.text }), { cachePolicy: { ttl: 600 } })
 *   .compile({ cache });
 * ```
 */
export class RedisCache<V = unknown> extends BaseCache<V> {
  private readonly context: CacheContext;
  /** Milliseconds; `undefined` for never. */
  private readonly ttl: number | undefined;
  private readonly failures: CacheFailures;
  private readonly operations: OperationTracker;
  private readonly owned: ManagedConnection | undefined;

  /**
   * Uses a connected client, which stays yours: it is neither configured nor closed here. It is what `createClient`,
   * `createClientPool`, `createCluster` or `createSentinel` of node-redis 5.8 or later return, or an ioredis client through
   * `fromIoredis`.
   *
   * @throws {InvalidInputError} when an option cannot be used, or the client was created with a `keyPrefix`.
   */
  constructor(options: RedisCacheOptions & { client: RedisClient }) {
    requireOptions(options, "RedisCache");
    const opened: Opened | undefined = Reflect.get(options, OPENED);
    const settings = opened?.settings ?? readOptions(options, false);
    const { serde, ttl, keyPrefix, onError, commandTimeout } = settings;
    super(serde);
    this.ttl = ttl;
    const connection = createConnection(options.client, commandTimeout);
    this.context = {
      connection,
      keys: new CacheKeys(keyPrefix),
      serde,
      entries: createEntryCodec(settings.keyring),
    };
    this.failures = new CacheFailures(onError);
    this.operations = new OperationTracker(commandTimeout, {
      component: "cache",
      keyPrefix,
      server: connection.server,
    });
    this.owned = opened?.owned;
  }

  /**
   * Connects to a Redis server. The connection belongs to the cache: close it with {@link stop}.
   *
   * @param uri `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS.
   * @throws {InvalidInputError} when the address or an option cannot be used; {@link OperationError} when the server
   * cannot be reached.
   */
  static fromConnString(uri: string, options: RedisCacheOptions & ConnectOptions = {}): Promise<RedisCache> {
    return open(options, (connectOptions) => connectUrl(uri, connectOptions));
  }

  /**
   * Connects to a Redis Cluster. The connections belong to the cache: close them with {@link stop}.
   *
   * @param rootNodes some of its nodes, by URL; the others are learned from them. User, password and TLS of the first
   * one are used for all.
   * @throws as {@link fromConnString}.
   */
  static fromCluster(
    rootNodes: ClusterRootNodes,
    options: RedisCacheOptions & ConnectOptions = {},
  ): Promise<RedisCache> {
    return open(options, (connectOptions) => connectCluster(rootNodes, connectOptions));
  }

  /**
   * Connects to the master of a group that is watched by Redis Sentinel, and after a failover to the new one. The
   * connections belong to the cache: close them with {@link stop}.
   *
   * @throws as {@link fromConnString}.
   */
  static fromSentinel(
    group: SentinelGroup,
    options: RedisCacheOptions & ConnectOptions = {},
  ): Promise<RedisCache> {
    return open(options, (connectOptions) => connectSentinel(group, connectOptions));
  }

  /**
   * Finishes the operations that were called before, then closes the connection, if it is the cache's own. What is called
   * later fails: a `get` finds nothing, a `set` stores nothing, and `onError` is told. Stopping twice is no error.
   *
   * @example
   * ```ts
   * await using cache = await RedisCache.fromConnString("redis://localhost:6379"); // stopped with its block
   * ```
   */
  async stop(): Promise<void> {
    await this.operations.close();
    await this.owned?.close();
  }

  /** The same as {@link stop}, by the name that checkpointers have for it. */
  end(): Promise<void> {
    return this.stop();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /**
   * The entries that there are, in the order of their keys; in one round trip. What cannot be read is a miss, of which
   * `onError` is told.
   *
   * @throws {InvalidInputError} when a key is none.
   * @throws what `onError` throws.
   */
  override async get(keys: CacheFullKey[]): Promise<{ key: CacheFullKey; value: V }[]> {
    const wanted = checkKeys(keys);
    if (wanted.length === 0 || this.failures.isPaused) return [];
    const report: ReportFailure = (error) => this.failures.report(error);
    const found = await this.attempt(
      contextOf("get", wanted),
      (context, collect) => get(context, wanted, collect),
      report,
      (entries) => entries.length,
    );
    return (found ?? []) as { key: CacheFullKey; value: V }[];
  }

  /**
   * Stores entries, in one round trip; of several of one key the last. What cannot be stored is left out, and `onError` is
   * told. Values are read at the call: what is changed in them afterwards is not stored.
   *
   * @param pairs `ttl` in seconds (default: the option `ttl`); what is not positive has expired already, `Infinity` is for ever.
   * What is no number is a failure of its entry, since a policy's comes here from a graph that does not wait.
   * @throws {InvalidInputError} when a key is none. Nothing was stored then.
   */
  override async set(pairs: { key: CacheFullKey; value: V; ttl?: number }[]): Promise<void> {
    const { entries, refused } = checkEntries(pairs, this.ttl);
    const report: ReportFailure = (error) => this.failures.reportAside(error);
    for (const error of refused) report(error);
    if (entries.length === 0 || this.failures.isPaused) return;
    const serialized = serialize(this.context, entries);
    await this.attempt(
      contextOf(
        "set",
        entries.map(({ key }) => key),
      ),
      (context, collect) => set(context, serialized, collect),
      report,
      () => entries.length,
    );
  }

  /**
   * Removes all entries of namespaces, each exactly as it is named, or of all namespaces when the list is empty. The
   * time that it takes does not depend on the number of entries. What others set meanwhile may stay.
   *
   * LangGraph's own namespaces are those of the graph's cached nodes.
   *
   * @throws {InvalidInputError} when a namespace is none; {@link OperationError} when Redis fails.
   *
   * @example
   * ```ts
   * await cache.clear([]); // of this keyPrefix
   * ```
   */
  override async clear(namespaces: CacheNamespace[]): Promise<void> {
    const named = checkNamespaces(namespaces);
    await this.operations.run({ operation: "clear" }, () =>
      named.length > 0 ? clearNamespaces(this.context, named) : clearAll(this.context),
    );
    this.failures.recovered();
  }

  /**
   * Runs what must not fail: whatever goes wrong is reported. Parts that failed are told of when all have come to their end, and
   * make it an operation that failed for those who observe it.
   */
  private async attempt<T>(
    context: OperationContext,
    work: (context: CacheContext, report: ReportFailure) => Promise<T>,
    report: ReportFailure,
    count: (value: T) => number,
  ): Promise<T | undefined> {
    const failures: LangGraphRedisError[] = [];
    let result: T | undefined;
    const workOrFail = async () => {
      result = await work(this.context, (error) => failures.push(error));
      if (failures[0]) throw failures[0];
      return result;
    };
    try {
      await this.operations.run(context, workOrFail, undefined, count);
    } catch (error) {
      if (error !== failures[0]) failures.push(toOperationError(context, error) as LangGraphRedisError);
    }
    for (const failure of failures) report(failure);
    return result;
  }
}

/** What a cache that was opened with its connection has. */
interface Opened {
  readonly owned: ManagedConnection;
  readonly settings: CacheSettings;
}

/** The name under which {@link Opened} is among the options of the constructor. */
const OPENED = Symbol("opened");

/** The operation on these keys; of which namespace, if it is only one. */
function contextOf(operation: string, keys: readonly CacheFullKey[]): OperationContext {
  const [first] = keys;
  return first && keys.length === 1 ? { operation, namespace: first[0] } : { operation };
}

// Outside the class: bundlers rename a class that mentions itself.
async function open(
  options: RedisCacheOptions & ConnectOptions,
  connect: (options: ConnectOptions) => Promise<ManagedConnection>,
): Promise<RedisCache> {
  // What cannot be used is refused before anything is connected, and what changes later changes nothing.
  const settings = readOptions(options, true);
  const { commandTimeout } = settings;
  const { tls, onConnectionEvent } = options;
  await settings.keyring?.ready();
  const owned = await connect({ commandTimeout, tls, onConnectionEvent });
  try {
    const opened: Opened = { owned, settings };
    return new RedisCache(Object.assign({ client: owned.connection }, { [OPENED]: opened }));
  } catch (error) {
    await owned.close();
    throw error;
  }
}
