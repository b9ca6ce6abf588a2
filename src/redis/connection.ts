import { describe } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { type ClientAdapter, isClientAdapter } from "./client-adapter.js";
import { adaptNodeRedis, isNodeRedis, isOldNodeRedis, type NodeRedis } from "./clients/node-redis.js";
import type { Connection } from "./command.js";
import { checkCommandTimeout } from "./options.js";
import { RetryingConnection } from "./retrying-connection.js";

export type { NodeRedisClient } from "./clients/single.js";

/**
 * A client that can be given to `RedisSaver` and `RedisStore`: what `createClient`, `createClientPool`, `createCluster`
 * and `createSentinel` of node-redis 5.8 or later return, or what `fromIoredis` of `langgraph-redis/ioredis` returns.
 */
export type RedisClient = NodeRedis | ClientAdapter | ConnectionClient;

/** Many objects have a method `pipeline`; only a connection of this package's has this property, too. */
export const IS_CONNECTION = Symbol.for("langgraph-redis.connection");

/** A {@link Connection} that was made with {@link asClient}. */
export interface ConnectionClient extends Connection {
  readonly [IS_CONNECTION]: true;
}

/** Makes a connection one that can be given as a client: commands go through it as they are. */
export function asClient(connection: Connection): ConnectionClient {
  return Object.assign(connection, { [IS_CONNECTION]: true as const });
}

/**
 * The connection through a client of the user's, which is neither configured nor connected nor closed here.
 *
 * @param commandTimeout see {@link TimeoutOptions}.
 * @throws {InvalidInputError} when it is no client that we know, or has a key prefix of its own.
 */
export function createConnection(client: RedisClient, commandTimeout?: number): ConnectionClient {
  const timeout = checkCommandTimeout(commandTimeout);
  if (isConnection(client)) return client;
  if (isClientAdapter(client)) return asClient(new RetryingConnection(client, timeout));
  if (isNodeRedis(client)) return asClient(new RetryingConnection(adaptNodeRedis(client), timeout));
  throw new InvalidInputError(unknownClient(client));
}

/**
 * Checks that a constructor was given options at all.
 *
 * @param where the name of the class.
 * @throws {InvalidInputError} when it was given nothing, a URL, or the client itself.
 */
export function requireOptions(options: unknown, where: string): void {
  if (typeof options === "object" && options !== null && !isNodeRedis(options) && !isIoredis(options)) return;
  throw new InvalidInputError(
    `${where} takes its client as an option: new ${where}({ client }). ` +
      `To open a connection to a URL, use await ${where}.fromConnString(url).`,
  );
}

function isIoredis(client: object): boolean {
  return typeof Reflect.get(client, "callBuffer") === "function";
}

function isConnection(client: unknown): client is ConnectionClient {
  return typeof client === "object" && client !== null && Reflect.get(client, IS_CONNECTION) === true;
}

/** What is the matter with it, and what to give instead. Its contents are not shown: they may hold a password. */
function unknownClient(client: unknown): string {
  const isObject = typeof client === "object" && client !== null;
  if (isObject && isIoredis(client)) {
    return (
      "client is an ioredis client. Wrap it: `client: fromIoredis(redis)`, " +
      'with fromIoredis from "langgraph-redis/ioredis".'
    );
  }
  if (isOldNodeRedis(client)) {
    return "client is a client of node-redis 4, which decodes replies in its own way. Update the package redis: `npm install redis@6`.";
  }
  const known = "createClient, createClientPool, createCluster and createSentinel of node-redis 5.8 or later";
  const hint =
    client === undefined
      ? " To connect to a URL, use fromConnString(url), fromCluster(...) or fromSentinel(...)."
      : isObject && typeof Reflect.get(client, "then") === "function"
        ? " It is a promise: await it."
        : isObject && typeof Reflect.get(client, "pipeline") === "function"
          ? " Clients that talk to Redis over HTTP cannot be used."
          : "";
  return `client must be a client of Redis: what ${known} return, or fromIoredis(...). Got ${describe(client)}.${hint}`;
}
