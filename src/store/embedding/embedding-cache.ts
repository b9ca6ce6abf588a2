import { createHash } from "node:crypto";

/** Remembers the vectors of the texts used last. */
export class EmbeddingCache {
  private readonly vectors = new Map<string, Float32Array>();

  /** @param capacity How many texts are remembered; 0 for none. */
  constructor(private readonly capacity: number) {}

  get(text: string): Float32Array | undefined {
    const key = keyOf(text);
    const vector = this.vectors.get(key);
    if (vector) {
      // A Map keeps the order of insertion: what is used moves to the young end.
      this.vectors.delete(key);
      this.vectors.set(key, vector);
    }
    return vector;
  }

  set(text: string, vector: Float32Array): void {
    if (this.capacity === 0) return;
    const key = keyOf(text);
    this.vectors.delete(key);
    this.vectors.set(key, vector);
    if (this.vectors.size > this.capacity) {
      const [oldest] = this.vectors.keys();
      this.vectors.delete(oldest as string);
    }
  }
}

/** Long texts are remembered by digest. No short text is taken for one: digests are longer than short texts. */
function keyOf(text: string): string {
  return text.length < 64 ? text : createHash("sha512").update(text).digest("base64url");
}
