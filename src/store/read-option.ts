import { describe, describeOption } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { toMilliseconds } from "../redis/time-to-live.js";

// Each reads one option, and throws an InvalidInputError that names it when its value cannot be used.

/** Minutes as milliseconds. `undefined` and `null` mean never. */
export function readTtl(name: string, minutes: unknown): number | undefined {
  return minutes === undefined || minutes === null ? undefined : toMilliseconds(minutes, name);
}

export function readNumber(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new InvalidInputError(`${name} must be a finite number, got ${describeOption(value)}.`);
  }
  return value;
}

export function wholeNumber(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new InvalidInputError(`${name} must be 0 or a positive integer, got ${describeOption(value)}.`);
  }
  return value as number;
}

export function positiveInteger(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new InvalidInputError(`${name} must be a positive integer, got ${describeOption(value)}.`);
  }
  return value as number;
}

export function flag(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new InvalidInputError(`${name} must be true or false, got ${describe(value)}.`);
  }
  return value;
}

export function readName(name: string, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw new InvalidInputError(`${name} must be a non-empty string, got ${describe(value)}.`);
  }
  return value;
}

export function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) {
    throw new InvalidInputError(`${name} must be one of ${allowed.join(", ")}, got ${describe(value)}.`);
  }
  return value;
}
