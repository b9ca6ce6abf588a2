import { describeId } from "../describe.js";
import { InvalidInputError } from "../errors.js";

/** The prefix of every key and index name, unless an option says otherwise. */
export const DEFAULT_KEY_PREFIX = "langgraph";

/**
 * Checks the `keyPrefix` option.
 *
 * @throws {InvalidInputError} when it is empty or not a string; or contains a brace, as braces choose the cluster
 * slot of a key, and that choice has to stay with us for the keys that change together; or NUL, which ends the names
 * of indexes; or half of a surrogate pair, as all of these would become the same bytes.
 */
export function checkKeyPrefix(keyPrefix: unknown): string {
  if (typeof keyPrefix !== "string" || keyPrefix === "" || /[{}\0]|\p{Surrogate}/u.test(keyPrefix)) {
    throw new InvalidInputError(
      `keyPrefix must be a non-empty, well-formed string without braces and NUL, got ${describeId(keyPrefix)}. Example: "langgraph".`,
    );
  }
  return keyPrefix;
}

/** @throws {InvalidInputError} unless the prefix is none. */
export function refuseKeyPrefix(keyPrefix: unknown): void {
  if (keyPrefix === undefined || keyPrefix === null || String(keyPrefix) === "") return;
  throw new InvalidInputError(
    `the client was created with keyPrefix ${describeId(keyPrefix)}, which does not reach the keys inside scripts ` +
      "and index definitions. Create the client without it and pass keyPrefix to RedisSaver or RedisStore.",
  );
}
