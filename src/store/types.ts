import type {
  GetOperation,
  Item,
  ListNamespacesOperation,
  PutOperation,
  SearchOperation,
} from "@langchain/langgraph-checkpoint";

/** A value as an item holds it. */
// biome-ignore lint/suspicious/noExplicitAny: this is BaseStore's own type of an item's value
export type ItemValue = Record<string, any>;

/** How a query ranks items: by similarity of meaning, by words in common, or by both. */
export type SearchMode = "vector" | "text" | "hybrid";

/** What a listing, which is a search without a query, is ordered by. */
export type ListingOrder = "updatedAt" | "createdAt" | "key";

/** What a search sent to Redis. */
export interface SearchExplanation {
  /** The command, for example `FT.SEARCH`. */
  command: string;
  index: string;
  query: string;
  /** The values that the query refers to by `$name`. */
  params: Record<string, string | Buffer>;
}

/** Options of `search` that LangGraph's own has not. */
export interface SearchExtras {
  /** How the query ranks items (default `"vector"`; `"text"` for a store with an index of words only). */
  mode?: SearchMode;
  /** Items whose similarity is less are left out (default: the store's `index.minScore`). Not for `"text"`. */
  minScore?: number;
  /** For this search, in place of the store's `index.efRuntime`. */
  efRuntime?: number;
  /**
   * What items are ordered by without a query (default `"updatedAt"`); those of the same time by key, those of the same key
   * by namespace. Times of creation, and keys in several namespaces, cost a look at every item under the path.
   *
   * Keys and namespaces are ordered as Redis keys have them: letters, digits, `-` and `_` as in ASCII, all others before.
   */
  orderBy?: ListingOrder;
  /** `"desc"` (default for times) or `"asc"` (default for keys). One is exactly the reverse of the other. */
  order?: "asc" | "desc";
  /** Is told each query that is sent to a search engine. When it throws, the search fails with an {@link InvalidInputError}. */
  explain?: (sent: SearchExplanation) => unknown;
}

/** Options of `put` that LangGraph's own has not. */
export interface PutExtras {
  /** Minutes after which the item is gone; `null` for never (default: the store's `ttl.defaultTTL`). */
  ttl?: number | null;
  /** Put only if the stored item has this version; otherwise {@link VersionConflictError}. */
  ifVersion?: number;
  /** Put only if there is no item; otherwise {@link VersionConflictError}. */
  ifAbsent?: boolean;
}

export interface RedisSearchOperation extends SearchOperation, SearchExtras {}

export interface RedisPutOperation extends PutOperation, PutExtras {}

/** What `batch` takes: LangGraph's operations, with the extras of this store where they have some. */
export type StoreOperation =
  | GetOperation
  | RedisSearchOperation
  | RedisPutOperation
  | ListNamespacesOperation;

/** What an engine knows of what it searches. */
export interface EngineStats {
  /** Items that can be found. */
  items: number;
  /** Vectors of all items; an item can have several. */
  vectors: number;
  /** Bytes that the index takes in the server's memory, beside the documents; 0 when there is none. */
  indexBytes: number;
  /** Whether documents are still being added in the background. */
  indexing: boolean;
  /** Documents that the index could not take. */
  indexFailures: number;
}

/** How the distance of vectors is measured. Scores are similarities whatever it is: higher is better. */
export type Distance = "cosine" | "l2" | "ip";

/** Options of {@link RedisStore.search}. */
export interface RedisSearchOptions extends Omit<RedisSearchOperation, "namespacePrefix">, SearchExtras {}

/** Options of {@link RedisStore.put}. */
export interface RedisPutOptions extends PutExtras {
  /** The fields to embed for this item, or `false` for none (default: the store's `index.fields`). */
  index?: false | string[];
}

/** Options of {@link RedisStore.listNamespaces}. */
export interface ListNamespacesOptions {
  /** What namespaces begin with; `"*"` stands for any label. */
  prefix?: string[];
  /** What namespaces end with; `"*"` stands for any label. */
  suffix?: string[];
  /** Longer namespaces are cut to so many labels, and each result is listed once. */
  maxDepth?: number;
  /** How many are listed at most (default 100). */
  limit?: number;
  /** How many are passed over (default 0). */
  offset?: number;
}

/**
 * An item of a {@link RedisStore}.
 *
 * @typeParam V What its value is. It is not checked when it is read.
 */
export interface RedisItem<V extends ItemValue = ItemValue> extends Item {
  value: V;
  /**
   * Grows with every put of the item, also across a delete, so that equal versions mean an unchanged item. For
   * `put(..., { ifVersion })`; otherwise without meaning.
   */
  version: number;
  /** The moment at which it expires, as it was when the item was read; `undefined` for never. */
  expiresAt: Date | undefined;
}

/** A {@link RedisItem} found by a search. */
export interface RedisSearchItem<V extends ItemValue = ItemValue> extends RedisItem<V> {
  /** How well it fits the query; `undefined` without one. See {@link RedisStore.search}. */
  score?: number;
}

/** What {@link RedisStore.stats} tells. */
export interface StoreStats extends EngineStats {
  /** Which engine answers searches. */
  engine: "search" | "core";
  /** Why `engine: "auto"` took `"core"`, for example as the server has no search engine; otherwise `undefined`. */
  engineReason: string | undefined;
  /** Namespaces that hold items. */
  namespaces: number;
}

