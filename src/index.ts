export type { RedisCacheOptions } from "./cache/options.js";
export { RedisCache } from "./cache/redis-cache.js";
export type { AbortOptions } from "./checkpoint/abort.js";
export type { ThreadInfo } from "./checkpoint/indexes/thread-index.js";
export type {
  CheckpointInfo,
  ListCheckpointsOptions,
  PendingWriteInfo,
} from "./checkpoint/operations/list-checkpoints.js";
export type { ListThreadsOptions } from "./checkpoint/operations/list-threads.js";
export type { PruneOptions } from "./checkpoint/operations/prune.js";
export type {
  ReencryptThreadOptions,
  ReencryptThreadProgress,
  ReencryptThreadReport,
} from "./checkpoint/operations/reencrypt.js";
export type { ThreadStats } from "./checkpoint/operations/thread-stats.js";
export type { RedisSaverOptions, ThreadTtl } from "./checkpoint/options.js";
export { RedisSaver } from "./checkpoint/redis-saver.js";
export { JsonSerializer } from "./checkpoint/serde/serializer.js";
export type { CompressionAlgorithm, CompressionOptions } from "./checkpoint/values/compression.js";
export type { EncryptionKey, EncryptionOptions } from "./encryption/options.js";
export {
  CheckpointNotFoundError,
  CommandTimeoutError,
  CorruptRecordError,
  type CorruptRecordLocation,
  DeserializationError,
  EncryptionError,
  InvalidInputError,
  LangGraphRedisError,
  type LangGraphRedisErrorCode,
  NotConnectedError,
  type OperationContext,
  OperationError,
  SerializationError,
  ThreadConflictError,
} from "./errors.js";
export type { ServerAddress } from "./redis/command.js";
export type { RedisClient } from "./redis/connection.js";
export type { BatchedOperations, OperationMessage } from "./redis/operation-channel.js";
export type {
  ClusterRootNodes,
  ConnectionEvent,
  ConnectionEventListener,
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
  ReindexConflictError,
  VersionConflictError,
} from "./store/errors.js";
export type { StoreIndexConfig, TextIndexConfig, VectorIndexConfig } from "./store/index-options.js";
export type { EngineChoice, RedisStoreOptions, TtlOptions } from "./store/options.js";
export { RedisStore } from "./store/redis-store.js";
export type {
  DeleteNamespaceOptions,
  DeleteProgress,
  DeleteWhereOptions,
  DeleteWhereProgress,
  Distance,
  EngineStats,
  ItemValue,
  IterateOptions,
  ListingOrder,
  ListNamespacesOptions,
  PutExtras,
  RedisItem,
  RedisPutOperation,
  RedisPutOptions,
  RedisSearchItem,
  RedisSearchOperation,
  RedisSearchOptions,
  ReencryptItemsOptions,
  ReencryptItemsProgress,
  ReencryptItemsReport,
  ReindexOptions,
  ReindexProgress,
  ReindexReport,
  SearchExplanation,
  SearchExtras,
  SearchIndexInfo,
  SearchMode,
  StoredIndexInfo,
  StoreOperation,
  StoreResults,
  StoreStats,
} from "./store/types.js";
