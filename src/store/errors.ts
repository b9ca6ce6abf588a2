import { quote } from "../describe.js";
import { identify } from "../error-identity.js";
import { LangGraphRedisError } from "../errors.js";
import type { StoreOperation } from "./types.js";

/**
 * A filter cannot be used: an unknown operator, or an operand that is no JSON value. Nothing was sent to Redis. `cause` is
 * the error of a getter or `toJSON` in the filter, if one threw.
 */
export class FilterError extends LangGraphRedisError {
  static {
    identify(FilterError, "FilterError");
  }
  readonly code = "INVALID_FILTER";
}

/** The stored index was made for another configuration. Nothing was written. */
export class IndexMismatchError extends LangGraphRedisError {
  static {
    identify(IndexMismatchError, "IndexMismatchError");
  }
  readonly code = "INDEX_MISMATCH";

  constructor(
    /** Name of the search index. */
    readonly index: string,
    /** What differs: the value that the index has and the one this store is configured with. */
    readonly differences: readonly IndexDifference[],
  ) {
    super(
      `index ${quote(index)} was created with another configuration: ${showDifferences(differences)}. Use the stored configuration, use ` +
        "another keyPrefix, or go over to the new one: new RedisStore({ client, index }).reindex().",
    );
  }
}

/**
 * Another `reindex` carries out another plan, or has taken over from this one. The index that serves is theirs, or the one
 * from before; what this call had begun is done again, or cleared away, by the next `reindex` that comes to its end.
 */
export class ReindexConflictError extends LangGraphRedisError {
  static {
    identify(ReindexConflictError, "ReindexConflictError");
  }
  readonly code = "REINDEX_CONFLICT";

  constructor(
    /** What differs, where the other one has another configuration. `stored` is the setting of the other one. */
    readonly differences: readonly IndexDifference[],
    detail: string,
  ) {
    const list = differences.length > 0 ? ` for another configuration: ${showDifferences(differences)}` : "";
    super(
      `another reindex() is at work${list}. ${detail} Wait until it has ended, and call reindex() again if still needed.`,
    );
  }
}

function showDifferences(differences: readonly IndexDifference[]): string {
  return differences
    .map(
      ({ setting, stored, configured }) =>
        `${setting} is ${showSetting(stored)} there and ${showSetting(configured)} here`,
    )
    .join("; ");
}

/** A setting is a number, a name, or paths of fields. */
function showSetting(setting: unknown): string {
  return setting === undefined || setting === null ? "not set" : quote(setting as string);
}

/** One setting in which the stored index and the configuration differ. */
export interface IndexDifference {
  setting: string;
  stored: unknown;
  configured: unknown;
}

/** The embedding model failed, or answered with something that is not one vector for each text. */
export class EmbeddingError extends LangGraphRedisError {
  static {
    identify(EmbeddingError, "EmbeddingError");
  }
  readonly code: "EMBEDDING_FAILED" | "INVALID_VECTOR" = "EMBEDDING_FAILED";
}

/** The embedding model gave a vector that cannot be stored or searched for. The item was not written. */
export class InvalidVectorError extends EmbeddingError {
  static {
    identify(InvalidVectorError, "InvalidVectorError");
  }
  override readonly code = "INVALID_VECTOR";
}

/** A conditional put found the item in another state than it expected. The item was not changed. */
export class VersionConflictError extends LangGraphRedisError {
  static {
    identify(VersionConflictError, "VersionConflictError");
  }
  readonly code = "VERSION_CONFLICT";

  constructor(
    readonly namespace: readonly string[],
    readonly key: string,
    /** The version that the put expected; `null` when it expected no item. */
    readonly expected: number | null,
    /** The version that is stored; `null` when there is no item. */
    readonly actual: number | null,
  ) {
    const found = actual === null ? "does not exist" : `has version ${actual}`;
    const wanted = expected === null ? "to be absent" : `at version ${expected}`;
    super(
      `item ${quote(key)} in namespace ${quote(namespace)} ${found}, but was expected ${wanted}. ` +
        "Read it again, apply the change to what is there, and put it with its version.",
    );
  }
}

/** The server cannot do what the store was asked for. */
export class EngineUnavailableError extends LangGraphRedisError {
  static {
    identify(EngineUnavailableError, "EngineUnavailableError");
  }
  readonly code = "ENGINE_UNAVAILABLE";
}

/** One operation of a batch that failed. */
export interface BatchFailure {
  /** Position of the operation in the batch. */
  index: number;
  operation: StoreOperation;
  error: Error;
}

/** Some operations of a batch failed; all others were done. */
export class BatchError extends LangGraphRedisError {
  static {
    identify(BatchError, "BatchError");
  }
  readonly code = "BATCH_FAILED";

  /** The operations that failed. */
  readonly failures: readonly BatchFailure[];
  /** The results of the operations that were done, in their places; `undefined` for those that failed. */
  declare readonly results: readonly unknown[];

  constructor(failures: readonly BatchFailure[], results: readonly unknown[]) {
    const [first] = failures;
    super(
      `${failures.length} of ${results.length} operations failed, the others were done. ` +
        `Operation ${first?.index}: ${first?.error.message}`,
      { cause: first?.error },
    );
    // Operations and results hold values: they can be read, but are not written to logs with the error.
    this.failures = failures.map(({ index, operation, error }) =>
      Object.defineProperty({ index, operation, error }, "operation", { enumerable: false }),
    );
    Object.defineProperty(this, "results", { value: results, enumerable: false });
  }
}
