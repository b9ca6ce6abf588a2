import { Cancellation, type CancelSignal } from "./cancellation.js";
import type { Command, Reply, ServerAddress } from "./command.js";
import type { Lane } from "./lane.js";

/** One attempt to send commands, which an adapter tells how it goes on. */
export interface Transmission {
  /** When it aborts, commands that have not left yet must never leave. */
  readonly signal: CancelSignal;

  /** Redis has answered the command with this index. Told at once, not when all are answered. */
  answered(index: number, reply: Reply | Error): void;

  /** The commands have a connection to themselves now: answers that others get say nothing about theirs. */
  useOwnLane(): void;
}

/**
 * One kind of Redis client, reduced to what is needed of it. It knows how to send, and nothing of retries: whether
 * to send again, and for how long, is decided by the {@link RetryingConnection} around it.
 */
export interface ClientAdapter {
  /** Why nothing can be sent now, however long one waits; undefined when it can. */
  readonly unusable: string | undefined;

  /** See {@link Connection.isCluster}. */
  readonly isCluster?: boolean;

  /** See {@link Connection.server}. */
  readonly server?: ServerAddress | undefined;

  /** The queue in which a command would wait now. */
  laneOf(command: Command): Lane;

  /**
   * Sends the commands together, in order. What Redis refuses gives its error in its place.
   *
   * @throws what went wrong with the connection. By then no command is left that could still be sent.
   */
  send(commands: readonly Command[], transmission: Transmission): Promise<(Reply | Error)[]>;

  /** The last thing that went wrong with the connection, while it is not well again. */
  readonly lastError?: Error | undefined;

  /** Called when an answer did not come in time: the connection may look well and be dead. */
  reconnect?(): void;
}

export function isClientAdapter(client: unknown): client is ClientAdapter {
  return (
    typeof client === "object" &&
    client !== null &&
    "unusable" in client &&
    typeof Reflect.get(client, "send") === "function" &&
    typeof Reflect.get(client, "laneOf") === "function"
  );
}

/**
 * Sends each command by its own call and gathers what comes back, in order.
 *
 * When the connection fails under one of them, the others do not go on alone: those that were not sent yet are taken
 * back, and all have come to an end before the failure is reported, so that sending again keeps their order.
 */
export function sendAll(
  commands: readonly Command[],
  transmission: Transmission,
  send: (command: Command, signal: CancelSignal) => Promise<unknown>,
  isReply: (error: unknown) => error is Error,
): Promise<(Reply | Error)[]> {
  const own = new Cancellation();
  const abort = () => own.abort();
  const { signal } = transmission;
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  return new Promise((resolve, reject) => {
    const replies = new Array<Reply | Error>(commands.length);
    let unsettled = commands.length;
    let failure: { error: unknown } | undefined;
    const settle = () => {
      if (--unsettled > 0) return;
      signal.removeEventListener("abort", abort);
      if (failure) reject(failure.error);
      else resolve(replies);
    };
    const answer = (index: number, reply: Reply | Error) => {
      transmission.answered(index, reply);
      replies[index] = reply;
      settle();
    };
    const fail = (error: unknown) => {
      failure ??= { error };
      own.abort();
      settle();
    };
    commands.forEach((command, index) => {
      const failed = (error: unknown) => (isReply(error) ? answer(index, error) : fail(error));
      try {
        send(command, own).then((reply) => answer(index, reply as Reply), failed);
      } catch (error) {
        failed(error);
      }
    });
  });
}