/** What a server with a search engine tells of an index. */
export type SearchIndexInfo =
  | { exists: false }
  | {
      exists: true;
      /** Items that it knows. */
      items: number;
      /** Vectors that it knows; an item can have several. */
      vectors: number;
      /** Whether documents are still being added in the background. */
      indexing: boolean;
      /** How much of that is done, from 0 to 1. */
      progress: number;
      /** Documents that it could not take. */
      failures: number;
      /** Bytes that it takes in the server's memory, beside the documents. */
      bytes: number;
      /** Documents among the store's own that the store did not write; a thousand when there are more. */
      foreignDocuments: number;
    };

/** What {@link RedisStore.inspectIndex} tells: for what the index that serves was made, and how it is. */
export interface StoredIndexInfo {
  /** Its name on the server. */
  name: string;
  /** Counts the indexes that {@link RedisStore.reindex} has built, one after the other. */
  generation: number;
  /** Dimensions of its vectors; `null` for an index without any. */
  dims: number | null;
  /** The name that the model was given; `null` when it has none. */
  model: string | null;
  distance: Distance | null;
  algorithm: "hnsw" | "flat" | null;
  m: number | null;
  efConstruction: number | null;
  /** Whether words are indexed. */
  text: boolean;
  numericFields: readonly string[];
  /** Whether all items are encrypted. */
  encrypted: boolean;
  /** Whether a {@link RedisStore.reindex} was begun and has not come to its end. */
  reindexing: boolean;
  /** The index itself; `undefined` where the engine `"core"` answers searches. */
  search: SearchIndexInfo | undefined;
}

/** How far a deletion has come. */
export interface DeleteProgress {
  /** Items deleted so far. */
  deleted: number;
  /** Namespaces emptied so far. */
  namespaces: number;
  /** Namespaces there were when it began. */
  totalNamespaces: number;
}

export interface DeleteNamespaceOptions {
  /** How many items of a namespace are deleted in one step (default 500). A step blocks the server while it runs. */
  batchSize?: number;
  /** Called after each round of steps. When it throws, the deletion ends there with an {@link InvalidInputError}. */
  onProgress?: (progress: DeleteProgress) => unknown;
}

/** How far {@link RedisStore.deleteWhere} has come. */
export interface DeleteWhereProgress {
  /** Items deleted so far. */
  deleted: number;
  /** Items looked at so far. */
  visited: number;
  /** Items there were under the path when it began. */
  total: number;
}

/** Options of {@link RedisStore.deleteWhere}. */
export interface DeleteWhereOptions {
  /** How many items are read, and then deleted, in one step (default 500). A step blocks the server while it deletes. */
  batchSize?: number;
  /** Called after each step. When it throws, the deletion ends there with an {@link InvalidInputError}. */
  onProgress?: (progress: DeleteWhereProgress) => unknown;
}

/** Options of {@link RedisStore.iterate}. */
export interface IterateOptions {
  /** Only items that match, as in a search. */
  filter?: Record<string, unknown>;
  /** How many items are read, and held, at a time (default 500). */
  batchSize?: number;
  /**
   * Begins behind this item, for example behind the last one that an interrupted iteration came to. It need not be there
   * any more.
   */
  after?: { namespace: string[]; key: string } | undefined;
}

/** How far {@link RedisStore.reindex} has come. */
export interface ReindexProgress {
  /** What it is doing: describing items for the new index, or clearing away what the old one had of them. */
  phase: "rewriting" | "clearing";
  /** Items done in this pass over them. */
  done: number;
  /** Items there were when the pass began. */
  total: number;
}

export interface ReindexOptions {
  /**
   * Embed every text again, as is needed when the model was changed. Otherwise (default) a stored vector of the same
   * text is used, if it has the right dimensions and `index.model` is the same.
   */
  reembed?: boolean;
  /** How many items are read, embedded and written together (default 100). */
  batchSize?: number;
  /** Called after each batch. When it throws, `reindex` ends there with an {@link InvalidInputError}. */
  onProgress?: (progress: ReindexProgress) => unknown;
}

/** What {@link RedisStore.reindex} did. */
export interface ReindexReport {
  /** Items that were described for the new index in this run. */
  items: number;
  /** Texts that were embedded for it. */
  embedded: number;
  /** Vectors that were taken over. */
  reused: number;
  /** Redis keys of documents that are not in the store's format; they were left as they are. */
  undecodable: string[];
}

/** How far {@link RedisStore.reencrypt} has come. */
export interface ReencryptItemsProgress extends ReencryptItemsReport {
  /** Items there were under the path when it began. */
  total: number;
}

export interface ReencryptItemsOptions {
  /** How many items are read and written together (default 100). */
  batchSize?: number;
  /** Called after each batch. When it throws, `reencrypt` ends there with an {@link InvalidInputError}. */
  onProgress?: (progress: ReencryptItemsProgress) => unknown;
}

/** What {@link RedisStore.reencrypt} did. */
export interface ReencryptItemsReport {
  /** Items that were looked at. */
  items: number;
  /** Items that were not encrypted with the current key, or not found by its digests, and are now. */
  rewritten: number;
}

/** What `batch` answers: LangGraph's results, with the items of this store. */
export type StoreResults<Ops extends readonly StoreOperation[]> = {
  [K in keyof Ops]: Ops[K] extends RedisPutOperation
    ? undefined
    : Ops[K] extends RedisSearchOperation
      ? RedisSearchItem[]
      : Ops[K] extends { namespace: string[]; key: string }
        ? RedisItem | null
        : string[][];
};
