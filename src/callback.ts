import { describe, reasonOf } from "./describe.js";
import { InvalidInputError } from "./errors.js";

/** Calls a callback of the user's. The promise is there when the callback has returned one, and is to be awaited. */
export type CheckedCallback<Args extends unknown[]> = (...args: Args) => Promise<void> | undefined;

/**
 * Checks a callback. The returned function calls it, so that a promise which it returns is not left alone: one that rejects and that nobody
 * awaits ends the process.
 *
 * @throws {InvalidInputError} when it is no function; the returned function, when the callback throws; its promise, when that of the callback
 * rejects.
 */
export function readCallback<Args extends unknown[]>(
  name: string,
  callback: ((...args: Args) => unknown) | undefined,
): CheckedCallback<Args> | undefined {
  if (callback === undefined) return undefined;
  if (typeof callback !== "function") {
    throw new InvalidInputError(`${name} must be a function, got ${describe(callback)}.`);
  }
  const failed = (cause: unknown): never => {
    throw new InvalidInputError(`${name} failed: ${reasonOf(cause)}. The cause has the error.`, { cause });
  };
  return (...args) => {
    try {
      const returned = callback(...args);
      return isThenable(returned) ? Promise.resolve(returned).then(() => {}, failed) : undefined;
    } catch (error) {
      return failed(error);
    }
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}
