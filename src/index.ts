export type { RedisSaverOptions, ThreadTtl } from "./checkpoint/options.js";
export { RedisSaver } from "./checkpoint/saver.js";
export {
  CorruptRecordError,
  type CorruptRecordLocation,
  InvalidInputError,
  LangGraphRedisError,
  SerializationError,
} from "./errors.js";
