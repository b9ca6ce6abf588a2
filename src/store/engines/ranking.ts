/** A document that a query found. */
export interface Ranked {
  /** Its Redis key. */
  id: string;
  /** Higher is better. */
  score: number;
}

/** Best first; equals by key, so that the order is the same each time. */
export function byRank(a: Ranked, b: Ranked): number {
  return b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** How many documents of each ranking take part in a fusion, at least. */
const LEAST_WINDOW = 50;

/** How many documents of each ranking are fused for a page: enough that some of them may have to go. */
export function rankWindow({ offset, limit }: { offset: number; limit: number }): number {
  return Math.max(LEAST_WINDOW, 3 * (offset + limit));
}

/** How much the first ranks count for more than later ones. 60 is the customary constant. */
export const RRF_CONSTANT = 60;

/** Reciprocal rank fusion: what is near the top of several rankings comes first. Each ranking is best first. */
export function reciprocalRankFusion<T extends Ranked>(rankings: readonly (readonly T[])[]): T[] {
  const fused = new Map<string, T>();
  for (const ranking of rankings) {
    ranking.forEach((hit, index) => {
      const score = (fused.get(hit.id)?.score ?? 0) + 1 / (RRF_CONSTANT + index + 1);
      fused.set(hit.id, { ...hit, score });
    });
  }
  return [...fused.values()].sort(byRank);
}
