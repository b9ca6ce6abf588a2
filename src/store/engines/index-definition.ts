import { CorruptRecordError } from "../../errors.js";
import type { Connection } from "../../redis/command.js";
import { executeAll } from "../../redis/script.js";
import { IndexMismatchError } from "../errors.js";
import type { StoreKeys } from "../keys.js";
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
export function defineIndex({ vectors, numericFields }: StoreSettings): IndexDefinition {
  const hnsw = vectors?.algorithm === "hnsw";
  return {
    dims: vectors?.dims ?? null,
    model: vectors?.modelName ?? null,
    distance: vectors?.distance ?? null,
    algorithm: vectors?.algorithm ?? null,
    m: hnsw ? vectors.m : null,
    efConstruction: hnsw ? vectors.efConstruction : null,
    text: vectors?.text ?? false,
    numericFields,
    layout: LAYOUT,
  };
}

/** An index as it stands in Redis, together with the very text, by which a change is noticed. */
export interface StoredIndex extends BuiltIndex {
  text: string;
}

/**
 * Agrees with all other clients on the definition of the index: the first one writes it, all read it.
 *
 * @throws {IndexMismatchError} when it was written for another configuration.
 */
export async function createOrVerifyDefinition(
  connection: Connection,
  keys: StoreKeys,
  definition: IndexDefinition,
): Promise<StoredIndex> {
  const first: BuiltIndex = { generation: 1, definition };
  const [set, stored] = await executeAll(connection, [
    { key: keys.definition, args: ["SET", keys.definition, JSON.stringify(first), "NX"] },
    { key: keys.definition, args: ["GET", keys.definition] },
  ]);
  for (const reply of [set, stored]) if (reply instanceof Error) throw reply;
  const index = parseBuiltIndex((stored as Buffer).toString(), keys.definition);
  const differences = compareDefinitions(index.definition, definition);
  if (differences.length > 0) throw new IndexMismatchError(keys.indexAlias, differences);
  return index;
}

/** @throws {CorruptRecordError} when the text is no definition. */
export function parseBuiltIndex(text: string, redisKey: string): StoredIndex {
  try {
    const { generation, definition } = JSON.parse(text) as BuiltIndex;
    if (Number.isSafeInteger(generation) && typeof definition === "object" && definition !== null) {
      return { generation, definition, text };
    }
  } catch {
    // Whatever it is, it is not ours.
  }
  throw new CorruptRecordError("the definition of the index cannot be read", { key: redisKey });
}

/** The settings in which two definitions differ. */
export function compareDefinitions(stored: IndexDefinition, configured: IndexDefinition) {
  return (Object.keys(configured) as (keyof IndexDefinition)[])
    .filter((setting) => JSON.stringify(stored[setting]) !== JSON.stringify(configured[setting]))
    .map((setting) => ({ setting, stored: stored[setting], configured: configured[setting] }));
}
