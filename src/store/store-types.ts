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

/** What {@link RedisStore.stats} tells. */
export interface StoreStats extends EngineStats {
  /** Which engine answers searches. */
  engine: "search" | "core";
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
