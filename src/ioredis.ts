import { type Ioredis, IoredisAdapter } from "./redis/clients/ioredis.js";
import type { RedisClient } from "./redis/connection.js";

export type { Ioredis, IoredisPipeline } from "./redis/clients/ioredis.js";

/**
 * Lets `RedisSaver` and `RedisStore` use an ioredis client, which stays yours: it is neither configured nor closed here.
 *
 * Commands that a `Cluster` of ioredis holds back while it has no connection to a node are its own: those that were
 * aborted, or failed for lack of an answer, may still be carried out later. Its option `maxRetriesPerRequest` limits that.
 *
 * @param redis a `Redis` or a `Cluster` of ioredis 5.9 or later.
 * @throws {InvalidInputError} when it is no such client, or was created with a `keyPrefix`.
 *
 * @example
 * ```ts
 * import { Redis } from "ioredis";
 * import { RedisSaver } from "langgraph-redis";
 * import { fromIoredis } from "langgraph-redis/ioredis";
 *
 * const redis = new Redis("redis://localhost:6379");
 * const checkpointer = new RedisSaver({ client: fromIoredis(redis) });
 * ```
 */
export function fromIoredis(redis: Ioredis): RedisClient {
  return new IoredisAdapter(redis);
}
