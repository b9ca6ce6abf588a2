import { describe } from "../../describe.js";
import { InvalidInputError } from "../../errors.js";

/** Whether a value has named properties as an object literal has. Lists, dates, maps and the like have none. */
export function isRecordLike(value: unknown): value is Record<string, unknown> {
  return Object.prototype.toString.call(value) === "[object Object]";
}

/** Refuses what would be read as an object without properties, or as one with an index for each character. */
export function checkRecordLike(value: unknown, what: string): asserts value is object | null | undefined {
  if (value === undefined || value === null || isRecordLike(value)) return;
  throw new InvalidInputError(`${what} must be an object, got ${describe(value)}.`);
}
