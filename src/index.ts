export type { PruneOptions } from "./checkpoint/lifecycle.js";
export type { RedisSaverOptions, ThreadTtl } from "./checkpoint/options.js";
export { RedisSaver } from "./checkpoint/saver.js";
export { JsonSerializer } from "./checkpoint/serde/serializer.js";
export type { ListThreadsOptions, ThreadInfo } from "./checkpoint/threads.js";
export {
  CorruptRecordError,
  type CorruptRecordLocation,
  InvalidInputError,
  LangGraphRedisError,
  SerializationError,
} from "./errors.js";
export { RedisStore } from "./store/store.js";
