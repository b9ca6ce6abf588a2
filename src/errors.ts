/**
 * The base of every error that this package throws on purpose, so that one `instanceof` tells them from
 * errors of Redis, of the network or of an embedding model. The message says what was wrong, with which
 * value, and what to do about it.
 */
export class LangGraphRedisError extends Error {
  override name = "LangGraphRedisError";
}

/** An argument or option cannot be used. Thrown before anything is sent to Redis. */
export class InvalidInputError extends LangGraphRedisError {
  override name = "InvalidInputError";
}

/** The serializer could not write a value. Nothing was stored; `cause` is the serializer's own error. */
export class SerializationError extends LangGraphRedisError {
  override name = "SerializationError";
}

/** Which operation it was that failed, and on what. */
export interface OperationContext {
  /** The method, for example "put"; "connecting" for the connection itself. */
  readonly operation: string;
  /** The server, when it was not reached. */
  readonly to?: string;
  readonly threadId?: string | undefined;
  readonly checkpointNs?: string | undefined;
  readonly checkpointId?: string | undefined;
  readonly namespace?: readonly string[] | undefined;
  readonly key?: string | undefined;
}

/**
 * Redis, or the connection to it, failed while an operation ran; `cause` is the error of Redis or of the client.
 *
 * A write that failed is never stored in part. When there was no answer, it may have been stored nevertheless; doing it
 * again is safe.
 */
export class OperationError extends LangGraphRedisError {
  override name = "OperationError";

  constructor(
    message: string,
    readonly context: OperationContext,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Where in Redis a record was found that cannot be decoded. */
export interface CorruptRecordLocation {
  /** The Redis key that holds the record. */
  key: string;
  threadId?: string;
  checkpointNs?: string;
  checkpointId?: string;
  channel?: string;
}

/** Something stored in Redis is missing, altered or not in our format. It is never returned as data. */
export class CorruptRecordError extends LangGraphRedisError {
  override name = "CorruptRecordError";

  constructor(
    problem: string,
    readonly location: CorruptRecordLocation,
    options?: ErrorOptions,
  ) {
    const where = Object.entries(location)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
      .join(", ");
    super(`${problem} (${where})`, options);
  }
}

/** Shows a value of any type in an error message, cut to a readable length. */
export function formatValue(value: unknown): string {
  let text: string | undefined;
  try {
    text = typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
  } catch {
    // Circular and other values that JSON cannot write are named by their type.
  }
  text ??= String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
