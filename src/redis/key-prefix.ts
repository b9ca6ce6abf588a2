import { InvalidInputError } from "../errors.js";

/** @throws {InvalidInputError} unless the prefix is none. */
export function refuseKeyPrefix(keyPrefix: unknown): void {
  if (keyPrefix === undefined || keyPrefix === null || String(keyPrefix) === "") return;
  throw new InvalidInputError(
    `the client was created with keyPrefix "${String(keyPrefix)}", which does not reach the keys inside scripts ` +
      "and index definitions. Create the client without it and pass keyPrefix to RedisSaver or RedisStore.",
  );
}
