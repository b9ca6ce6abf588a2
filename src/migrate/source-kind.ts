import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";

/**
 * How a saver lists checkpoints:
 *
 * - "threads": it lists its threads too, as `RedisSaver` of this package does.
 * - "rows": it lists by checkpoint id, the newest first, over all threads, and holds all rows of a list at once. It has to be
 *   listed in pages.
 * - "stream": a list is read as it is needed, thread by thread perhaps; or nothing is known of it. A list is then read whole.
 */
export type SourceKind = "threads" | "rows" | "stream";

/** LangGraph's savers that list in the order of ids; `before` and `limit` are conditions of their query. */
const BY_ID: ReadonlySet<unknown> = new Set(["PostgresSaver", "SqliteSaver", "MongoDBSaver"]);

/** A limit has to be given: LangGraph's Redis saver lists 10 checkpoints otherwise, and refuses more than this. */
export const NO_LIMIT = 1_000_000;

/** Classes are told by their names. Where a bundler has renamed them, lists are read whole, which is right too. */
export function kindOf(saver: BaseCheckpointSaver): SourceKind {
  if ("listThreads" in saver) return "threads";
  for (let at: object | null = saver; at !== null; at = Object.getPrototypeOf(at)) {
    if (BY_ID.has(at.constructor?.name)) return "rows";
  }
  return "stream";
}
