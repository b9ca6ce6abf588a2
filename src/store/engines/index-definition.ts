import { CorruptRecordError } from "../../errors.js";
import type { StoreSettings } from "../options.js";
import type { Distance } from "../types.js";

/** What an index was made for. Kept in a key of ours, as not every server tells all of it. */
export interface IndexDefinition {
  /** Dimensions of the vectors; `null` for an index without any. */
  dims: number | null;
  /** The name that the model was given; `null` when it has none. */
  model: string | null;
  distance: Distance | null;
  algorithm: "hnsw" | "flat" | null;
  m: number | null;
  efConstruction: number | null;
  /** Whether words are indexed. */
  text: boolean;
  numericFields: readonly string[];
  /** Whether all items are encrypted. */
  encrypted: boolean;
  /** Version of the layout of documents. */
  layout: number;
}

/** A definition with the generation of the index that was built for it. */
export interface BuiltIndex {
  generation: number;
  definition: IndexDefinition;
}

const LAYOUT = 1;

/** The index that these settings call for. */
export function defineIndex({ vectors, textFields, numericFields, keyring }: StoreSettings): IndexDefinition {
  const hnsw = vectors?.algorithm === "hnsw";
  return {
    dims: vectors?.dims ?? null,
    model: vectors?.modelName ?? null,
    distance: vectors?.distance ?? null,
    algorithm: vectors?.algorithm ?? null,
    m: hnsw ? vectors.m : null,
    efConstruction: hnsw ? vectors.efConstruction : null,
    text: textFields !== undefined,
    numericFields,
    encrypted: keyring !== undefined,
    layout: LAYOUT,
  };
}

/** An index as it serves. */
export interface StoredIndex extends BuiltIndex {
  /**
   * Grows with each index that comes to serve, also when the database was emptied in between, as it is the server's time.
   * Each put carries it, and each partition refuses what was made for an index before the one that serves there.
   */
  fence: number;
  /** The very text that is stored: fence, generation and definition as JSON, separated by spaces. */
  text: string;
}

/** @throws {CorruptRecordError} when the text is no definition. */
export function parseStoredIndex(text: string, redisKey: string): StoredIndex {
  const [, fence, generation, json = ""] = /^(\d+) (\d+) (.*)$/s.exec(text) ?? [];
  try {
    const definition: unknown = JSON.parse(json);
    if (typeof definition === "object" && definition !== null) {
      return {
        fence: Number(fence),
        generation: Number(generation),
        definition: definition as IndexDefinition,
        text,
      };
    }
  } catch {
    // Whatever it is, it is not ours.
  }
  throw new CorruptRecordError("the definition of the index cannot be read", { key: redisKey });
}

/** The settings in which two definitions differ. Whether items are encrypted is none of the index. */
export function compareDefinitions(stored: IndexDefinition, configured: IndexDefinition) {
  return (Object.keys(configured) as (keyof IndexDefinition)[])
    .filter((setting) => setting !== "encrypted")
    .filter((setting) => JSON.stringify(stored[setting]) !== JSON.stringify(configured[setting]))
    .map((setting) => ({ setting, stored: stored[setting], configured: configured[setting] }));
}
