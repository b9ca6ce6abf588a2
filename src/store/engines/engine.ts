import type { PipelineTask } from "../pipeline.js";
import type { SearchRequest } from "../requests.js";
import type { EngineStats, RedisSearchItem, SearchIndexInfo } from "../types.js";
import type { BuiltIndex, StoredIndex } from "./index-definition.js";

/** Finds items. All else (reading, writing, namespaces) is the same whatever engine runs. */
export interface StoreEngine {
  readonly name: "search" | "core";

  /** Makes this index serve, and waits until it knows all items. Safe to call by many clients at once, and again. */
  serve(index: StoredIndex): Promise<void>;

  /** Builds this index beside the one that serves. */
  build(index: BuiltIndex): Promise<void>;

  /** Removes an index that serves no more; the items stay. */
  drop(index: Pick<BuiltIndex, "generation">): Promise<void>;

  /**
   * The items that satisfy a filter, newest first, by what the index knows of them.
   *
   * @returns `undefined` when it cannot say.
   */
  listMatching(request: SearchRequest): PipelineTask<RedisSearchItem[] | undefined>;

  /**
   * The items that are best by a query.
   *
   * @param vector The query's, when the mode needs one.
   */
  search(request: SearchRequest, vector: Float32Array | undefined): PipelineTask<RedisSearchItem[]>;

  /** Whether an error of a search says that the index is gone, or is another one than it was. */
  isIndexChanged(error: Error): boolean;

  /** Redis keys of documents among the store's own that the store did not write; some of them, if there are many. */
  foreignDocuments(index: BuiltIndex): Promise<string[]>;

  stats(): Promise<EngineStats>;

  /** What the server tells of this index, which need not be there. `undefined` for an engine without indexes. */
  inspect(index: BuiltIndex): Promise<SearchIndexInfo | undefined>;
}
