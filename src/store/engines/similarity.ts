import type { Distance } from "../types.js";

/** Compares vectors with one query: higher is better, as the search engine's scores are. */
export function similarityTo(query: Float32Array, metric: Distance): (vector: Float32Array) => number {
  switch (metric) {
    case "ip":
      return (vector) => dot(query, vector);
    case "l2":
      return (vector) => 1 / (1 + Math.sqrt(squaredDistance(query, vector)));
    case "cosine": {
      const length = Math.sqrt(dot(query, query));
      return (vector) => {
        const cosine = dot(query, vector) / (length * Math.sqrt(dot(vector, vector)));
        return Math.max(-1, Math.min(1, cosine));
      };
    }
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += ((a[at] as number) - (b[at] as number)) ** 2;
  return sum;
}

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
