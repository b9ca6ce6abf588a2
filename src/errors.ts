import { identify, isInstance } from "./error-identity.js";

/**
 * What `error.code` can be. Codes are stable: they change only with a major version. The document "Errors" lists them.
 */
export type LangGraphRedisErrorCode =
  | "BATCH_FAILED"
  | "CHECKPOINT_NOT_FOUND"
  | "COMMAND_TIMEOUT"
  | "CORRUPT_RECORD"
  | "DESERIALIZATION_FAILED"
  | "EMBEDDING_FAILED"
  | "ENCRYPTION"
  | "ENGINE_UNAVAILABLE"
  | "INDEX_MISMATCH"
  | "REINDEX_CONFLICT"
  | "INVALID_FILTER"
  | "INVALID_INPUT"
  | "INVALID_VECTOR"
  | "NOT_CONNECTED"
  | "OPERATION_FAILED"
  | "SERIALIZATION_FAILED"
  | "THREAD_CONFLICT"
  | "VERSION_CONFLICT";

/**
 * The base of every error that this package throws on purpose. Each class has a `code`; the message says what was wrong
 * and what to do about it, and names keys, ids and namespaces, but no values (the document "Errors" has the exceptions)
 * and no secrets.
 *
 * `instanceof` holds across the ESM and the CommonJS build and all entry points of the package.
 *
 * @example
 * ```ts
 * import { CommandTimeoutError, LangGraphRedisError, type RedisSaver } from "langgraph-redis";
 *
 * async function isKnown(saver: RedisSaver, threadId: string): Promise<boolean> {
 *   try {
 *     return (await saver.getTuple({ configurable: { thread_id: threadId } })) !== undefined;
 *   } catch (error) {
 *     if (error instanceof CommandTimeoutError) return false; // ask again later
 *     if (error instanceof LangGraphRedisError) console.error(error.code, error.message);
 *     throw error;
 *   }
 * }
 * ```
 */
export abstract class LangGraphRedisError extends Error {
  static {
    identify(LangGraphRedisError, "LangGraphRedisError");
  }

  /** Which kind of error it is, for programs; see {@link LangGraphRedisErrorCode}. */
  abstract readonly code: LangGraphRedisErrorCode;

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: derived classes inherit this, each asks for itself
    return isInstance(this, value);
  }
}

/**
 * An argument or option cannot be used. Thrown before anything is sent to Redis, except when a callback fails that is
 * called in between; `cause` is then the error of the callback.
 */
export class InvalidInputError extends LangGraphRedisError {
  static {
    identify(InvalidInputError, "InvalidInputError");
  }
  readonly code = "INVALID_INPUT";
}

/** The serializer could not write a value. Nothing was stored; `cause` is the serializer's own error. */
export class SerializationError extends LangGraphRedisError {
  static {
    identify(SerializationError, "SerializationError");
  }
  readonly code = "SERIALIZATION_FAILED";
}

/**
 * The serializer could not read what was stored, although its bytes are as they were written. `cause` is the
 * serializer's own error. Unlike after a {@link CorruptRecordError}, nothing is lost: with the serializer that wrote it,
 * it can be read.
 */
export class DeserializationError extends LangGraphRedisError {
  static {
    identify(DeserializationError, "DeserializationError");
  }
  readonly code = "DESERIALIZATION_FAILED";

  constructor(
    problem: string,
    readonly location: CorruptRecordLocation,
    options?: ErrorOptions,
  ) {
    super(
      `${problem}: the serializer refused it, though it is as it was written (${placeOf(location)}). ` +
        "Use the serde that it was written with; the cause has its error.",
      options,
    );
  }
}

/**
 * Others removed parts of a thread again and again while it was written to, or while its delta history was read; or wrote to it again
 * and again while it was encrypted anew, or while an encrypted one was copied. Nothing was written; it can be tried again.
 */
export class ThreadConflictError extends LangGraphRedisError {
  static {
    identify(ThreadConflictError, "ThreadConflictError");
  }
  readonly code = "THREAD_CONFLICT";
}

/**
 * A config names a checkpoint that is not there any more, or cannot be gone on from any more, while its thread and
 * namespace have others. To go on from it as if there were nothing would lose those. A put that fails with it has
 * written nothing.
 *
 * A name on a thread that is not there at all is no error: there is nothing to lose, and LangGraph begins there.
 */
export class CheckpointNotFoundError extends LangGraphRedisError {
  static {
    identify(CheckpointNotFoundError, "CheckpointNotFoundError");
  }
  readonly code = "CHECKPOINT_NOT_FOUND";
  readonly threadId: string;
  readonly checkpointNs: string;
  readonly checkpointId: string;

