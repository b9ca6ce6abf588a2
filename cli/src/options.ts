import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "commander";
import type { ConnectionOptions } from "./connection.js";
import { UsageError } from "./errors.js";

/** Options of all commands. */
export interface GlobalOptions extends ConnectionOptions {
  prefix?: string;
  json?: boolean;
  key?: string[];
  keyFile?: string;
}

/** For commander: a whole number of at least one. */
export function positiveInteger(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError("It must be a whole number, at least 1.");
}

/** For commander: a JSON object. */
export function jsonObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below.
  }
  throw new InvalidArgumentError(`It must be a JSON object, such as '{"kind":"fact"}'.`);
}

const UNITS = { s: 1 / 60, m: 1, h: 60, d: 60 * 24, w: 60 * 24 * 7 } as const;

const LONGEST = 365_000 * UNITS.d;

/** For commander: a length of time, in minutes: "90s", "30m", "12h", "7d", "2w". */
export function duration(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([smhdw])$/.exec(text) ?? [];
  const minutes = Number(number) * UNITS[unit as keyof typeof UNITS];
  if (minutes > LONGEST)
    throw new InvalidArgumentError("It must not be longer than a thousand years, 365000d.");
  if (minutes > 0) return minutes;
  throw new InvalidArgumentError("It must be a length of time, such as 90s, 30m, 12h, 7d or 2w.");
}

/** For commander: a text to look for. An empty one would be in all: it is what a shell makes of a variable that is not set. */
export function searchText(text: string): string {
  if (text !== "") return text;
  throw new InvalidArgumentError("It must not be empty.");
}

/** For commander: texts with commas between them. */
export function list(text: string): string[] {
  return text.split(",").map((each) => each.trim());
}

/** For commander: an option that may be given several times. */
export function several(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** What the library's option `encryption` takes. */
export interface Keys {
  keys: Record<string, string>;
  current: string;
  allowPlaintext: boolean;
}

/**
 * The keys of encrypted data: `--key id=base64`, several times, or a file with one such line for each. The first one encrypts
 * what is written.
 *
 * @throws {UsageError} which shows no key.
 */
export function readKeys({ key = [], keyFile }: GlobalOptions, env: NodeJS.ProcessEnv): Keys | undefined {
  const lines = [...key, ...(keyFile === undefined ? [] : readKeyFile(keyFile))];
  if (lines.length === 0 && env.LANGGRAPH_REDIS_KEY) lines.push(env.LANGGRAPH_REDIS_KEY);
  const keys = lines.map((line) => {
    const [, id, value] = /^([^=\s]+)=(\S+)$/.exec(line.trim()) ?? [];
    if (id === undefined || value === undefined) {
      throw new UsageError(
        "a key must be id=base64.",
        "Example: --key-file keys.txt, with lines such as 2026=3q2+7w…",
      );
    }
    return [id, value] as const;
  });
  const [first] = keys;
  return first && { keys: Object.fromEntries(keys), current: first[0], allowPlaintext: true };
}

function readKeyFile(path: string): string[] {
  try {
    const lines = readFileSync(path, "utf8").split(/\r?\n/);
    return lines.filter((line) => line.trim() !== "" && !line.startsWith("#"));
  } catch (cause) {
    throw new UsageError(`--key-file: ${path} cannot be read (${(cause as NodeJS.ErrnoException).code}).`);
  }
}
