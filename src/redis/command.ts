/** One argument of a command, as it goes over the wire. */
export type Arg = string | Buffer;

/** A reply with every bulk string as bytes and every map as a flat list of its keys and values. */
export type Reply = null | boolean | number | string | Buffer | Reply[];

/** Where a server is. */
export interface ServerAddress {
  /** A host name or address, or the path of a Unix socket. */
  readonly address: string;
  readonly port?: number;
}

/** One Redis command, with what is needed to send it to the right node. */
export interface Command {
  /** A key of the slot that the command works on. */
  readonly key: string;
  readonly args: readonly Arg[];
}

/**
 * What the package needs of a Redis client. The only thing that saver and store talk to, so that a kind of
 * client is supported by one small `ClientAdapter`.
 */
export interface Connection {
  /**
   * Sends the commands together, in order, without waiting for one before sending the next: one round trip per
   * node. A command that Redis refuses gives its error in its place and does not disturb the others.
   *
   * They may reach Redis more than once, so they have to be idempotent.
   *
   * @param signal when it aborts, commands that have not been sent never are, and those that were are not waited for.
   * @throws the signal's reason.
   */
  pipeline(commands: readonly Command[], signal?: AbortSignal): Promise<(Reply | Error)[]>;

  /** Whether commands of one pipeline may go to several nodes, so that those for different slots run in any order. */
  readonly isCluster?: boolean;

  /** The server, where it is always the same and the client tells it. */
  readonly server?: ServerAddress | undefined;
}
