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

/**
 * @param defaultTtl for entries without one of their own.
 * @throws {InvalidInputError} naming what cannot be stored.
 */
export function checkEntries(pairs: unknown, defaultTtl: number | undefined): CacheEntry[] {
  if (!Array.isArray(pairs)) {
    throw new InvalidInputError(`set() takes an array of { key, value, ttl }, got ${describe(pairs)}.`);
  }
  return pairs.map((pair: unknown) => {
    if (!isPlainObject(pair)) {
      throw new InvalidInputError(`set() takes objects { key, value, ttl }, got ${describe(pair)}.`);
    }
    const { key, value, ttl } = pair;
    const hasOwn = ttl !== undefined && ttl !== null;
    return { key: checkKey(key), value, ttl: hasOwn ? ttlInMilliseconds(ttl) : defaultTtl };
  });
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
