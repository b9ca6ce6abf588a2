import { describe, describeOption } from "../describe.js";
import { InvalidInputError } from "../errors.js";

/** @throws {InvalidInputError} */
export function checkMethods(value: unknown, what: string, methods: readonly string[], kind: string): void {
  const has = (name: string) =>
    typeof (value as Record<string, unknown> | null | undefined)?.[name] === "function";
  if (methods.every(has)) return;
  throw new InvalidInputError(`${what} must be a ${kind}, got ${describe(value)}.`);
}

/** @throws {InvalidInputError} */
export function checkCount(value: unknown, name: string, byDefault: number): number {
  const count = value ?? byDefault;
  if (Number.isInteger(count) && (count as number) >= 1) return count as number;
  throw new InvalidInputError(`${name} must be a whole number, at least 1, got ${describeOption(count)}.`);
}

/** @throws {InvalidInputError} */
export function checkFlag(value: unknown, name: string): boolean {
  if (value === undefined || typeof value === "boolean") return value ?? false;
  throw new InvalidInputError(`${name} must be true or false, got ${describe(value)}.`);
}

/** @throws {InvalidInputError} */
export function checkChoice<T extends string>(
  value: unknown,
  name: string,
  choices: readonly T[],
  byDefault: T,
): T {
  const choice = value ?? byDefault;
  if (choices.includes(choice as T)) return choice as T;
  const known = choices.map((each) => JSON.stringify(each)).join(", ");
  throw new InvalidInputError(`${name} must be one of ${known}, got ${describe(choice)}.`);
}

/** @throws {InvalidInputError} */
export function checkFunction(value: unknown, name: string): void {
  if (value === undefined || typeof value === "function") return;
  throw new InvalidInputError(`${name} must be a function, got ${describe(value)}.`);
}

/** @throws {InvalidInputError} */
export function checkSignal(value: unknown): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw new InvalidInputError(`signal must be an AbortSignal, got ${describe(value)}.`);
}

/** @throws {InvalidInputError} */
export function checkThreads(threads: unknown): void {
  if (threads === undefined) return;
  const isList = typeof threads === "object" && threads !== null;
  if (isList && (Symbol.iterator in threads || Symbol.asyncIterator in threads)) return;
  throw new InvalidInputError(
    `threads must be a list or an async iterable of thread ids, got ${describe(threads)}.`,
  );
}

/** @throws {InvalidInputError} */
export function checkPrefix(prefix: unknown = []): string[] {
  if (Array.isArray(prefix) && prefix.every((label) => typeof label === "string")) return prefix;
  throw new InvalidInputError(`prefix must be a list of labels, got ${describe(prefix)}.`);
}
