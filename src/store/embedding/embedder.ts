import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import { reasonOf } from "../../describe.js";
import { EmbeddingError, InvalidVectorError } from "../errors.js";
import type { Distance } from "../types.js";
import { EmbeddingCache } from "./embedding-cache.js";

/** Turns texts into vectors with the user's model, as seldom as possible, and checks what it answers. */
export class Embedder {
  private readonly documents: EmbeddingCache;
  private readonly queries: EmbeddingCache;

  constructor(
    private readonly model: EmbeddingsInterface,
    private readonly dims: number,
    private readonly distance: Distance,
    cacheSize: number,
  ) {
    this.documents = new EmbeddingCache(cacheSize);
    this.queries = new EmbeddingCache(cacheSize);
  }

  /**
   * The vectors of texts to be stored, by text: one call to the model for all that are not remembered, none when all
   * are. A vector that cannot be used has its error in its place.
   *
   * @throws {EmbeddingError} when the model fails or does not answer with one vector for each text.
   */
  async embedTexts(texts: readonly string[]): Promise<Map<string, Float32Array | InvalidVectorError>> {
    const known = new Map<string, Float32Array | InvalidVectorError>();
    const wanted: string[] = [];
    for (const text of new Set(texts)) {
      const vector = this.documents.get(text);
      if (vector) known.set(text, vector);
      else wanted.push(text);
    }
    if (wanted.length === 0) return known;
    const vectors = await this.ask("embedDocuments", () => this.model.embedDocuments(wanted));
    if (!Array.isArray(vectors) || vectors.length !== wanted.length) {
      const got = Array.isArray(vectors) ? `${vectors.length} vectors` : `a value of type ${typeof vectors}`;
      throw new EmbeddingError(
        `the embedding model was given ${wanted.length} texts and answered with ${got}.`,
      );
    }
    wanted.forEach((text, index) => {
      const vector = this.check(vectors[index]);
      if (vector instanceof Float32Array) this.documents.set(text, vector);
      known.set(text, vector);
    });
    return known;
  }

  /**
   * The vector of a query.
   *
   * @throws {EmbeddingError} when the model fails; {@link InvalidVectorError} when its vector cannot be used.
   */
  async embedQuery(query: string): Promise<Float32Array> {
    const known = this.queries.get(query);
    if (known) return known;
    const vector = this.check(await this.ask("embedQuery", () => this.model.embedQuery(query)));
    if (vector instanceof InvalidVectorError) throw vector;
    this.queries.set(query, vector);
    return vector;
  }

  private async ask<T>(method: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw new EmbeddingError(
        `the embedding model failed in ${method} (${reasonOf(error)}); see its error at cause.`,
        {
          cause: error,
        },
      );
    }
  }

  /** The vector as it is stored, in 32 bits. */
  private check(vector: unknown): Float32Array | InvalidVectorError {
    const stored = this.convert(vector);
    return typeof stored === "string"
      ? new InvalidVectorError(`the embedding model's vector ${stored}`)
      : stored;
  }

  /** What is wrong with the vector, if it cannot be stored. */
  private convert(vector: unknown): Float32Array | string {
    if (!Array.isArray(vector) && !(vector instanceof Float32Array || vector instanceof Float64Array)) {
      return `is of type ${vector === null ? "null" : typeof vector}, and not an array of numbers.`;
    }
    if (vector.length !== this.dims) {
      return `has ${vector.length} dimensions, this store is configured with ${this.dims}. Set index.dims to the model's.`;
    }
    // One loop over all numbers: every put and every query passes here.
    const stored = new Float32Array(vector.length);
    let square = 0;
    for (let at = 0; at < vector.length; at++) {
      const given: unknown = vector[at];
      if (typeof given !== "number") return `has no number at position ${at}.`;
      stored[at] = given;
      const each = stored[at] as number;
      if (!Number.isFinite(each)) {
        return `has ${String(given)} at position ${at}, which is not a finite 32-bit number.`;
      }
      square += each * each;
    }
    if (this.distance !== "cosine") {
      return square <= LARGEST_SQUARE
        ? stored
        : `is too long: comparing it by "${this.distance}" overflows 32-bit numbers.`;
    }
    if (square === 0) {
      return 'is zero everywhere: it has no direction to compare by cosine. Use index.distance "ip" or "l2" with this model.';
    }
    // The server compares in 32 bits as well. Where that overflows or loses all digits, the length goes: only the
    // direction counts.
    if (square <= LARGEST_SQUARE && square >= SMALLEST_SQUARE) return stored;
    const length = Math.sqrt(square);
    return stored.map((each) => each / length);
  }
}

/** Squares of lengths up to this one can be added up to any distance of two vectors in 32 bits. */
const LARGEST_SQUARE = 2 ** 125;

/** Squares of lengths from this one on have enough digits in 32 bits. */
const SMALLEST_SQUARE = 2 ** -60;

/** A vector as Redis stores it: 32-bit floats, little-endian. */
export function toBytes(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The inverse of {@link toBytes}. */
export function fromBytes({ buffer, byteOffset, length }: Buffer): Float32Array {
  // A typed array has to begin at a multiple of its width, which bytes from a socket seldom do.
  return new Float32Array(buffer.slice(byteOffset, byteOffset + length));
}