  /**
   * @param superseded whether other checkpoints were put after it, where only the newest can be gone on from.
   * @param isWrite whether a checkpoint was to be put after it.
   */
  constructor(
    checkpoint: { threadId: string; checkpointNs: string; checkpointId: string },
    { superseded, history, isWrite }: { superseded: boolean; history: "all" | "latest"; isWrite: boolean },
  ) {
    const { threadId, checkpointNs, checkpointId } = checkpoint;
    const where = checkpointNs === "" ? "" : `, namespace ${JSON.stringify(checkpointNs)},`;
    const replaced = history === "latest" ? 'a newer one has replaced it (history: "latest"), or ' : "";
    const why = superseded
      ? 'is not the newest one any more, the only one to go on from with history: "latest"'
      : `does not exist (any more): ${replaced}it was pruned, deleted with its run, or the thread expired or was ` +
        "deleted and began anew";
    super(
      `checkpoint ${JSON.stringify(checkpointId)} of thread ${JSON.stringify(threadId)}${where} ${why}. ` +
        `${isWrite ? "Nothing was written. " : ""}` +
        "To go on from the thread's latest checkpoint, leave checkpoint_id out of the config.",
    );
    this.threadId = threadId;
    this.checkpointNs = checkpointNs;
    this.checkpointId = checkpointId;
  }
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
  static {
    identify(OperationError, "OperationError");
  }
  readonly code: "OPERATION_FAILED" | "COMMAND_TIMEOUT" | "NOT_CONNECTED" = "OPERATION_FAILED";

  constructor(
    message: string,
    readonly context: OperationContext,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * Redis did not answer within `commandTimeout`, although the commands were sent again after failures that pass. `cause`
 * is what was seen to go wrong, if anything was. Trying again later is safe.
 */
export class CommandTimeoutError extends OperationError {
  static {
    identify(CommandTimeoutError, "CommandTimeoutError");
  }
  override readonly code = "COMMAND_TIMEOUT";
}

/** No connection could be made, or the client is not connected, or was closed. `cause` is why, where that is known. */
export class NotConnectedError extends OperationError {
  static {
    identify(NotConnectedError, "NotConnectedError");
  }
  override readonly code = "NOT_CONNECTED";
}

/** Where in Redis a record was found that cannot be decoded. */
export interface CorruptRecordLocation {
  /** The Redis key that holds the record. */
  key: string;
  threadId?: string;
  checkpointNs?: string;
  checkpointId?: string;
  channel?: string;
  /** Of an item of a store that cannot be decrypted. */
  namespace?: readonly string[];
  itemKey?: string;
}

/** Something stored in Redis is missing, altered or not in our format. It is never returned as data. */
export class CorruptRecordError extends LangGraphRedisError {
  static {
    identify(CorruptRecordError, "CorruptRecordError");
  }
  readonly code = "CORRUPT_RECORD";

  constructor(
    problem: string,
    readonly location: CorruptRecordLocation,
    options?: ErrorOptions,
  ) {
    super(`${problem} (${placeOf(location)})`, options);
  }
}

/**
 * Something stored in Redis cannot be decrypted, or is not encrypted although it should be; or the function failed that fetches a
 * key. It is never returned as data.
 *
 * That a value cannot be decrypted has two causes, which look the same: another key has its id, or it is not what was
 * stored in that place.
 */
export class EncryptionError extends LangGraphRedisError {
  static {
    identify(EncryptionError, "EncryptionError");
  }
  readonly code = "ENCRYPTION";
  /** The id of the key, as it was configured, or as the stored value names it; undefined where there is none. */
  readonly keyId: string | undefined;
  /** Where it was found; undefined when it is about a key alone. */
  readonly location: CorruptRecordLocation | undefined;
  readonly #problem: string;

  constructor(
    problem: string,
    {
      keyId,
      location,
      cause,
    }: { keyId?: string | undefined; location?: CorruptRecordLocation; cause?: unknown } = {},
  ) {
    super(
      `${problem}${location ? ` (${placeOf(location)})` : ""}.`,
      cause === undefined ? undefined : { cause },
    );
    this.#problem = problem;
    this.keyId = keyId;
    this.location = location;
  }

  /** The same error, which says what could not be done because of it, and where. */
  at(what: string, location: CorruptRecordLocation): EncryptionError {
    const { keyId, cause } = this;
    return new EncryptionError(`${what}: ${this.#problem}`, { keyId, location, cause });
  }
}

function placeOf(location: CorruptRecordLocation): string {
  return (
    Object.entries(location)
      // The message names the item itself.
      .filter(([name, value]) => value !== undefined && name !== "namespace" && name !== "itemKey")
      .map(([name, value]) => `${name} ${JSON.stringify(value)}`)
      .join(", ")
  );
}
