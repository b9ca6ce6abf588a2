import { abortReason } from "./abort-signal.js";
import type { Command, Connection, Reply } from "./command.js";

/**
 * The connection for one operation that a signal may abort; without a signal, the connection itself.
 *
 * Once the signal has aborted, the operation sends nothing more, and it does not wait for what it has sent. Everything
 * that an operation of several round trips does next is a pipeline, so that this is the one place to notice it.
 */
export function abortable(connection: Connection, signal: AbortSignal | undefined): Connection {
  return signal === undefined ? connection : new AbortableConnection(connection, signal);
}

class AbortableConnection implements Connection {
  constructor(
    private readonly connection: Connection,
    private readonly signal: AbortSignal,
  ) {}

  get isCluster(): boolean {
    return this.connection.isCluster ?? false;
  }

  pipeline(commands: readonly Command[]): Promise<(Reply | Error)[]> {
    if (this.signal.aborted) return Promise.reject(abortReason(this.signal));
    return this.connection.pipeline(commands, this.signal);
  }
}
