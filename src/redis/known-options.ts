import { describe, quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { isPlainObject } from "../plain-object.js";

/** The names of all options of a type. The compiler sees to it that none is missing. */
export type KnownOptions<T> = { readonly [Name in keyof Required<T>]: true };

/**
 * Refuses options that do not exist: a misspelt option would silently do nothing. So would what a Map holds, or a getter
 * of a class: options are a plain object.
 *
 * @param options what the caller gave; `undefined` stands for no options.
 * @param where what takes the options, for the message: `"RedisSaver"`, `"ttl"`.
 * @throws {InvalidInputError} which names the unknown option and the known one that is most like it.
 *
 * @example
 * ```ts
 * const TTL_OPTIONS: KnownOptions<ThreadTtl> = { defaultTTL: true, refreshOnRead: true };
 * checkKnownOptions(options.ttl, TTL_OPTIONS, "ttl");
 * ```
 */
export function checkKnownOptions(
  options: unknown,
  known: Readonly<Record<string, true>>,
  where: string,
): void {
  if (options === undefined) return;
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw new InvalidInputError(`the options of ${where} must be an object, got ${describe(options)}.`);
  }
  if (!isPlainObject(options)) {
    throw new InvalidInputError(`the options of ${where} must be a plain object, got ${describe(options)}.`);
  }
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const names = Object.keys(known);
  const nearest = nearestOf(unknown, names);
  const hint = nearest === undefined ? `Known are: ${names.join(", ")}` : `Did you mean ${quote(nearest)}?`;
  throw new InvalidInputError(`${where} has no option ${quote(unknown)}. ${hint}${nearest ? "" : "."}`);
}

/** The name that needs the fewest changes to become the wanted one, if these are few. */
function nearestOf(wanted: string, names: readonly string[]): string | undefined {
  const ranked = names
    .map((name) => ({ name, changes: editDistance(wanted.toLowerCase(), name.toLowerCase()) }))
    .sort((one, other) => one.changes - other.changes);
  const [best] = ranked;
  return best && best.changes <= Math.max(2, Math.floor(wanted.length / 3)) ? best.name : undefined;
}

/** The number of characters to insert, delete or replace (Levenshtein). */
function editDistance(one: string, other: string): number {
  // Names of options are short; a longer text is none.
  if (one.length > 50) return Number.POSITIVE_INFINITY;
  let above = Array.from({ length: other.length + 1 }, (_, at) => at);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let at = 1; at <= other.length; at++) {
      const replaced = (above[at - 1] as number) + (one[row - 1] === other[at - 1] ? 0 : 1);
      current.push(Math.min(replaced, (above[at] as number) + 1, (current[at - 1] as number) + 1));
    }
    above = current;
  }
  return above[other.length] as number;
}
