import { UsageError } from "./errors.js";

/**
 * How the command line writes a namespace: its labels with `/` between them, and in a label `%`, `/` and what would steer a terminal as
 * percent-escapes. `/` alone is the whole store. Every namespace has one such path, and every path is of one namespace.
 */
export function formatPath(namespace: readonly string[]): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminals act upon them
  const escapes = /[%/\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;
  return namespace.length === 0
    ? "/"
    : namespace.map((label) => label.replace(escapes, encodeURIComponent)).join("/");
}

/** @throws {UsageError} when the text is no path. */
export function parsePath(text: string): string[] {
  if (text === "/") return [];
  // It is what a shell makes of a variable that is not set.
  if (text === "") throw new UsageError("the path is empty.", EXAMPLE);
  return text
    .replace(/^\/|\/$/g, "")
    .split("/")
    .map((label) => {
      if (label === "") throw new UsageError(`the path ${text} has an empty label.`, EXAMPLE);
      try {
        return decodeURIComponent(label);
      } catch {
        throw new UsageError(
          `the path ${text} has a % that is no escape: write %25 for a percent sign.`,
          EXAMPLE,
        );
      }
    });
}

const EXAMPLE = 'Example: memories/user-1 is the namespace ["memories", "user-1"]; / is the whole store.';
