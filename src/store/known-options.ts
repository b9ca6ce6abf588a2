import type { GetOperation, ListNamespacesOperation, MatchCondition } from "@langchain/langgraph-checkpoint";
import type { KnownOptions } from "../redis/known-options.js";
import type {
  DeleteNamespaceOptions,
  DeleteWhereOptions,
  IterateOptions,
  ListNamespacesOptions,
  RedisPutOperation,
  RedisPutOptions,
  RedisSearchOperation,
  RedisSearchOptions,
  ReencryptItemsOptions,
  ReindexOptions,
} from "./types.js";

// The names of all options of methods and of operations. Others are refused: an option with a misspelt name would
// silently do nothing.

export const PUT_OPTIONS: KnownOptions<RedisPutOptions> = {
  index: true,
  ttl: true,
  ifVersion: true,
  ifAbsent: true,
};

export const SEARCH_OPTIONS: KnownOptions<RedisSearchOptions> = {
  filter: true,
  limit: true,
  offset: true,
  query: true,
  mode: true,
  minScore: true,
  efRuntime: true,
  orderBy: true,
  order: true,
  explain: true,
};

export const LIST_NAMESPACES_OPTIONS: KnownOptions<ListNamespacesOptions> = {
  prefix: true,
  suffix: true,
  maxDepth: true,
  limit: true,
  offset: true,
};

export const DELETE_NAMESPACE_OPTIONS: KnownOptions<DeleteNamespaceOptions> = {
  batchSize: true,
  onProgress: true,
};

export const DELETE_WHERE_OPTIONS: KnownOptions<DeleteWhereOptions> = {
  batchSize: true,
  onProgress: true,
};

export const ITERATE_OPTIONS: KnownOptions<IterateOptions> = {
  filter: true,
  batchSize: true,
  after: true,
};

export const REINDEX_OPTIONS: KnownOptions<ReindexOptions> = {
  reembed: true,
  batchSize: true,
  onProgress: true,
};

export const REENCRYPT_OPTIONS: KnownOptions<ReencryptItemsOptions> = {
  batchSize: true,
  onProgress: true,
};

export const GET_OPERATION: KnownOptions<GetOperation> = { namespace: true, key: true };

/** Also of a delete, which is a put of `null`. */
export const PUT_OPERATION: KnownOptions<RedisPutOperation> = {
  ...GET_OPERATION,
  ...PUT_OPTIONS,
  value: true,
};

export const SEARCH_OPERATION: KnownOptions<RedisSearchOperation> = {
  ...SEARCH_OPTIONS,
  namespacePrefix: true,
};

export const LIST_OPERATION: KnownOptions<ListNamespacesOperation> = {
  matchConditions: true,
  maxDepth: true,
  limit: true,
  offset: true,
};

export const MATCH_CONDITION: KnownOptions<MatchCondition> = { matchType: true, path: true };
