import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { reasonOf } from "../describe.js";
import { InvalidInputError, LangGraphRedisError } from "../errors.js";

/**
 * Reads, checks and copies what a caller gave. Every public method does so before it waits for anything, so that what
 * the caller changes afterwards changes nothing. Getters, Proxies and `toJSON` methods are the caller's code.
 *
 * @param what names the arguments in the message.
 * @throws {InvalidInputError} when that code throws, with its error as the cause.
 */
export function readArguments<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof LangGraphRedisError || error instanceof InvalidNamespaceError) throw error;
    throw new InvalidInputError(`${what} cannot be read: ${reasonOf(error)}. The cause has the error.`, {
      cause: error,
    });
  }
}
