import type { Part } from "../part.js";
import { table } from "../report.js";
import { type BenchClient, withServer } from "../server.js";
import { fillStore, namespaceOf, SCOPES } from "./data.js";
import { SIZES, syntheticVectors, type Vectors, wordVectors } from "./vectors.js";

const EFFORTS = [100, 200, 300, 500];

interface Recall {
  origin: string;
  size: number;
  /** By scope, then by effort. */
  recalls: { scope: string; byEffort: (number | undefined)[] }[];
}

/** How many of the ten nearest neighbours a search finds, against comparing with every vector. */
export const recall: Part = {
  name: "recall",
  async measure() {
    const size = Math.max(...SIZES);
    const all = [await wordVectors(), syntheticVectors(size, true), syntheticVectors(size, false)];
    const recalls: Recall[] = [];
    await withServer(
      async ({ client }) => {
        for (const vectors of all) recalls.push(await measureRecall(client, vectors, size));
      },
      { search: true },
    );
    return { goals: [], section: report(recalls) };
  },
};

async function measureRecall(client: BenchClient, vectors: Vectors, size: number): Promise<Recall> {
  const { store, clear } = await fillStore(client, vectors, size);
  const recalls = [];
  for (const { name, path } of SCOPES) {
    const exact = exactNeighbours(vectors, size, [...path]);
    const byEffort: (number | undefined)[] = [];
    for (const efRuntime of EFFORTS) {
      const found = [];
      for (const query of vectors.queries) found.push(await store.search([...path], { query, efRuntime }));
      byEffort.push(recallOf(found, exact));
    }
    recalls.push({ scope: name, byEffort });
  }
  await clear();
  return { origin: vectors.origin, size, recalls };
}

/** The keys of the ten nearest neighbours of each query, by comparing with every vector under the path. */
export function exactNeighbours(vectors: Vectors, size: number, path: readonly string[]): Set<string>[] {
  const candidates = vectors.names
    .slice(0, size)
    .filter((_, at) => path.every((label, depth) => namespaceOf(at)[depth] === label))
    .map((name) => ({ name, unit: unitOf(vectors.of(name)) }));
  return vectors.queries.map((query) => {
    const unit = unitOf(vectors.of(query));
    const scored = candidates.map((candidate) => ({
      name: candidate.name,
      score: dot(unit, candidate.unit),
    }));
    scored.sort((a, b) => b.score - a.score);
    return new Set(scored.slice(0, 10).map(({ name }) => name));
  });
}

export function recallOf(
  found: readonly (readonly { key: string }[])[],
  exact: readonly Set<string>[],
): number | undefined {
  let hits = 0;
  let possible = 0;
  found.forEach((items, at) => {
    const wanted = exact[at] as Set<string>;
    possible += wanted.size;
    for (const { key } of items) if (wanted.has(key)) hits++;
  });
  return possible === 0 ? undefined : hits / possible;
}

/** A recall, or nothing where there was nothing to find. */
export function shown(recall: number | undefined): string {
  return recall === undefined ? "" : recall.toFixed(4);
}

function unitOf(vector: readonly number[]): Float64Array {
  const length = Math.sqrt(vector.reduce((sum, each) => sum + each * each, 0));
  return Float64Array.from(vector, (each) => each / length);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at++) sum += (a[at] as number) * (b[at] as number);
  return sum;
}

function report(all: readonly Recall[]): string {
  const rows = [
    [
      "vectors",
      "searched",
      ...EFFORTS.map((effort) => `efRuntime ${effort}${effort === 300 ? " (default)" : ""}`),
    ],
  ];
  for (const { origin, recalls } of all) {
    for (const { scope, byEffort } of recalls) rows.push([origin, scope, ...byEffort.map(shown)]);
  }
  return [
    "## Recall",
    `How many of the ten nearest of ${all[0]?.size.toLocaleString("en")} items a search finds, by 200 queries, with the ` +
      "index at its defaults (HNSW, m 32, efConstruction 200). Vectors in all directions alike are the worst case of any " +
      "approximate index; those of real models have structure. Namespaces of up to some thousand items are searched exactly.",
    table(rows),
  ].join("\n\n");
}
