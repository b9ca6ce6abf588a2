/** Wrong use of the command line: ends with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";

  /** @param hint what to do instead, on a line of its own. */
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
  }
}

/** Something that was asked for is not there, or cannot be done: ends with exit code 1. */
export class CommandError extends Error {
  override name = "CommandError";

  constructor(
    message: string,
    readonly hint?: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
