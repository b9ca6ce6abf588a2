/** How soon more of the same word counts no more, and how much the length of a text matters: the customary values. */
const K1 = 1.2;
const B = 0.75;

/** What BM25 has to know of one text. */
export interface WordCounts {
  /** How often each of the query's words is in it, in their order. */
  counts: number[];
  /** How many words it has. */
  length: number;
}

/**
 * Counts the query's words in texts that are their words with a space between.
 *
 * @param query Of each word all forms in which it may stand there.
 */
export function wordCounter(query: readonly (readonly string[])[]): (words: string) => WordCounts {
  const positions = new Map(query.flatMap((forms, at) => forms.map((form) => [form, at] as const)));
  return (words) => {
    const all = words === "" ? [] : words.split(" ");
    const counts = new Array<number>(query.length).fill(0);
    for (const word of all) {
      const at = positions.get(word);
      if (at !== undefined) counts[at] = (counts[at] as number) + 1;
    }
    return { counts, length: all.length };
  };
}

/** BM25 scores of texts, in their order: the rarer the words in common with the query, the better. */
export function bm25(texts: readonly WordCounts[]): number[] {
  const average = texts.reduce((sum, { length }) => sum + length, 0) / Math.max(1, texts.length);
  const weights = (texts[0]?.counts ?? []).map((_, word) => {
    const having = texts.filter(({ counts }) => (counts[word] as number) > 0).length;
    return Math.log(1 + (texts.length - having + 0.5) / (having + 0.5));
  });
  return texts.map(({ counts, length }) => {
    const norm = K1 * (1 - B + (B * length) / Math.max(1, average));
    return counts.reduce(
      (sum, count, word) => sum + ((weights[word] as number) * count * (K1 + 1)) / (count + norm),
      0,
    );
  });
}
