import { ErrorReply, RESP_TYPES } from "redis";
import { InvalidInputError } from "../errors.js";

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
 * client is supported by one implementation of this interface.
 */
export interface Connection {
  /**
   * Sends the commands together, in order, without waiting for one before sending the next: one round trip per
   * node. A command that Redis refuses gives its error in its place and does not disturb the others.
   */
  pipeline(commands: readonly Command[]): Promise<(Reply | Error)[]>;
}

/** The part of a node-redis client that is used. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly options?: unknown;
  sendCommand(args: Arg[], options?: object): Promise<unknown>;
}

/**
 * Replies look the same whatever type mapping and protocol version the client was created with: these
 * options travel with each command, the client itself stays as its owner configured it.
 */
const REPLY_OPTIONS = {
  typeMapping: {
    [RESP_TYPES.BLOB_STRING]: Buffer,
    [RESP_TYPES.SIMPLE_STRING]: String,
    [RESP_TYPES.VERBATIM_STRING]: String,
    [RESP_TYPES.NUMBER]: Number,
    [RESP_TYPES.DOUBLE]: Number,
    [RESP_TYPES.MAP]: Array,
    [RESP_TYPES.SET]: Array,
  },
};

/** Wraps a connected node-redis client. The client is neither configured nor closed here. */
export function connectionOf(client: NodeRedisClient): Connection {
  const keyPrefix = (client.options as { keyPrefix?: unknown } | undefined)?.keyPrefix;
  if (keyPrefix !== undefined && String(keyPrefix) !== "") {
    throw new InvalidInputError(
      `the client was created with keyPrefix "${String(keyPrefix)}", which does not reach the keys inside scripts ` +
        "and index definitions. Create the client without it and pass keyPrefix to RedisSaver or RedisStore.",
    );
  }
  return {
    pipeline: (commands) =>
      Promise.all(
        commands.map((command) =>
          // Commands sent in one turn of the event loop leave in one write.
          client.sendCommand(command.args as Arg[], REPLY_OPTIONS).then(
            (reply) => reply as Reply,
            (error: unknown) => {
              if (isReplyError(error)) return error;
              throw error;
            },
          ),
        ),
      ),
  };
}

/** Whether an error is Redis' answer to one command, as opposed to a connection that failed. */
export function isReplyError(error: unknown): error is Error {
  return error instanceof ErrorReply;
}
