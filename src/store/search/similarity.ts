import type { Distance } from "../types.js";

/** The distance that the server computes, as a similarity: higher is better. */
export function similarity(metric: Distance, distance: number): number {
  switch (metric) {
    case "cosine":
      return Math.max(-1, Math.min(1, 1 - distance)); // 32-bit rounding can step over the edge
    case "ip":
      return 1 - distance;
    case "l2":
      return 1 / (1 + Math.sqrt(Math.max(0, distance))); // the server leaves the root out
  }
}
