import { describeOption } from "../describe.js";
import { InvalidInputError } from "../errors.js";

/**
 * 100 million days, the range of JavaScript's dates: the moment of expiry in milliseconds, which is this much later than
 * now, still is a number that JavaScript, Lua and sorted sets have exactly.
 */
const LONGEST = 8.64e15;

/**
 * A time to live as Redis takes it: whole milliseconds, one at least.
 *
 * @param name what the option is called, for the message.
 * @throws {InvalidInputError} unless it is a positive number of minutes, at most 144,000,000,000.
 */
export function toMilliseconds(minutes: unknown, name: string): number {
  if (typeof minutes !== "number" || !(minutes > 0) || minutes * 60_000 > LONGEST) {
    throw new InvalidInputError(
      `${name} must be a positive number of minutes, at most ${LONGEST / 60_000}, got ${describeOption(minutes)}.`,
    );
  }
  return Math.max(1, Math.round(minutes * 60_000));
}
