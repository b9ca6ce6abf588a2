import { setMaxListeners } from "node:events";
import type { Command, Reply } from "./command.js";

/**
 * One kind of Redis client, reduced to what is needed of it. It knows how to send, and nothing of retries: whether
 * to send again, and for how long, is decided by the {@link RetryingConnection} around it.
 */
export interface ClientAdapter {
  /** Why nothing can be sent now, however long one waits; undefined when it can. */
  readonly unusable: string | undefined;

  /**
   * Sends the commands together, in order. What Redis refuses gives its error in its place.
   *
   * @param signal When it aborts, commands that have not left yet never do.
   * @throws what went wrong with the connection. By then no command is left that could still be sent.
   */
  send(commands: readonly Command[], signal: AbortSignal): Promise<(Reply | Error)[]>;

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
    typeof Reflect.get(client, "send") === "function"
  );
}

/**
 * Sends each command by its own call and gathers what comes back, in order.
 *
 * When the connection fails under one of them, the others do not go on alone: those that were not sent yet are taken
 * back, and all have come to an end before the failure is reported, so that sending again keeps their order.
 */
export async function sendAll(
  commands: readonly Command[],
  outer: AbortSignal,
  send: (command: Command, signal: AbortSignal) => Promise<unknown>,
  isReply: (error: unknown) => error is Error,
): Promise<(Reply | Error)[]> {
  const own = new AbortController();
  setMaxListeners(0, own.signal); // one for each command is no leak
  const abort = () => own.abort();
  if (outer.aborted) abort();
  outer.addEventListener("abort", abort, { once: true });
  let failure: { error: unknown } | undefined;
  const settled = await Promise.all(
    commands.map((command) =>
      send(command, own.signal).then(
        (reply) => reply as Reply,
        (error: unknown) => {
          if (isReply(error)) return error;
          failure ??= { error };
          own.abort();
          return null;
        },
      ),
    ),
  );
  outer.removeEventListener("abort", abort);
  if (failure) throw failure.error;
  return settled;
}
