import { describeId, quote, reasonOf } from "../describe.js";
import {
  CommandTimeoutError,
  LangGraphRedisError,
  NotConnectedError,
  type OperationContext,
  OperationError,
} from "../errors.js";
import { abortReason } from "./abort-signal.js";
import { clientMessage } from "./client-message.js";
import { isErrorReply } from "./clients/error-reply.js";
import { ConnectionFailure } from "./connection-failure.js";

/** What to do about the refusals of Redis that a person can do something about. */
const ADVICE: Record<string, string> = {
  OOM: "The server has reached its maxmemory: give it more, or let threads and items expire",
  READONLY: "This server is a replica: connect to its master, or use fromSentinel() or fromCluster()",
  LOADING: "The server is still loading its data: try again later, or set a longer commandTimeout",
  MISCONF: "The server cannot write to its disk, and takes no more writes until it can",
  NOAUTH: "The server asks for a password: give it in the URL, redis://user:password@host:port",
  WRONGPASS: "Check user and password in the URL, and that special characters are percent-encoded",
  NOPERM: "Give the user the rights that docs/security.md lists",
  NOREPLICAS: "The server takes no writes while it has fewer replicas than min-replicas-to-write asks for",
  CLUSTERDOWN: "A part of the cluster has no master: try again when it has one",
  TRYAGAIN: "The cluster is moving these keys to another node: try again when it is done",
};

/**
 * Runs an operation; what Redis or the network does to it is told with its name.
 *
 * @throws {OperationError}; the signal's reason when the signal has aborted it.
 */
export async function withOperation<T>(
  context: OperationContext,
  work: () => T | Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  if (signal?.aborted) throw abortReason(signal);
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted && !(error instanceof LangGraphRedisError)) throw abortReason(signal);
    throw toOperationError(context, error);
  }
}

/** The error to throw for an operation that failed. Errors of ours say what they are about themselves. */
export function toOperationError(context: OperationContext, error: unknown): Error {
  // Serializers and models are the user's code: their errors are wrapped where they are called.
  if (error instanceof LangGraphRedisError) return error;
  const { operation, to, ...target } = context;
  const what = Object.entries(target)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${NAMES[name] ?? name} ${describeTarget(value)}`)
    .join(", ");
  const subject = `${operation}${to === undefined ? "" : ` to ${to}`}${what && ` (${what})`}`;
  const message = `${subject} failed: ${withAdvice(messageFor(error))}`;
  if (!(error instanceof ConnectionFailure)) return new OperationError(message, context, { cause: error });
  const ErrorClass = error.kind === "timeout" ? CommandTimeoutError : NotConnectedError;
  return new ErrorClass(message, context, error.cause === undefined ? {} : { cause: error.cause });
}

const NAMES: Record<string, string> = {
  threadId: "thread",
  checkpointNs: "checkpoint namespace",
  checkpointId: "checkpoint",
};

function describeTarget(target: unknown): string {
  return Array.isArray(target) ? quote(target) : describeId(target);
}

/** Only what Redis or a client says is repeated. Any other error can come from an object of the user's. */
function messageFor(error: unknown): string {
  if (error instanceof ConnectionFailure) return error.message;
  return isErrorReply(error) ? clientMessage(error) : reasonOf(error);
}

function withAdvice(message: string): string {
  const code = /(?:^|\()([A-Z]+) /.exec(message)?.[1];
  const advice = ADVICE[code ?? ""];
  return advice === undefined ? message : `${message}. ${advice}.`.replace("..", ".");
}
