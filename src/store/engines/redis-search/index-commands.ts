import type { Arg, Reply } from "../../../redis/command.js";
import { TAG_SEPARATOR } from "../../items/index-document.js";
import { FIELD } from "../../items/item.js";
import type { StoreKeys } from "../../keys.js";
import type { BuiltIndex } from "../index-definition.js";
import { toMap } from "./reply.js";

const METRIC = { cosine: "COSINE", l2: "L2", ip: "IP" } as const;

/** The command that creates an index over all documents of the store. */
export function createIndexArgs(keys: StoreKeys, { generation, definition }: BuiltIndex): Arg[] {
  const tag = ["TAG", "SEPARATOR", TAG_SEPARATOR];
  return [
    ...["FT.CREATE", keys.indexName(generation), "ON", "HASH", "PREFIX", "1", keys.documentPrefix],
    // Every word counts in every language, and where it stands does not.
    ...["NOOFFSETS", "NOHL", "STOPWORDS", "0"],
    "SCHEMA",
    ...[FIELD.kind, ...tag],
    ...[FIELD.scope, ...tag, "CASESENSITIVE"],
    ...[FIELD.paths, ...tag, "CASESENSITIVE"],
    ...[FIELD.order, ...tag, "SORTABLE", "UNF", "NOINDEX"],
    ...definition.numericFields.flatMap((path, at) => [FIELD.number(path), "AS", `number${at}`, "NUMERIC"]),
    ...(definition.text ? [FIELD.words, "TEXT", "NOSTEM"] : []),
    ...vectorArgs({ generation, definition }),
  ];
}

function vectorArgs({ generation, definition }: BuiltIndex): Arg[] {
  const { dims, distance, algorithm, m, efConstruction } = definition;
  if (dims === null || distance === null) return [];
  const attributes = [
    ...["TYPE", "FLOAT32", "DIM", String(dims), "DISTANCE_METRIC", METRIC[distance]],
    ...(algorithm === "hnsw" ? ["M", String(m), "EF_CONSTRUCTION", String(efConstruction)] : []),
  ];
  const type = algorithm === "hnsw" ? "HNSW" : "FLAT";
  return [FIELD.vector(generation), "AS", "vector", "VECTOR", type, String(attributes.length), ...attributes];
}

/** What FT.INFO tells, as far as it is of use. */
export interface IndexInfo {
  indexing: boolean;
  /** How much of the documents it knows, from 0 to 1. */
  progress: number;
  failures: number;
  bytes: number;
}

export function decodeIndexInfo(reply: Reply): IndexInfo {
  const info = toMap(reply as Reply[]);
  const number = (name: string) => Number(info.get(name)?.toString() ?? 0) || 0;
  // A counter of the server that fell below zero is told as a number just below 2^64.
  const size = (name: string) => (number(name) < 2 ** 40 ? number(name) : 0);
  // Servers before 8 count vectors apart from the total.
  const megabytes = Math.max(
    size("total_index_memory_sz_mb"),
    size("inverted_sz_mb") +
      size("vector_index_sz_mb") +
      size("sortable_values_size_mb") +
      size("doc_table_size_mb") +
      size("key_table_size_mb") +
      size("tag_overhead_sz_mb") +
      size("text_overhead_sz_mb"),
  );
  return {
    indexing: number("indexing") !== 0,
    progress: number("percent_indexed"),
    failures: number("hash_indexing_failures"),
    bytes: Math.round(megabytes * 1024 * 1024),
  };
}

/** Whether an error says that there is no such index: the texts of servers from 2.6 to 8.10. */
export function isUnknownIndex(error: Error): boolean {
  return /no such index|unknown index name|SEARCH_INDEX_NOT_FOUND/i.test(error.message);
}

/** Whether an error says that the query's vector is not of the length that the index has. */
export function isWrongLength(error: Error): boolean {
  return /vector similarity query|vector blob size/i.test(error.message);
}

/** Why the search engine cannot be used in a database other than 0. */
export const OTHER_DATABASE =
  "search indexes are possible in database 0 only, and this connection uses another";

/** Whether FT.CREATE was answered that this is not database 0. */
export function isOtherDatabase(error: Error): boolean {
  return /\bdb *!= *0/i.test(error.message);
}

/** Whether FT.CREATE was answered that the index is there already. */
export function isExistingIndex(error: Error): boolean {
  return /index already exists|SEARCH_INDEX_EXISTS/i.test(error.message);
}
