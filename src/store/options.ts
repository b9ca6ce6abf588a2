import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import type { IndexConfig } from "@langchain/langgraph-checkpoint";
import { describe, describeOption } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { checkKeyPrefix, DEFAULT_KEY_PREFIX } from "../redis/key-prefix.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { CONNECT_OPTIONS, type ConnectOptions, type TimeoutOptions } from "../redis/options.js";
import { toMilliseconds } from "../redis/time-to-live.js";
import { FieldPath } from "./embedding/field-path.js";
import { type Limits, limitsOf } from "./limits.js";
import type { Distance } from "./types.js";
/** Which engine answers searches. */
export type EngineChoice = "auto" | "search" | "core";

/** How items are embedded and indexed. Extends LangGraph's `IndexConfig`. */
export interface StoreIndexConfig extends Omit<IndexConfig, "embeddings"> {
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
  /** Paths whose numbers are indexed, so that `$gt` and the like on them are answered by the index. */
  numericFields?: string[];
  /** Whether texts are indexed for `mode: "text"` and `"hybrid"` too (default true). */
  text?: boolean;
  /** How many texts, and how many queries, are remembered with their vectors (default 1,000; 0 for none). */
  cacheSize?: number;
  /** Results less similar than this are left out (default: none are). */
  minScore?: number;
}

/** When items expire. */
export interface TtlOptions {
  /** Minutes after which an item is gone (default: never). A put can say otherwise for its item. */
  defaultTTL?: number;
  /** Whether reading an item, by `get` or `search`, starts its time again (default false). */
  refreshOnRead?: boolean;
}

/** Options of a {@link RedisStore}. */
export interface RedisStoreOptions extends TimeoutOptions {
  /** Makes semantic search possible. Without it the store is a key-value store with filters. */
  index?: StoreIndexConfig;
  /** When items expire. */
  ttl?: TtlOptions;
  /** What all keys and index names begin with (default `"langgraph"`). */
  keyPrefix?: string;
  /**
   * `"search"` uses the server's search engine, `"core"` needs none; `"auto"` (default) asks the server for it.
   */
  engine?: EngineChoice;
  /** For `"core"`: how many items a search holds in memory at a time (default 4,000). */
  candidatesAtOnce?: number;
}

// The names of all options. Others are refused: an option with a misspelt name would silently do nothing.

const STORE: KnownOptions<RedisStoreOptions> = {
  index: true,
  ttl: true,
  keyPrefix: true,
  engine: true,
  candidatesAtOnce: true,
  commandTimeout: true,
};

/** Of the constructor. */
export const STORE_OPTIONS: KnownOptions<RedisStoreOptions & { client: unknown }> = {
  ...STORE,
  client: true,
};

/** Of `fromConnString` and the like. */
export const OPEN_OPTIONS: KnownOptions<RedisStoreOptions & ConnectOptions> = {
  ...STORE,
  ...CONNECT_OPTIONS,
};

const INDEX_OPTIONS: KnownOptions<StoreIndexConfig> = {
  dims: true,
  embeddings: true,
  model: true,
  fields: true,
  distance: true,
  algorithm: true,
  m: true,
  efConstruction: true,
  efRuntime: true,
  numericFields: true,
  text: true,
  cacheSize: true,
  minScore: true,
};

const TTL_OPTIONS: KnownOptions<TtlOptions> = { defaultTTL: true, refreshOnRead: true };

/** Options with every default filled in. */
export interface StoreSettings {
  keyPrefix: string;
  engine: EngineChoice;
  candidatesAtOnce: number;
  /** Milliseconds; `undefined` for never. */
  defaultTtl: number | undefined;
  refreshOnRead: boolean;
  numericFields: readonly string[];
  minScore: number | undefined;
  vectors: VectorSettings | undefined;
  limits: Limits;
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
  text: boolean;
  cacheSize: number;
}

