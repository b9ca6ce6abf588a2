import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import type { IndexConfig } from "@langchain/langgraph-checkpoint";
import { describe } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { FieldPath } from "./embedding/field-path.js";
import { flag, oneOf, positiveInteger, readName, readNumber, wholeNumber } from "./read-option.js";
import type { Distance } from "./types.js";

/** How items are indexed: by meaning ({@link VectorIndexConfig}), or by their words only ({@link TextIndexConfig}). */
export type StoreIndexConfig = VectorIndexConfig | TextIndexConfig;

interface SharedIndexConfig {
  /**
   * Where in an item the texts are that are embedded and whose words are indexed (default `["$"]`, the whole item). A put
   * can say otherwise for what is embedded of its item, but not for its words.
   */
  fields?: string[];
  /** Paths whose numbers are indexed, so that `$gt` and the like on them are answered by the index. */
  numericFields?: string[];
}

/** How items are embedded and indexed. Extends LangGraph's `IndexConfig`. */
export interface VectorIndexConfig extends Omit<IndexConfig, "embeddings" | "fields">, SharedIndexConfig {
  /** The embedding model: any LangChain `Embeddings`. */
  embeddings: EmbeddingsInterface;
  /**
   * The model's name, whatever you call it (default: none). It is kept with the index, so that vectors of two models of
   * equal dimensions are never compared with each other: a store with another name is refused with an
   * `IndexMismatchError`, and {@link RedisStore.reindex} embeds all items again. Without a name only dimensions tell.
   */
  model?: string;
  /**
   * How vectors are compared (default `"cosine"`). The score of a result is, for `"cosine"`, the cosine of the angle
   * (−1 to 1); for `"ip"`, the inner product; for `"l2"`, 1 / (1 + Euclidean distance) (0 to 1).
   */
  distance?: Distance;
  /** `"hnsw"` (default) is approximate and fast, `"flat"` compares with every vector. */
  algorithm?: "hnsw" | "flat";
  /** HNSW: connections of each vector (default 32). More is better recall, more memory, slower writing. */
  m?: number;
  /** HNSW: candidates looked at when a vector is added (default 200). More is better recall, slower writing. */
  efConstruction?: number;
  /** HNSW: candidates looked at by a search (default 300). More is better recall, slower searches. */
  efRuntime?: number;
  /** Whether the words of items are indexed too, for `mode: "text"` and `"hybrid"` (default false): it takes memory. */
  text?: boolean;
  /** How many texts, and how many queries, are remembered with their vectors (default 1,000; 0 for none). */
  cacheSize?: number;
  /** Results less similar than this are left out (default: none are). */
  minScore?: number;
}

/**
 * An index of the words of items, in any language, without an embedding model. A query is a search by words then.
 *
 * @example
 * ```ts
 * const store = await RedisStore.fromConnString("redis://localhost:6379", { index: { text: true } });
 * await store.put(["notes"], "lunch", { text: "我喜欢吃披萨" });
 * const found = await store.search(["notes"], { query: "披萨" });
 * ```
 */
export interface TextIndexConfig extends SharedIndexConfig, Without<VectorOption> {
  text: true;
}

type VectorOption = Exclude<keyof VectorIndexConfig, keyof SharedIndexConfig | "text">;

type Without<Names extends string> = { [Name in Names]?: undefined };

// The names of all options. Others are refused: an option with a misspelt name would silently do nothing.

const VECTOR_OPTIONS: { readonly [Name in VectorOption]: true } = {
  dims: true,
  embeddings: true,
  model: true,
  distance: true,
  algorithm: true,
  m: true,
  efConstruction: true,
  efRuntime: true,
  cacheSize: true,
  minScore: true,
};

const INDEX_OPTIONS: KnownOptions<VectorIndexConfig> = {
  ...VECTOR_OPTIONS,
  fields: true,
  numericFields: true,
  text: true,
};

