import type { RedisItem, RedisSearchItem } from "./item.js";
import type {
  EngineStats,
  PutExtras,
  RedisPutOperation,
  RedisSearchOperation,
  SearchExtras,
  StoreOperation,
} from "./types.js";

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

/** What {@link RedisStore.stats} tells. */
export interface StoreStats extends EngineStats {
  /** Which engine answers searches. */
  engine: "search" | "core";
  /** Why `engine: "auto"` took `"core"`, for example as the server has no search engine; otherwise `undefined`. */
  engineReason: string | undefined;
  /** Namespaces that hold items. */
  namespaces: number;
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
