export type { AbortOptions } from "./checkpoint/abort.js";
export type { ThreadInfo } from "./checkpoint/indexes/thread-index.js";
export type { ListThreadsOptions } from "./checkpoint/operations/list-threads.js";
export type { PruneOptions } from "./checkpoint/operations/prune.js";
export type { RedisSaverOptions, ThreadTtl } from "./checkpoint/options.js";
export { RedisSaver } from "./checkpoint/redis-saver.js";
export { JsonSerializer } from "./checkpoint/serde/serializer.js";
export type { CompressionAlgorithm, CompressionOptions } from "./checkpoint/values/compression.js";
export {
  CheckpointNotFoundError,
  CommandTimeoutError,
  CorruptRecordError,
  type CorruptRecordLocation,
  DeserializationError,
  InvalidInputError,
  LangGraphRedisError,
  type LangGraphRedisErrorCode,
  NotConnectedError,
  type OperationContext,
  OperationError,
  SerializationError,
  ThreadConflictError,
} from "./errors.js";
export type { RedisClient } from "./redis/connection.js";
export type {
  ClusterRootNodes,
  ConnectOptions,
  SentinelGroup,
  TimeoutOptions,
  TlsOptions,
} from "./redis/options.js";
export {
  BatchError,
  type BatchFailure,
  EmbeddingError,
  EngineUnavailableError,
  FilterError,
  type IndexDifference,
  IndexMismatchError,
  InvalidVectorError,
  VersionConflictError,
} from "./store/errors.js";
export type { RedisItem, RedisSearchItem } from "./store/item.js";
export type {
  EngineChoice,
  RedisStoreOptions,
  StoreIndexConfig,
  StoreTtlConfig,
} from "./store/options.js";
export type { ReindexOptions, ReindexProgress, ReindexReport } from "./store/reindex.js";
export { RedisStore } from "./store/store.js";
export type {
  ListNamespacesOptions,
  RedisPutOptions,
  RedisSearchOptions,
  StoreResults,
  StoreStats,
} from "./store/store-types.js";
export type { DeleteNamespaceOptions, DeleteProgress } from "./store/sweep.js";
export type {
  Distance,
  EngineStats,
  PutExtras,
  RedisPutOperation,
  RedisSearchOperation,
  SearchExplanation,
  SearchExtras,
  SearchMode,
  StoreOperation,
} from "./store/types.js";
export type { ItemValue } from "./store/value.js";
