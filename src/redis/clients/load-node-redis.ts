import { InvalidInputError } from "../../errors.js";

/**
 * Loads node-redis when a connection is opened. Those who bring a client of ioredis need not have it.
 *
 * @throws {InvalidInputError} when it is not installed.
 */
export async function loadNodeRedis(): Promise<typeof import("redis")> {
  try {
    return await import("redis");
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new InvalidInputError(
      'opening a connection needs the package "redis", which is not installed. Run `npm install redis`, ' +
        "or pass a client of ioredis: `client: fromIoredis(redis)`, with fromIoredis from " +
        '"langgraph-redis/ioredis".',
      { cause: error },
    );
  }
}

/** Whether the package itself is missing, rather than one that it needs. */
function isMissing(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return /^(ERR_)?MODULE_NOT_FOUND$/.test(String(error.code)) && error.message.includes("'redis'");
}
