import { describe } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { readArguments } from "./arguments.js";
import { type Request, readOperation } from "./operations.js";
import type { StoreSettings } from "./options.js";
import { asError, type Outcome } from "./plan.js";
import type { StoreOperation } from "./types.js";

/** An operation of a batch. */
export interface BatchOperation {
  /** What the caller gave, for errors only: it may have changed since. */
  operation: StoreOperation;
  /** What was asked for at the call, or why it cannot be done. */
  request: Outcome<Request>;
}

/** Reads the operations of a batch. @throws {InvalidInputError} when they are no array. */
export function readBatch(operations: readonly StoreOperation[], settings: StoreSettings): BatchOperation[] {
  return readArguments("the operations of batch", () => {
    if (!Array.isArray(operations)) {
      throw new InvalidInputError(`batch needs an array of operations, got ${describe(operations)}.`);
    }
    return Array.from(operations as readonly StoreOperation[], (operation) => ({
      operation,
      request: readRequest(operation, settings),
    }));
  });
}

function readRequest(operation: StoreOperation, settings: StoreSettings): Outcome<Request> {
  try {
    return { ok: true, value: readArguments("the operation", () => readOperation(operation, settings)) };
  } catch (error) {
    return { ok: false, error: asError(error) };
  }
}
