import {
  BaseStore,
  type MatchCondition,
  type Operation,
  type OperationResults,
} from "@langchain/langgraph-checkpoint";
import { quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { connectCluster, connectSentinel, connectUrl, type ManagedConnection } from "../redis/connect.js";
import { createConnection, type RedisClient, requireOptions } from "../redis/connection.js";
import { checkKnownOptions } from "../redis/known-options.js";
import { OperationTracker } from "../redis/operation-tracker.js";
import type { ClusterRootNodes, ConnectOptions, SentinelGroup, TimeoutOptions } from "../redis/options.js";
import { readArguments, readCallback } from "./arguments.js";
import { Backend } from "./context.js";
import type { ItemValue } from "./items/value.js";
import { LIST_NAMESPACES_OPTIONS, PUT_OPTIONS, SEARCH_OPTIONS } from "./known-options.js";
import { checkPath } from "./namespaces/encoding.js";
import { namespacesUnder } from "./namespaces/registry.js";
import { contextOfBatch, runBatch } from "./operations/batch.js";
import {
  DELETE_NAMESPACE_OPTIONS,
  type DeleteNamespaceOptions,
  deleteUnder,
} from "./operations/delete-namespace.js";
import { REINDEX_OPTIONS, Reindexer, type ReindexOptions, type ReindexReport } from "./operations/reindex.js";
import {
  flag,
  OPEN_OPTIONS,
  positiveInteger,
  type RedisStoreOptions,
  readOptions,
  STORE_OPTIONS,
  type StoreSettings,
} from "./options.js";
import { runPlan } from "./pipeline.js";
import { readBatch } from "./requests.js";
import type {
  ListNamespacesOptions,
  RedisItem,
  RedisPutOptions,
  RedisSearchItem,
  RedisSearchOptions,
  StoreOperation,
  StoreResults,
  StoreStats,
} from "./types.js";

/**
 * Long-term memory for LangGraph on Redis: items in namespaces, found by key, by filter and by meaning.
 *
 * The search index is prepared at the first use, or by {@link setup}. Every method rejects with a subclass of
 * `LangGraphRedisError`, or with LangGraph's `InvalidNamespaceError`.
 *
 * @example
 * ```ts
 * const store = await RedisStore.fromConnString("redis://localhost:6379", {
 *   index: { dims: 1536, embeddings: new OpenAIEmbeddings({ model: "text-embedding-3-small" }) },
 * });
 * await store.put(["memories", "user-1"], "name", { text: "The user's name is Bob." });
 * const [best] = await store.search(["memories", "user-1"], { query: "what is my name?", limit: 1 });
 * console.log(best?.value.text, best?.score);
 * await store.stop();
 * ```
 */
export class RedisStore extends BaseStore {
  private readonly backend: Backend;
  private readonly operations: OperationTracker;
  private readonly owned: ManagedConnection | undefined;

  /**
   * A store on a connected client, which stays yours: it is neither configured nor connected nor closed here.
   *
   * @example
   * ```ts
   * const client = createClient({ url: "redis://localhost:6379" });
   * client.on("error", console.error); // without a listener a broken connection ends the process
   * await client.connect();
   * const store = new RedisStore({ client });
   * ```
   * @throws {InvalidInputError} when an option cannot be used, or the client was created with a `keyPrefix`.
   */
  constructor(options: RedisStoreOptions & TimeoutOptions & { client: RedisClient }) {
    super();
    const { connection, settings, commandTimeout, owned } = readArguments("the options of RedisStore", () => {
      requireOptions(options, "RedisStore");
      checkKnownOptions(options, STORE_OPTIONS, "RedisStore");
      const { client, commandTimeout } = options;
      const opened: Opened | undefined = Reflect.get(options, OPENED);
      return {
        connection: createConnection(client, commandTimeout),
        settings: opened?.settings ?? readOptions(options),
        commandTimeout,
        owned: opened?.owned,
      };
    });
    this.backend = new Backend(connection, settings);
    this.operations = new OperationTracker(commandTimeout);
    this.owned = owned;
  }

  /**
   * Connects to a Redis server and prepares the index. The connection belongs to the store: close it with {@link stop}.
   *
   * @param uri `redis://[[user]:password@]host[:port][/database]`, or `rediss://` for TLS.
   * @throws {InvalidInputError} when the address or an option cannot be used; {@link IndexMismatchError} when the
   * stored index was made for another configuration; {@link OperationError} when the server cannot be reached.
   */
  static fromConnString(uri: string, options: RedisStoreOptions & ConnectOptions = {}): Promise<RedisStore> {
    return open(options, (copy) => connectUrl(uri, copy));
  }

  /** As {@link fromConnString}, for a Redis Cluster: some of its nodes are enough, the others are found. */
  static fromCluster(
    rootNodes: ClusterRootNodes,
    options: RedisStoreOptions & ConnectOptions = {},
  ): Promise<RedisStore> {
    return open(options, (copy) => connectCluster(rootNodes, copy));
  }

  /** As {@link fromConnString}, for the master of a group that Redis Sentinel watches. */
  static fromSentinel(
    group: SentinelGroup,
    options: RedisStoreOptions & ConnectOptions = {},
  ): Promise<RedisStore> {
    return open(options, (copy) => connectSentinel(group, copy));
  }

  /**
   * Prepares the index, and waits until it knows all items. Safe to call again, and by many processes at once; what
   * is used without it does it first.
   *
   * @throws {IndexMismatchError} when the stored index was made for another configuration; nothing was written.
   * @throws {EngineUnavailableError} when the server has no search engine and the options ask for it.
   */
  async setup(): Promise<void> {
    await this.operations.run({ operation: "setup" }, () => this.backend.ready());
  }

  /** Which engine answers searches: `"search"` or `"core"`; `undefined` before the first use. */
  get engine(): "search" | "core" | undefined {
    return this.backend.engineName;
  }

  /** Calls {@link setup}. */
  override async start(): Promise<void> {
    await this.setup();
  }

  /**
   * Finishes the operations that were called before, then closes the connection, if it is the store's own. Operations
   * that are called later are refused. Stopping twice is no error.
   *
   * Operations of which none comes to its end within `commandTimeout` (10 seconds where that is 0) are given up.
   *
   * @example
   * ```ts
   * await using store = await RedisStore.fromConnString("redis://localhost:6379"); // stopped with its block
   * ```
   */
  override async stop(): Promise<void> {
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
   * Does many operations at once, in one round trip where they need no more: at most two for reads and writes
   * together. All texts are embedded in one call.
   *
   * Reads see the store as it was before the batch. Of several writes of one item the last
   * that can be done counts.
   *
   * @throws the operation's own error when there is only one; {@link BatchError}, which lists those that failed, when
   * there are more: then all others were done.
   *
   * @example
   * ```ts
   * const [profile, memories] = await store.batch([
   *   { namespace: ["users"], key: "user-1" },
   *   { namespacePrefix: ["memories", "user-1"], query: "food", limit: 3 },
   *   { namespace: ["visits"], key: "user-1", value: { at: "2026-01-01" }, ttl: 60 },
   * ]);
   * ```
   */
  override async batch<const Ops extends readonly StoreOperation[]>(
    operations: Ops,
  ): Promise<StoreResults<Ops>>;
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>>;
  override async batch(operations: readonly StoreOperation[]): Promise<unknown> {
    const requests = readBatch(operations, this.backend.settings);
    return this.operations.track(contextOfBatch(requests), () => runBatch(this.backend, requests));
  }

  /** An item by its key; `null` when there is none. */
  override async get(namespace: string[], key: string): Promise<RedisItem | null> {
    const [item] = await this.batch([{ namespace, key }] as const);
    return item;
  }

  /**
   * Items in a namespace or below it: with a query the best ones first, without the newest.
   *
   * @param namespacePrefix `[]` for the whole store. `["users", "1"]` is exactly that path, and not `["users", "10"]`.
   * @param options `limit` is 10 unless given. `score` of the results is a similarity for `mode: "vector"`, a BM25
   * score for `"text"`, a sum of reciprocal ranks for `"hybrid"`; higher is better.
   *
   * @example
   * ```ts
   * const found = await store.search(["memories", "user-1"], {
   *   query: "what does the user eat?",
   *   filter: { kind: "preference", confidence: { $gte: 0.5 } },
   *   limit: 5,
   * });
   * ```
   * @throws {FilterError} when the filter cannot be read; {@link EmbeddingError} when the model fails.
   */
  override async search(
    namespacePrefix: string[],
    options: RedisSearchOptions = {},
  ): Promise<RedisSearchItem[]> {
    const operation = readArguments("the options of search", () => {
      checkKnownOptions(options, SEARCH_OPTIONS, "search");
      return { ...options, namespacePrefix };
    });
    const [found] = await this.batch([operation] as const);
    return found;
  }

  /**
   * Stores an item, or replaces it with all of its vectors.
   *
   * @param value A JSON object. Items that are read back share nothing with it.
   * @param options The fields to embed, `false` for none, or an object of options.
   *
   * @example
   * ```ts
   * await store.put(["memories", "user-1"], "food", { text: "Likes pizza." }, { ttl: 60 * 24 });
   *
   * const item = await store.get(["counters"], "visits");
   * if (item) await store.put(["counters"], "visits", { n: item.value.n + 1 }, { ifVersion: item.version });
   * ```
   * @throws {InvalidNamespaceError} when the namespace cannot be used; {@link InvalidInputError} when the value is no
   * JSON object; {@link EmbeddingError} when the model fails; {@link VersionConflictError} when the condition does not
   * hold. Nothing was written then.
   */
  override async put(
    namespace: string[],
    key: string,
    value: ItemValue,
    options?: false | string[] | RedisPutOptions,
  ): Promise<void> {
    const extras = readArguments("the options of put", () => {
      const given = options === false || Array.isArray(options) ? { index: options } : (options ?? {});
      checkKnownOptions(given, PUT_OPTIONS, "put");
      return { ...given };
    });
    // Only `delete` deletes: LangGraph's operation for it is a put of null.
    if (value === null) throw new InvalidInputError(`the value of item ${quote(key)} is null. Use delete().`);
    await this.batch([{ ...extras, namespace, key, value }] as const);
  }

  /** Deletes an item with all of its vectors. It is no error when there is none. */
  override async delete(namespace: string[], key: string): Promise<void> {
    await this.batch([{ namespace, key, value: null }] as const);
  }

  /** The namespaces that hold items, in a fixed order. */
  override async listNamespaces(options: ListNamespacesOptions = {}): Promise<string[][]> {
    const operation = readArguments("the options of listNamespaces", () => {
      checkKnownOptions(options, LIST_NAMESPACES_OPTIONS, "listNamespaces");
      const { prefix, suffix, maxDepth, limit = 100, offset = 0 } = options;
      const matchConditions: MatchCondition[] = [];
      if (prefix !== undefined && prefix !== null)
        matchConditions.push({ matchType: "prefix", path: prefix });
      if (suffix !== undefined && suffix !== null)
        matchConditions.push({ matchType: "suffix", path: suffix });
      return { matchConditions, maxDepth, limit, offset };
    });
    const [namespaces] = await this.batch([operation] as const);
    return namespaces;
  }

  /**
   * Deletes everything in a namespace and below it, in steps that do not block the server for long. What is put while
   * it runs stays.
   *
   * @returns how many items were deleted.
   * @throws {InvalidInputError} when the path is empty: the whole store is not deleted by a slip.
   *
   * @example
   * ```ts
   * await store.deleteNamespace(["memories", "user-1"]);
   * ```
   */
  async deleteNamespace(path: string[], options: DeleteNamespaceOptions = {}): Promise<number> {
    const { namespace, batchSize, onProgress } = readArguments("the arguments of deleteNamespace", () => {
      checkKnownOptions(options, DELETE_NAMESPACE_OPTIONS, "deleteNamespace");
      checkPath("path", path, { allowEmpty: true });
      if (path.length === 0) {
        throw new InvalidInputError(
          "deleteNamespace needs at least one label. List the namespaces to delete them all.",
        );
      }
      const { batchSize = 500, onProgress } = options;
      return {
        namespace: [...path],
        batchSize: positiveInteger("batchSize", batchSize),
        onProgress: readCallback("onProgress", onProgress),
      };
    });
    return this.operations.run({ operation: "deleteNamespace", namespace }, () =>
      deleteUnder(this.backend, namespace, batchSize, onProgress),
    );
  }

  /**
   * Builds the index that this store is configured for from the stored items, and switches to it: for other
   * dimensions, another model, or other settings of the index, which {@link setup} refuses. The old index serves until
   * the new one is complete. When it was interrupted, call it again: it goes on where it was.
   *
   * @example
   * ```ts
   * const store = new RedisStore({ client, index: { dims: 3072, embeddings: largerModel } });
   * const { items, undecodable } = await store.reindex({ onProgress: console.log });
   * ```
   * @throws {EmbeddingError} when the model fails; the old index serves on.
   */
  async reindex(options: ReindexOptions = {}): Promise<ReindexReport> {
    const asked = readArguments("the options of reindex", () => {
      checkKnownOptions(options, REINDEX_OPTIONS, "reindex");
      const { reembed = false, batchSize = 100, onProgress } = options;
      return {
        reembed: flag("reembed", reembed),
        batchSize: positiveInteger("batchSize", batchSize),
        onProgress: readCallback("onProgress", onProgress),
      };
    });
    return this.operations.run({ operation: "reindex" }, async () => {
      const engine = await this.backend.engine();
      const report = await new Reindexer(this.backend, engine, asked).run();
      this.backend.forget();
      await this.backend.ready();
      return report;
    });
  }

  /** How much the store holds, and how its index is. Costs grow with namespaces. */
  async stats(): Promise<StoreStats> {
    return this.operations.run({ operation: "stats" }, async () => {
      const { engine } = await this.backend.ready();
      const { connection, keys, settings } = this.backend;
      const namespaces = await runPlan(connection, namespacesUnder(keys, [], settings.limits));
      const { engineReason } = this.backend;
      return { engine: engine.name, engineReason, namespaces: namespaces.length, ...(await engine.stats()) };
    });
  }
}

/** What a store that was opened with its connection has. */
interface Opened {
  owned: ManagedConnection;
  settings: StoreSettings;
}

/** The name under which {@link Opened} is among the options. */
const OPENED = Symbol("opened");

// Outside the class: bundlers rename a class that mentions itself.
async function open(
  options: RedisStoreOptions & ConnectOptions,
  connect: (options: ConnectOptions) => Promise<ManagedConnection>,
): Promise<RedisStore> {
  // Before anything is connected: what cannot be used is refused, and what changes later changes nothing.
  const { settings, commandTimeout, tls } = readArguments("the options of RedisStore", () => {
    checkKnownOptions(options, OPEN_OPTIONS, "RedisStore");
    const { commandTimeout, tls } = options;
    return { settings: readOptions(options), commandTimeout, tls };
  });
  const owned = await connect({ commandTimeout, tls });
  try {
    const known: { client: RedisClient } & TimeoutOptions = { client: owned.connection, commandTimeout };
    const store = new RedisStore(Object.assign(known, { [OPENED]: { owned, settings } }));
    await store.setup();
    return store;
  } catch (error) {
    await owned.close();
    throw error;
  }
}
