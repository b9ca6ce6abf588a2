/** An item in a ranking. */
export interface Ranked {
  /** The Redis key of its document. */
  id: string;
  /** Higher is better. */
  score: number;
}

/** Best first; equals by key, so that the order is the same each time. */
export function byRank(a: Ranked, b: Ranked): number {
  return b.score - a.score || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}

/** Each item once, with its best score, best first. */
export function rankItems<T extends Ranked>(documents: readonly T[]): T[] {
  const best = new Map<string, T>();
  let isSorted = true;
  let last: T | undefined;
  for (const each of documents) {
    const known = best.get(each.id);
    if (known && known.score >= each.score) continue;
    best.set(each.id, each);
    // Most rankings come in order, and then there is nothing to do.
    if (known || (last && last.score <= each.score)) isSorted = false;
    last = each;
  }
  const items = [...best.values()];
  return isSorted ? items : items.sort(byRank);
}

/** How much the first ranks count for more than later ones. 60 is the customary constant. */
const RRF_CONSTANT = 60;

/**
 * Fuses two rankings of items, each best first: the first items of both, `window` of each, by their reciprocal ranks, then
 * the rest of the one by similarity, then the rest of the one by words. As the window does not depend on what is asked
 * for, all pages are pages of one ranking, and they reach every item.
 */
export function fuseRankings(
  similar: readonly Ranked[],
  worded: readonly Ranked[],
  window: number,
): Ranked[] {
  const scores = new Map<string, number>();
  for (const ranking of [similar, worded]) {
    ranking.slice(0, window).forEach(({ id }, at) => {
      scores.set(id, (scores.get(id) ?? 0) + 1 / (RRF_CONSTANT + at + 1));
    });
  }
  const fused = [...scores].map(([id, score]) => ({ id, score })).sort(byRank);
  for (const ranking of [similar, worded]) {
    for (const { id } of ranking.slice(window)) {
      if (scores.has(id)) continue;
      // Whatever was fused is better: the worst of it has the rank of the window's end in one ranking.
      const score = 1 / (RRF_CONSTANT + fused.length + 1);
      scores.set(id, score);
      fused.push({ id, score });
    }
  }
  return fused;
}
