import type { CacheFullKey, CacheNamespace } from "@langchain/langgraph-checkpoint";
import { describe } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { isPlainObject } from "../plain-object.js";
import { ttlInMilliseconds } from "./options.js";

/** An entry to store. */
export interface CacheEntry {
  readonly key: CacheFullKey;
  readonly value: unknown;
  /** Milliseconds; 0 for one that has expired already, `undefined` for never. */
  readonly ttl: number | undefined;
}

/** @throws {InvalidInputError} unless it is a list of namespaces with a key each. */
export function checkKeys(keys: unknown): CacheFullKey[] {
  if (!Array.isArray(keys)) {
    throw new InvalidInputError(`get() takes an array of [namespace, key], got ${describe(keys)}.`);
  }
  return keys.map(checkKey);
}

/** Entries to store, and why others are not. */
export interface CheckedEntries {
  readonly entries: readonly CacheEntry[];
  readonly refused: readonly InvalidInputError[];
}

/**
 * @param defaultTtl for entries without one of their own.
 * @returns the entries whose time to live is one: the policy of a node says it, and a graph does not wait for what comes of it.
 * @throws {InvalidInputError} naming what else is wrong.
 */
export function checkEntries(pairs: unknown, defaultTtl: number | undefined): CheckedEntries {
  if (!Array.isArray(pairs)) {
    throw new InvalidInputError(`set() takes an array of { key, value, ttl }, got ${describe(pairs)}.`);
  }
  const entries: CacheEntry[] = [];
  const refused: InvalidInputError[] = [];
  for (const pair of pairs) {
    if (!isPlainObject(pair)) {
      throw new InvalidInputError(`set() takes objects { key, value, ttl }, got ${describe(pair)}.`);
    }
    const { key, value, ttl } = pair;
    const entry = { key: checkKey(key), value };
    if (ttl === undefined || ttl === null) entries.push({ ...entry, ttl: defaultTtl });
    else {
      try {
        entries.push({ ...entry, ttl: ttlInMilliseconds(ttl) });
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error;
        refused.push(error);
      }
    }
  }
  return { entries, refused };
}

/** @throws {InvalidInputError} unless it is a list of namespaces. */
export function checkNamespaces(namespaces: unknown): CacheNamespace[] {
  if (!Array.isArray(namespaces)) {
    throw new InvalidInputError(
      `clear() takes an array of namespaces, [] for all of them, got ${describe(namespaces)}.`,
    );
  }
  return namespaces.map(checkNamespace);
}

function checkKey(key: unknown): CacheFullKey {
  if (!Array.isArray(key) || key.length !== 2 || typeof key[1] !== "string") {
    throw new InvalidInputError(
      `the key of an entry must be [namespace, key], as in [["weather"], "Paris"], got ${describe(key)}.`,
    );
  }
  return [checkNamespace(key[0]), key[1]];
}

function checkNamespace(namespace: unknown): CacheNamespace {
  if (!Array.isArray(namespace) || !namespace.every((label) => typeof label === "string")) {
    throw new InvalidInputError(`a namespace must be an array of strings, got ${describe(namespace)}.`);
  }
  return [...namespace];
}
