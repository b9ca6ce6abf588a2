export type { PruneOptions } from "./checkpoint/lifecycle.js";
export type { RedisSaverOptions, ThreadTtl } from "./checkpoint/options.js";
export { RedisSaver } from "./checkpoint/saver.js";
export { JsonSerializer } from "./checkpoint/serde/serializer.js";
export type { ListThreadsOptions, ThreadInfo } from "./checkpoint/threads.js";
export type { CompressionAlgorithm, CompressionOptions } from "./checkpoint/values/compression.js";
export {
  CorruptRecordError,
  type CorruptRecordLocation,
  InvalidInputError,
  LangGraphRedisError,
  OperationError,
  type OperationFacts,
  SerializationError,
} from "./errors.js";
export type { RedisClient } from "./redis/connection.js";
export type {
  ClusterRootNodes,
  OpenOptions,
  SentinelGroup,
  TimeoutOptions,
  TlsOptions,
} from "./redis/options.js";
export { RedisStore } from "./store/store.js";
