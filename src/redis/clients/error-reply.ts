/** The code that a reply of Redis begins with: `NOSCRIPT No matching script`, `SEARCH_INDEX_NOT_FOUND Index not found`. */
const ERROR_CODE = /^[A-Z][A-Z0-9_]+( |$)/;

/** Failures of clients whose class is derived from another class of theirs, as the classes of error replies are. */
const CLIENT_FAILURES = [
  / timeout during maintenance/, // node-redis
  /^Command aborted due to connection close/, // ioredis, this one and those below
  /^Reached the max retries per request limit/,
  /^Failed to refresh slots cache/,
  /^Cluster is ended/,
  /^Protocol error/,
];

/**
 * Tells an error that Redis answered from a failure of the connection or the client: the first is the result of its
 * command, the second means that nobody knows whether the command was executed.
 *
 * Classes and their names do not tell it. An application may load another copy of the client than this package, as
 * bundlers that split a program into several do, so that `instanceof` fails; and bundlers that minify rename classes.
 * What survives is used instead:
 *
 * - Errors of Node, of the network and of TLS have a `code`. Error replies have none, and are no plain `Error`.
 * - Redis begins its errors with a code in capitals. No class of errors of a client has messages that begin like that.
 * - Redis Search before 8.10 begins some with plain words ("No such index"). Those are told by inheritance, which
 *   minifying keeps: node-redis and ioredis derive the class of an error reply from another class of theirs, whereas
 *   failures are instances of `Error` or of a class derived from it directly. The few exceptions are known by their text.
 */
export function isErrorReply(error: unknown): error is Error {
  if (!(error instanceof Error) || "code" in error) return false;
  if (Object.getPrototypeOf(error) === Error.prototype) return false;
  if (ERROR_CODE.test(error.message)) return true;
  return isOfDerivedClass(error) && !CLIENT_FAILURES.some((failure) => failure.test(error.message));
}

/** Whether the class of an error is derived from another one that is derived from `Error`. */
function isOfDerivedClass(error: Error): boolean {
  return Object.getPrototypeOf(Object.getPrototypeOf(error)) instanceof Error;
}

/** Whether node-redis refused a command because the connection is lost and the option `disableOfflineQueue` is set. */
export function isOfflineRefusal(error: unknown): error is Error {
  return error instanceof Error && error.message === "The client is offline";
}
