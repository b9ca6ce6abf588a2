import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import type { SearchMode } from "langgraph-redis";
import { NO_EMBEDDINGS } from "../embeddings.js";
import { CommandError } from "../errors.js";
import type { InspectContext } from "./context.js";
import { configOf, openIndexed } from "./index-config.js";
import { toItemRow } from "./items.js";
import type { ItemRow } from "./types.js";

export interface SearchOptions {
  /** Default: by meaning where an embedding model is given, else by words. */
  mode?: SearchMode | undefined;
  filter?: Record<string, unknown> | undefined;
  /** Default: 10. */
  limit?: number | undefined;
  offset?: number | undefined;
  /** What makes the vector of the query. */
  embeddings?: EmbeddingsInterface | undefined;
}

export interface Found {
  mode: SearchMode;
  rows: ItemRow[];
}

/** What the index of a store can be asked for. */
export async function searchModes({ store }: InspectContext): Promise<SearchMode[]> {
  const index = await store.inspectIndex();
  if (index === undefined) return [];
  const modes: SearchMode[] = [];
  if (index.text) modes.push("text");
  if (index.dims !== null) modes.push("vector");
  return modes.length === 2 ? [...modes, "hybrid"] : modes;
}

/**
 * Items in a namespace and below it, the best ones first.
 *
 * @throws {CommandError} when the index of the store does not have what is asked for.
 */
export async function searchItems(
  context: InspectContext,
  path: string[],
  query: string,
  { mode: wanted, filter, limit = 10, offset = 0, embeddings }: SearchOptions = {},
): Promise<Found> {
  const index = await context.store.inspectIndex();
  const mode = wanted ?? (embeddings && index?.dims !== null ? "vector" : "text");
  if (index === undefined) return { mode, rows: [] };
  if (mode !== "vector" && !index.text) {
    throw new CommandError(
      "the store has no index of words.",
      index.dims === null
        ? "Configure index: { text: true } in your program, and call reindex()."
        : "Search by meaning: --embeddings, OPENAI_API_KEY or --vector.",
    );
  }
  if (mode !== "text" && index.dims === null) {
    throw new CommandError("the store has no vectors.", "Search by words: --mode text.");
  }
  if (mode !== "text" && embeddings === undefined) {
    throw new CommandError(
      `a search by ${mode} needs an embedding model, or a vector.`,
      "Name a model with --embeddings, set OPENAI_API_KEY, or give --vector.",
    );
  }
  if (index.search?.exists === false) {
    throw new CommandError(`the index ${index.name} is not there.`, "See langgraph-redis doctor.");
  }
  const store = openIndexed(context, configOf(index, embeddings ?? NO_EMBEDDINGS));
  const found = await store.search(path, { query, mode, limit, offset, ...(filter && { filter }) });
  return { mode, rows: found.map(toItemRow) };
}
