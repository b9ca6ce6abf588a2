import type { Arg } from "../../../redis/command.js";
import type { QueryParams } from "./params.js";

/** Far more than any query takes, in milliseconds. The server's default of 500 would silently cut results off. */
const TIMEOUT = "600000";

/** A word is that word: otherwise a server looks for its stem as well, as English has it. */
const VERBATIM = "VERBATIM";

/** BM25 by its name on newer servers, and by the one that older ones know. */
export type Scorer = "BM25STD" | "BM25";

/** What a search returns. */
export interface SearchOptions {
  /** The scorer by which documents are ranked; their scores are returned. */
  scorer?: Scorer;
  sortBy?: { field: string; direction: "ASC" | "DESC" };
  /** Keys of the only documents that are looked at. */
  among?: readonly string[];
  /** Names of the fields to return (default: all). */
  fields?: readonly string[];
  from?: number;
  count: number;
}

// Arguments are in the order in which @redis/search has them; a test compares them with its encoders.

/** The arguments of FT.SEARCH. */
export function encodeSearch(
  index: string,
  query: string,
  params: QueryParams,
  options: SearchOptions,
): Arg[] {
  const { scorer, sortBy, among, fields, from = 0, count } = options;
  const args: Arg[] = ["FT.SEARCH", index, query, VERBATIM];
  if (scorer) args.push("WITHSCORES");
  if (among) args.push("INKEYS", String(among.length), ...among);
  if (fields) args.push("RETURN", String(fields.length), ...fields);
  args.push("TIMEOUT", TIMEOUT);
  if (scorer) args.push("SCORER", scorer);
  if (sortBy) args.push("SORTBY", sortBy.field, sortBy.direction);
  args.push("LIMIT", String(from), String(count));
  params.addTo(args);
  args.push("DIALECT", "2");
  return args;
}

/**
 * The arguments of FT.AGGREGATE that loads fields of all documents.
 *
 * @param scorer By which documents are scored; not scored without it.
 */
export function encodeAggregate(
  index: string,
  query: string,
  params: QueryParams,
  fields: readonly string[],
  scorer?: Scorer,
): Arg[] {
  const args: Arg[] = ["FT.AGGREGATE", index, query, VERBATIM];
  // Servers that know BM25 by its old name tell scores beside the fields, as FT.SEARCH does.
  if (scorer) args.push(scorer === "BM25" ? "WITHSCORES" : "ADDSCORES", "SCORER", scorer);
  args.push("LOAD", String(fields.length), ...fields, "TIMEOUT", TIMEOUT);
  params.addTo(args);
  args.push("DIALECT", "2");
  return args;
}