/** What the index is configured for, with every default filled in. */
export interface IndexSettings {
  /** Whether there is an index of vectors or of words. */
  isIndexed: boolean;
  numericFields: readonly string[];
  /** Where the words are that are indexed; `undefined` when none are. */
  textFields: readonly FieldPath[] | undefined;
  minScore: number | undefined;
  vectors: VectorSettings | undefined;
}

/** The part of the settings that needs an embedding model. */
export interface VectorSettings {
  dims: number;
  model: EmbeddingsInterface;
  /** `undefined` when it was not given. */
  modelName: string | undefined;
  fields: readonly FieldPath[];
  distance: Distance;
  algorithm: "hnsw" | "flat";
  m: number;
  efConstruction: number;
  efRuntime: number;
  cacheSize: number;
}

/** @throws {InvalidInputError} naming the option and its value. */
export function resolveIndex(index: StoreIndexConfig | undefined): IndexSettings {
  checkKnownOptions(index, INDEX_OPTIONS, "index");
  const { fields = ["$"], numericFields = [], text = false, minScore } = index ?? {};
  const paths = index ? readFields(fields) : [];
  const isText = flag("index.text", text);
  return {
    isIndexed: index !== undefined,
    numericFields: readPaths(numericFields),
    textFields: isText ? paths : undefined,
    minScore: minScore === undefined ? undefined : readNumber("index.minScore", minScore),
    vectors: index && (hasVectors(index, isText) ? resolveVectors(index, paths) : undefined),
  };
}

/** Whether an index has vectors. @throws {InvalidInputError} when it has options of vectors, but no model. */
function hasVectors(index: StoreIndexConfig, isText: boolean): index is VectorIndexConfig {
  if (index.embeddings !== undefined || index.dims !== undefined || !isText) return true;
  const names = Object.keys(VECTOR_OPTIONS) as VectorOption[];
  const given = names.find((name) => index[name] !== undefined);
  if (given === undefined) return false;
  throw new InvalidInputError(
    `index.${given} is for vectors, which need index.dims and index.embeddings. Leave it out to search by words only.`,
  );
}

function resolveVectors(index: VectorIndexConfig, fields: readonly FieldPath[]): VectorSettings {
  const { dims, embeddings, model, distance = "cosine", algorithm = "hnsw" } = index;
  const { m = 32, efConstruction = 200, efRuntime = 300, cacheSize = 1_000 } = index;
  if (typeof embeddings?.embedDocuments !== "function" || typeof embeddings.embedQuery !== "function") {
    throw new InvalidInputError(
      `index.embeddings must be a LangChain Embeddings object, got ${describe(embeddings)}. ` +
        "Example: new OpenAIEmbeddings({ model: 'text-embedding-3-small' }). " +
        "For search by words only, give index.text: true, and neither index.dims nor index.embeddings.",
    );
  }
  return {
    dims: positiveInteger("index.dims", dims),
    model: embeddings,
    modelName: model === undefined ? undefined : readName("index.model", model),
    fields,
    distance: oneOf("index.distance", distance, ["cosine", "l2", "ip"]),
    algorithm: oneOf("index.algorithm", algorithm, ["hnsw", "flat"]),
    m: positiveInteger("index.m", m),
    efConstruction: positiveInteger("index.efConstruction", efConstruction),
    efRuntime: positiveInteger("index.efRuntime", efRuntime),
    cacheSize: wholeNumber("index.cacheSize", cacheSize),
  };
}

function readFields(fields: unknown): FieldPath[] {
  if (!Array.isArray(fields) || fields.length === 0) {
    throw new InvalidInputError(
      `index.fields must be a non-empty array of paths, got ${describe(fields)}. Example: ["$"].`,
    );
  }
  return fields.map(FieldPath.parse);
}

function readPaths(paths: unknown): string[] {
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === "string" && path !== "")) {
    throw new InvalidInputError(`index.numericFields must be an array of paths, got ${describe(paths)}.`);
  }
  return [...new Set<string>(paths)].sort();
}
