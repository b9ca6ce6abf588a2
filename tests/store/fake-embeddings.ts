import { Embeddings } from "@langchain/core/embeddings";

/**
 * Deterministic embeddings without a network: a text is the sum of its words, each a fixed pseudo-random direction, so
 * that texts with words in common are similar.
 */
export class FakeEmbeddings extends Embeddings {
  /** The texts of each call to embedDocuments. */
  documentCalls: string[][] = [];
  /** The queries of each call to embedQuery. */
  queryCalls: string[] = [];
  /** Thrown by the next calls. */
  failure: Error | undefined;

  constructor(readonly dims = 16) {
    super({});
  }

  override async embedDocuments(texts: string[]): Promise<number[][]> {
    this.documentCalls.push(texts);
    if (this.failure) throw this.failure;
    return texts.map((text) => this.vector(text));
  }

  override async embedQuery(query: string): Promise<number[]> {
    this.queryCalls.push(query);
    if (this.failure) throw this.failure;
    return this.vector(query);
  }

  /** The vector of a text. */
  vector(text: string): number[] {
    const sum = new Array<number>(this.dims).fill(0);
    for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [text]) {
      direction(word, this.dims).forEach((each, at) => {
        sum[at] = (sum[at] as number) + each;
      });
    }
    return sum;
  }
}

/** A fixed direction for each word, from a small pseudo-random generator seeded by it. */
function direction(word: string, dims: number): number[] {
  let state = 2166136261;
  for (let at = 0; at < word.length; at++) state = Math.imul(state ^ word.charCodeAt(at), 16777619);
  return Array.from({ length: dims }, () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  });
}

/** Cosine similarity, computed the plain way. */
export function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) =>
    x.reduce((sum, each, at) => sum + each * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}
