import { isDeepStrictEqual } from "node:util";

/**
 * Whether the metadata has each of the filter's keys with an equal value. Values are compared as JSON values:
 * deeply, and 1 is not "1".
 */
export function matchesFilter(metadata: object | undefined, filter: Record<string, unknown>): boolean {
  return Object.entries(filter).every(([key, wanted]) => {
    const actual =
      metadata && Object.hasOwn(metadata, key) ? (metadata as Record<string, unknown>)[key] : undefined;
    return isDeepStrictEqual(actual, wanted);
  });
}
