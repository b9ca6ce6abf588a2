/**
 * Why a connection gave no replies. It is thrown by connections, which do not know for which operation they work;
 * {@link toOperationError} makes it the error that a user sees.
 */
export class ConnectionFailure extends Error {
  constructor(
    readonly kind: "timeout" | "not connected",
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** What a saver or store refuses an operation with that is called after it was closed. */
export function closedFailure(): ConnectionFailure {
  return new ConnectionFailure("not connected", "its connection was closed by end() or stop()");
}