/** @throws {InvalidInputError} naming the option and its value. */
export function resolveOptions(options: RedisStoreOptions): StoreSettings {
  const { keyPrefix = DEFAULT_KEY_PREFIX, engine = "auto", candidatesAtOnce = 4_000, index, ttl } = options;
  checkKnownOptions(ttl, TTL_OPTIONS, "ttl");
  checkKnownOptions(index, INDEX_OPTIONS, "index");
  const { defaultTTL, refreshOnRead = false } = ttl ?? {};
  const { numericFields = [], minScore } = index ?? {};
  return {
    keyPrefix: checkKeyPrefix(keyPrefix),
    engine: oneOf("engine", engine, ["auto", "search", "core"]),
    candidatesAtOnce: positiveInteger("candidatesAtOnce", candidatesAtOnce),
    defaultTtl: defaultTTL === undefined ? undefined : toMilliseconds(defaultTTL, "ttl.defaultTTL"),
    refreshOnRead: flag("ttl.refreshOnRead", refreshOnRead),
    numericFields: readPaths(numericFields),
    minScore: minScore === undefined ? undefined : readNumber("index.minScore", minScore),
    vectors: index && resolveVectors(index),
    limits: limitsOf(options),
  };
}

function resolveVectors(index: StoreIndexConfig): VectorSettings {
  const { dims, embeddings, model, fields = ["$"], distance = "cosine", algorithm = "hnsw" } = index;
  const { m = 32, efConstruction = 200, efRuntime = 300, text = true, cacheSize = 1_000 } = index;
  if (typeof embeddings?.embedDocuments !== "function" || typeof embeddings.embedQuery !== "function") {
    throw new InvalidInputError(
      `index.embeddings must be a LangChain Embeddings object, got ${describe(embeddings)}. ` +
        "Example: new OpenAIEmbeddings({ model: 'text-embedding-3-small' }).",
    );
  }
  if (!Array.isArray(fields) || fields.length === 0) {
    throw new InvalidInputError(
      `index.fields must be a non-empty array of paths, got ${describe(fields)}. Example: ["$"].`,
    );
  }
  return {
    dims: positiveInteger("index.dims", dims),
    model: embeddings,
    modelName: model === undefined ? undefined : readName("index.model", model),
    fields: fields.map(FieldPath.parse),
    distance: oneOf("index.distance", distance, ["cosine", "l2", "ip"]),
    algorithm: oneOf("index.algorithm", algorithm, ["hnsw", "flat"]),
    m: positiveInteger("index.m", m),
    efConstruction: positiveInteger("index.efConstruction", efConstruction),
    efRuntime: positiveInteger("index.efRuntime", efRuntime),
    text: flag("index.text", text),
    cacheSize: wholeNumber("index.cacheSize", cacheSize),
  };
}

/** Minutes as milliseconds. `undefined` and `null` mean never. */
export function readTtl(name: string, minutes: unknown): number | undefined {
  return minutes === undefined || minutes === null ? undefined : toMilliseconds(minutes, name);
}

function readPaths(paths: unknown): string[] {
  if (!Array.isArray(paths) || !paths.every((path) => typeof path === "string" && path !== "")) {
    throw new InvalidInputError(`index.numericFields must be an array of paths, got ${describe(paths)}.`);
  }
  return [...new Set<string>(paths)].sort();
}

export function readNumber(name: string, value: unknown): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new InvalidInputError(`${name} must be a finite number, got ${describeOption(value)}.`);
  }
  return value;
}

export function wholeNumber(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) {
    throw new InvalidInputError(`${name} must be 0 or a positive integer, got ${describeOption(value)}.`);
  }
  return value as number;
}

export function positiveInteger(name: string, value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    throw new InvalidInputError(`${name} must be a positive integer, got ${describeOption(value)}.`);
  }
  return value as number;
}

export function flag(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") {
    throw new InvalidInputError(`${name} must be true or false, got ${describe(value)}.`);
  }
  return value;
}

function readName(name: string, value: unknown): string {
  if (typeof value !== "string" || value === "") {
    throw new InvalidInputError(`${name} must be a non-empty string, got ${describe(value)}.`);
  }
  return value;
}

export function oneOf<T extends string>(name: string, value: T, allowed: readonly T[]): T {
  if (!allowed.includes(value)) {
    throw new InvalidInputError(`${name} must be one of ${allowed.join(", ")}, got ${describe(value)}.`);
  }
  return value;
}
