import { reasonOf } from "../describe.js";

/** Servers quote the arguments of commands that they do not understand. */
const QUOTED_ARGUMENTS = /,? with args beginning with:.*$/s;

/** What a client or a server said of a failure, for a message of ours: without arguments of commands. */
export function clientMessage(error: unknown): string {
  // Node shows a wrong argument in the message of the TypeError.
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError)
    return reasonOf(error);
  return error.message.replace(QUOTED_ARGUMENTS, "") || reasonOf(error);
}

/** The text without the secrets: servers quote what they were sent, also in a way of their own. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  // A secret may be the beginning of another one.
  const longestFirst = [...secrets].sort((one, other) => other.length - one.length);
  return longestFirst.reduce((cleaned, secret) => cleaned.replaceAll(patternOf(secret), "***"), text);
}

/** The error as it may be shown. */
export function cleaned(error: Error, secrets: readonly string[]): Error {
  const message = withoutSecrets(error.message, secrets);
  return message === error.message ? error : Object.assign(new Error(message), { name: error.name });
}

/** A short secret can be part of any word, which would become illegible; it is taken out where it stands alone. */
function patternOf(secret: string): RegExp {
  if (secret === "") return /(?!)/g;
  const text = secret.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(secret.length < 4 ? `(?<![\\p{L}\\p{N}])${text}(?![\\p{L}\\p{N}])` : text, "gu");
}
