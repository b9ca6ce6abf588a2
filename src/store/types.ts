import type {
  GetOperation,
  ListNamespacesOperation,
  PutOperation,
  SearchOperation,
} from "@langchain/langgraph-checkpoint";

/** How a query ranks items: by similarity of meaning, by words in common, or by both. */
export type SearchMode = "vector" | "text" | "hybrid";

/** What a search sent to Redis. */
export interface SearchExplanation {
  /** The command, for example `FT.SEARCH`. */
  command: string;
  index: string;
  query: string;
  /** The values that the query refers to by `$name`. */
  params: Record<string, string | Buffer>;
}

/** Options of `search` that LangGraph's own has not. */
export interface SearchExtras {
  /** How the query ranks items (default `"vector"`). */
  mode?: SearchMode;
  /** Items whose similarity is less are left out (default: the store's `index.minScore`). Not for `"text"`. */
  minScore?: number;
  /** For this search, in place of the store's `index.efRuntime`. */
  efRuntime?: number;
  /** Is told each query that is sent to a search engine. When it throws, the search fails with an {@link InvalidInputError}. */
  explain?: (sent: SearchExplanation) => void;
}

/** Options of `put` that LangGraph's own has not. */
export interface PutExtras {
  /** Minutes after which the item is gone; `null` for never (default: the store's `ttl.defaultTTL`). */
  ttl?: number | null;
  /** Put only if the stored item has this version; otherwise {@link VersionConflictError}. */
  ifVersion?: number;
  /** Put only if there is no item; otherwise {@link VersionConflictError}. */
  ifAbsent?: boolean;
}

export interface RedisSearchOperation extends SearchOperation, SearchExtras {}

export interface RedisPutOperation extends PutOperation, PutExtras {}

/** What `batch` takes: LangGraph's operations, with the extras of this store where they have some. */
export type StoreOperation =
  | GetOperation
  | RedisSearchOperation
  | RedisPutOperation
  | ListNamespacesOperation;

/** What an engine knows of what it searches. */
export interface EngineStats {
  /** Items that can be found. */
  items: number;
  /** Vectors of all items; an item can have several. */
  vectors: number;
  /** Bytes that the index takes in the server's memory, beside the documents; 0 when there is none. */
  indexBytes: number;
  /** Whether documents are still being added in the background. */
  indexing: boolean;
  /** Documents that the index could not take. */
  indexFailures: number;
}

/** How the distance of vectors is measured. Scores are similarities whatever it is: higher is better. */
export type Distance = "cosine" | "l2" | "ip";
