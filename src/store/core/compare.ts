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
