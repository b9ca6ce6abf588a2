import { BaseStore, type Operation, type OperationResults } from "@langchain/langgraph-checkpoint";
import { connectCluster, connectSentinel, connectUrl, type ManagedConnection } from "../redis/connect.js";
import { OperationTracker } from "../redis/operation-tracker.js";
import type { ClusterRootNodes, ConnectOptions, SentinelGroup } from "../redis/options.js";
import { StoreContext } from "./context.js";
import {
  parseDeleteNamespace,
  parseDeleteWhere,
  parseItemName,
  parseIterate,
  parseNamespaces,
  parseReencrypt,
  parseReindexOptions,
  toListOperation,
  toPutOperation,
  toSearchOperation,
} from "./method-options.js";
import { type ConstructorOptions, openStore, resolveConstructorOptions } from "./open-store.js";
import { contextOfBatch, countBatch, countBatchResults, putItem, runBatch } from "./operations/batch.js";
import { countVectors } from "./operations/count-vectors.js";
import { deleteNamespace } from "./operations/delete-namespace.js";
import { deleteWhere } from "./operations/delete-where.js";
import { inspectIndex } from "./operations/inspect-index.js";
import { iterateItems } from "./operations/iterate.js";
import { reencrypt } from "./operations/reencrypt.js";
import { reindex } from "./operations/reindex.js";
import { stats } from "./operations/stats.js";
import { sizesOf } from "./operations/visit-items.js";
import type { RedisStoreOptions } from "./options.js";
import { type BatchOperation, parseBatch } from "./requests.js";
import type {
  DeleteNamespaceOptions,
  DeleteWhereOptions,
  ItemValue,
  IterateOptions,
  ListNamespacesOptions,
  RedisItem,
  RedisPutOptions,
  RedisSearchItem,
  RedisSearchOptions,
  ReencryptItemsOptions,
  ReencryptItemsReport,
  ReindexOptions,
  ReindexReport,
  StoredIndexInfo,
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
  private readonly context: StoreContext;
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
  constructor(options: ConstructorOptions) {
    super();
    const { connection, settings, commandTimeout, owned } = resolveConstructorOptions(options);
    this.context = new StoreContext(connection, settings);
    this.operations = new OperationTracker(commandTimeout, {
      component: "store",
      keyPrefix: settings.keyPrefix,
      server: connection.server,
    });
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
   * @throws {EncryptionError} when a key cannot be fetched, or the items are encrypted and this store has no keys, or the other
   * way round.
   */
  async setup(): Promise<void> {
    await this.operations.run({ operation: "setup" }, async () => {
      await this.context.keysReady();
      await this.context.activeIndex();
    });
  }

  /** Which engine answers searches: `"search"` or `"core"`; `undefined` before the first use. */
  get engine(): "search" | "core" | undefined {
    return this.context.engineName;
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
   * Does many operations at once, in one round trip where they need no more: in two where reads can see writes, which
   * are sent in parts when they are many. All texts are embedded in one call.
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
    const requests = parseBatch(operations, this.context.settings);
    return this.operations.track(
      contextOfBatch(requests),
      () => runBatch(this.context, requests),
      (results) => countBatchResults(requests, results),
      () => countBatch(requests),
    );
  }

  /**
   * An item by its key; `null` when there is none.
   *
   * @typeParam V What the value is, for the compiler: it is not checked.
   *
   * @example
   * ```ts
   * interface Profile {
   *   name: string;
   *   visits: number;
   * }
   * const item = await store.get<Profile>(["profiles"], "bob");
   * console.log(item?.value.name, item?.expiresAt);
   * ```
   */
  override async get<V extends ItemValue = ItemValue>(
    namespace: string[],
    key: string,
  ): Promise<RedisItem<V> | null> {
    const [item] = await this.batch([{ namespace, key }] as const);
    return item as RedisItem<V> | null;
  }

  /**
   * Items in a namespace or below it: with a query the best ones first, without the newest.
   *
   * @param namespacePrefix `[]` for the whole store. `["users", "1"]` is exactly that path, and not `["users", "10"]`.
   * @param options `limit` is 10 unless given. `score` of the results is a similarity for `mode: "vector"`, a BM25
   * score for `"text"`, a sum of reciprocal ranks for `"hybrid"`; higher is better.
   * @typeParam V What the values are, for the compiler: they are not checked.
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
  override async search<V extends ItemValue = ItemValue>(
    namespacePrefix: string[],
    options: RedisSearchOptions = {},
  ): Promise<RedisSearchItem<V>[]> {
    const [found] = await this.batch([toSearchOperation(namespacePrefix, options)] as const);
    return found as RedisSearchItem<V>[];
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
    await this.batch([toPutOperation(namespace, key, value, options)] as const);
  }

  /**
   * As {@link put}, and tells what it has stored: for a next put that is to happen only if nobody else has put meanwhile.
   *
   * @returns the item as a `get` right after it would read it. It shares nothing with the value that was given.
   *
   * @example
   * ```ts
   * const first = await store.putItem(["counters"], "visits", { n: 1 }, { ifAbsent: true });
   * await store.putItem(["counters"], "visits", { n: first.value.n + 1 }, { ifVersion: first.version });
   * ```
   * @throws as {@link put}.
   */
  async putItem<V extends ItemValue>(
    namespace: string[],
    key: string,
    value: V,
    options?: false | string[] | RedisPutOptions,
  ): Promise<RedisItem<V>> {
    const operations = [toPutOperation(namespace, key, value, options)] as const;
    const [put] = parseBatch(operations, this.context.settings) as [BatchOperation];
    return this.operations.track(contextOfBatch([put]), () => putItem(this.context, put)) as Promise<
      RedisItem<V>
    >;
  }

  /** Deletes an item with all of its vectors. It is no error when there is none. */
  override async delete(namespace: string[], key: string): Promise<void> {
    await this.batch([{ namespace, key, value: null }] as const);
  }

  /** The namespaces that hold items, in a fixed order. */
  override async listNamespaces(options: ListNamespacesOptions = {}): Promise<string[][]> {
    const [namespaces] = await this.batch([toListOperation(options)] as const);
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
    const { namespace, batchSize, onProgress } = parseDeleteNamespace(path, options);
    return this.operations.run({ operation: "deleteNamespace", namespace }, () =>
      deleteNamespace(this.context, namespace, batchSize, onProgress),
    );
  }

  /**
   * Deletes the items in a namespace and below it that match a filter, in steps that do not block the server for long.
   * Each item is deleted as it was when it was looked at: one that is put again meanwhile is looked at again, and what
   * is put after it was looked at stays. Looks at all items under the path, without the index. When it was interrupted,
   * call it again: what it has deleted is gone.
   *
   * @param path `[]` for the whole store.
   * @param filter As in a search; it has to ask for something.
   * @returns how many items were deleted.
   * @throws {FilterError} when the filter cannot be read; {@link InvalidInputError} when it asks for nothing.
   *
   * @example
   * ```ts
   * await store.deleteWhere(["memories"], { $or: [{ confidence: { $lt: 0.2 } }, { source: "import" }] });
   * ```
   */
  async deleteWhere(
    path: string[],
    filter: Record<string, unknown>,
    options: DeleteWhereOptions = {},
  ): Promise<number> {
    const asked = parseDeleteWhere(path, filter, options);
    return this.operations.run({ operation: "deleteWhere", namespace: asked.namespace }, () =>
      deleteWhere(this.context, asked),
    );
  }

  /**
   * All items in a namespace and below it, or those that match a filter, by namespace, then by key. An item that is there all
   * the time comes exactly once, whatever others put, delete or let expire meanwhile; each as it is when it is read, some
   * at a time. Goes without the index, and starts no time to live again.
   *
   * @param path `[]` for the whole store.
   * @typeParam V What the values are, for the compiler: they are not checked.
   *
   * @example
   * ```ts
   * let last: { namespace: string[]; key: string } | undefined; // keep it somewhere, to go on there another time
   * for await (const item of store.iterate(["memories"], { filter: { kind: "fact" }, after: last })) {
   *   console.log(item.namespace, item.key, item.value);
   *   last = { namespace: item.namespace, key: item.key };
   * }
   * ```
   * @throws {FilterError} when the filter cannot be read.
   */
  iterate<V extends ItemValue = ItemValue>(
    path: string[],
    options: IterateOptions = {},
  ): AsyncGenerator<RedisItem<V>> {
    const asked = parseIterate(path, options);
    const items = iterateItems(this.context, asked) as AsyncGenerator<RedisItem<V>>;
    return this.operations.iterate({ operation: "iterate", namespace: asked.namespace }, items);
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
    const asked = parseReindexOptions(options);
    const run = () => reindex(this.context, asked);
    return this.operations.run({ operation: "reindex" }, run, undefined, ({ items }) => items);
  }

  /**
   * Encrypts all items in a namespace and below it with the current key that are encrypted with another one, or not at all,
   * and lets them be found by its digests. Versions, times and vectors stay. When it was interrupted, call it again: it goes
   * on with what is left.
   *
   * With `[]`, for a store from before encryption: from then on nobody puts without encryption, nor opens the store without
   * keys, and `allowPlaintext` is not needed any more.
   *
   * @param path `[]` for the whole store.
   * @throws {EncryptionError} when an item cannot be read; it is named, and all before it are done. {@link InvalidInputError}
   * when the store has no option `encryption`.
   *
   * @example
   * ```ts
   * const { items, rewritten } = await store.reencrypt([], { onProgress: console.log });
   * ```
   */
  async reencrypt(path: string[], options: ReencryptItemsOptions = {}): Promise<ReencryptItemsReport> {
    const asked = parseReencrypt(path, options);
    const context = { operation: "reencrypt", namespace: asked.namespace };
    const run = () => reencrypt(this.context, asked);
    return this.operations.run(context, run, undefined, ({ items }) => items);
  }

  /**
   * For what the index that serves was made, and how it is. Unlike other methods it does not prepare the index, and writes
   * nothing: a program that only looks, or one that is to open the store as it is, begins with it.
   *
   * @returns `undefined` when nothing was ever stored with this `keyPrefix`.
   *
   * @example
   * ```ts
   * const index = await store.inspectIndex();
   * console.log(index?.dims, index?.model, index?.search?.exists);
   * ```
   */
  async inspectIndex(): Promise<StoredIndexInfo | undefined> {
    return this.operations.run({ operation: "inspectIndex" }, () => inspectIndex(this.context));
  }

  /**
   * How many items each of these namespaces holds itself, without those of namespaces below it. Items that have just
   * expired may be counted.
   *
   * @example
   * ```ts
   * const namespaces = await store.listNamespaces({ prefix: ["memories"] });
   * const counts = await store.countItems(namespaces); // in the same order
   * ```
   */
  async countItems(namespaces: string[][]): Promise<number[]> {
    const asked = parseNamespaces(namespaces);
    return this.operations.run({ operation: "countItems" }, () => sizesOf(this.context, asked));
  }

  /**
   * How many vectors an item has, for the index that it was written for last: one for each text of it that was embedded. 0 when
   * there is no such item.
   *
   * @example
   * ```ts
   * console.log(await store.countVectors(["memories", "user-1"], "food"));
   * ```
   */
  async countVectors(namespace: string[], key: string): Promise<number> {
    const asked = parseItemName(namespace, key);
    return this.operations.run({ operation: "countVectors", ...asked }, () =>
      countVectors(this.context, asked.namespace, asked.key),
    );
  }

  /** How much the store holds, and how its index is. Costs grow with namespaces. */
  async stats(): Promise<StoreStats> {
    return this.operations.run({ operation: "stats" }, () => stats(this.context));
  }
}

// Outside the class: bundlers rename a class that mentions itself.
function open(
  options: RedisStoreOptions & ConnectOptions,
  connect: (options: ConnectOptions) => Promise<ManagedConnection>,
): Promise<RedisStore> {
  return openStore(options, connect, async (own) => {
    const store = new RedisStore(own);
    await store.setup();
    return store;
  });
}
