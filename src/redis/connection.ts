import { InvalidInputError } from "../errors.js";
import { isNodeRedis, type NodeRedis, transportOfNodeRedis } from "./clients/node-redis.js";
import { checkCommandTimeout } from "./options.js";
import { PatientConnection } from "./patient-connection.js";
import { isTransport, type Transport } from "./transport.js";

export type { NodeRedisClient } from "./clients/single.js";

/** One argument of a command, as it goes over the wire. */
export type Arg = string | Buffer;

/** A reply with every bulk string as bytes and every map as a flat list of its keys and values. */
export type Reply = null | boolean | number | string | Buffer | Reply[];

/** One Redis command, with what is needed to send it to the right node. */
export interface Command {
  /** A key of the slot that the command works on. */
  readonly key: string;
  readonly args: readonly Arg[];
}

/**
 * What the package needs of a Redis client. The only thing that saver and store talk to, so that a kind of
 * client is supported by one small {@link Transport}.
 */
export interface Connection {
  /**
   * Sends the commands together, in order, without waiting for one before sending the next: one round trip per
   * node. A command that Redis refuses gives its error in its place and does not disturb the others.
   *
   * They may reach Redis more than once, so they have to be idempotent.
   */
  pipeline(commands: readonly Command[]): Promise<(Reply | Error)[]>;
}

/**
 * A client that can be given to `RedisSaver` and `RedisStore`: what `createClient`, `createClientPool`, `createCluster`
 * and `createSentinel` of node-redis 6 return, or what `fromIoredis` of `langgraph-redis/ioredis` returns.
 */
export type RedisClient = NodeRedis | Transport | Connection;

/**
 * The connection through a client of the user's, which is neither configured nor connected nor closed here.
 *
 * @param commandTimeout see {@link TimeoutOptions}.
 * @throws {InvalidInputError} when it is no client that we know, or has a key prefix of its own.
 */
export function connectionOf(client: RedisClient, commandTimeout?: number): Connection {
  const timeout = checkCommandTimeout(commandTimeout);
  if (isConnection(client)) return client;
  if (isTransport(client)) return new PatientConnection(client, timeout);
  if (isNodeRedis(client)) return new PatientConnection(transportOfNodeRedis(client), timeout);
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
  const known = "createClient, createClientPool, createCluster and createSentinel of node-redis 6";
  // Its contents are not shown: they may hold a password.
  const got = isObject
    ? `an object of class ${client.constructor?.name}`
    : `a value of type ${typeof client}`;
  return `client must be a client of Redis: what ${known} return, or fromIoredis(...). Got ${got}.`;
}
