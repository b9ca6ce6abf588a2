import { slotOf } from "./slot.js";

/**
 * Threads and namespaces are spread over so many partitions. The partition is the hash tag of their keys and of the
 * indexes that name them, so that one script can write all of these.
 */
export const PARTITIONS = 256;

/** The partition of what has this name, which is encoded for keys. */
export function partitionOf(encoded: string): number {
  return slotOf(encoded) % PARTITIONS;
}

/**
 * How many each partition is asked for, so that one round trip almost always gives all that are expected.
 *
 * @param among Over how many partitions these are spread.
 */
export function shareOf(expected: number, among: number = PARTITIONS): number {
  const mean = expected / among;
  return Math.min(expected, Math.ceil(mean + 4 * Math.sqrt(mean) + 2));
}
