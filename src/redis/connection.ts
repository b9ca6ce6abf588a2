import { InvalidInputError } from "../errors.js";
import { type ClientAdapter, isClientAdapter } from "./client-adapter.js";
import { adaptNodeRedis, isNodeRedis, type NodeRedis } from "./clients/node-redis.js";
import type { Connection } from "./command.js";
import { checkCommandTimeout } from "./options.js";
import { RetryingConnection } from "./retrying-connection.js";

export type { NodeRedisClient } from "./clients/single.js";
/**
 * A client that can be given to `RedisSaver` and `RedisStore`: what `createClient`, `createClientPool`, `createCluster`
 * and `createSentinel` of node-redis 5.8 or later return, or what `fromIoredis` of `langgraph-redis/ioredis` returns.
 */
export type RedisClient = NodeRedis | ClientAdapter | Connection;

/**
 * The connection through a client of the user's, which is neither configured nor connected nor closed here.
 *
 * @param commandTimeout see {@link TimeoutOptions}.
 * @throws {InvalidInputError} when it is no client that we know, or has a key prefix of its own.
 */
export function createConnection(client: RedisClient, commandTimeout?: number): Connection {
  const timeout = checkCommandTimeout(commandTimeout);
  if (isConnection(client)) return client;
  if (isClientAdapter(client)) return new RetryingConnection(client, timeout);
  if (isNodeRedis(client)) return new RetryingConnection(adaptNodeRedis(client), timeout);
  throw new InvalidInputError(unknownClient(client));
}

function isConnection(client: unknown): client is Connection {
  return (
    typeof client === "object" &&
    client !== null &&
    typeof Reflect.get(client, "sendCommand") !== "function" &&
    typeof Reflect.get(client, "pipeline") === "function"
  );
}

function unknownClient(client: unknown): string {
  const isObject = typeof client === "object" && client !== null;
  if (isObject && typeof Reflect.get(client, "callBuffer") === "function") {
    return (
      "client is an ioredis client. Wrap it: `client: fromIoredis(redis)`, " +
      'with fromIoredis from "langgraph-redis/ioredis".'
    );
  }
  const known = "createClient, createClientPool, createCluster and createSentinel of node-redis 5.8 or later";
  // Its contents are not shown: they may hold a password.
  const got = isObject
    ? `an object of class ${client.constructor?.name}`
    : `a value of type ${typeof client}`;
  return `client must be a client of Redis: what ${known} return, or fromIoredis(...). Got ${got}.`;
}
