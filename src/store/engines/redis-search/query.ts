import type { Arg } from "../../../redis/command.js";
import type { PipelineEntry } from "../../../redis/script.js";
import { toBytes } from "../../embedding/embedder.js";
import { KIND } from "../../items/index-document.js";
import { ITEM_FIELDS } from "../../items/item.js";
import { scopeToken } from "../../namespaces/encoding.js";
import type { SearchRequest } from "../../requests.js";
import { RRF_CONSTANT } from "../ranking.js";
import { toFilterClauses } from "./filter-clauses.js";
import { QueryParams } from "./params.js";

/** The part of a search that every kind of query begins with: which documents may be found at all. */
type Scope = Pick<SearchRequest, "scope" | "predicates">;

/** A command that searches: data, until its entry is sent. */
export interface SearchCommand {
  name: "FT.SEARCH" | "FT.HYBRID";
  index: string;
  query: string;
  params: QueryParams;
  /** Whether the query says all that the filter says. */
  isExact: boolean;
  args: Arg[];
}

/** The name under which a query returns the distance of a vector. */
export const DISTANCE = "distance";

/** Far more than any query takes. The server's default of 500 ms would silently cut results off. */
const TIMEOUT = ["TIMEOUT", "600000"];

/** BM25 by its name on newer servers, and by the one that older ones know. */
export type Scorer = "BM25STD" | "BM25";

export class QueryBuilder {
  /** The name that this server knows BM25 by. */
  scorer: Scorer = "BM25";
  /** The name of the index that serves. */
  index = "";

  constructor(private readonly numericFields: readonly string[]) {}

  /** Items, newest first. */
  listing(request: Scope, from: number, count: number): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    return this.command([`@kind:{${KIND.item}}`, ...clauses].join(" "), params, isExact, [
      ...["SORTBY", "order", "ASC"],
      ...["LIMIT", String(from), String(count)],
      ...returning(ITEM_FIELDS),
    ]);
  }

  /** The `k` documents with the nearest vectors. `ef` is for HNSW only. */
  nearest(request: Scope, vector: Float32Array, k: number, ef: number | undefined): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    const among = clauses.length === 0 ? "*" : `(${clauses.join(" ")})`;
    const $k = params.add(String(k));
    const $vector = params.add(toBytes(vector));
    const efClause = ef === undefined ? "" : ` EF_RUNTIME ${params.add(String(Math.max(ef, k)))}`;
    const query = `${among}=>[KNN ${$k} @vector ${$vector}${efClause} AS ${DISTANCE}]`;
    return this.command(query, params, isExact, [
      ...["SORTBY", DISTANCE, "ASC"],
      ...["LIMIT", "0", String(k)],
      ...returning([...ITEM_FIELDS, DISTANCE]),
    ]);
  }

  /** The `count` documents that have most in common with the words. */
  text(request: Scope, words: readonly string[], count: number): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    return this.command(anyOf(words, clauses, params), params, isExact, [
      "WITHSCORES",
      ...["SCORER", this.scorer],
      ...["LIMIT", "0", String(count)],
      ...returning(ITEM_FIELDS),
    ]);
  }

  /** Both at once, fused by the server, where it has FT.HYBRID. */
  hybrid(
    request: Scope,
    words: readonly string[],
    vector: Float32Array,
    window: number,
    ef: number | undefined,
  ) {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    const query = anyOf(words, clauses, params);
    const efClause = ef === undefined ? [] : ["EF_RUNTIME", String(Math.max(ef, window))];
    const knn = ["K", String(window), ...efClause];
    const loaded = ["__key", "__score", ...ITEM_FIELDS].map((field) => `@${field}`);
    const command: SearchCommand = {
      name: "FT.HYBRID",
      index: this.index,
      query,
      params,
      isExact,
      args: [
        ...["FT.HYBRID", this.index],
        ...["SEARCH", query, "SCORER", this.scorer],
        ...["VSIM", "@vector", params.add(toBytes(vector)), "KNN", String(knn.length), ...knn],
        ...(clauses.length === 0 ? [] : ["FILTER", clauses.join(" ")]),
        ...["COMBINE", "RRF", "4", "CONSTANT", String(RRF_CONSTANT), "WINDOW", String(window)],
        ...["LOAD", String(loaded.length), ...loaded],
        ...["LIMIT", "0", String(2 * window)],
        ...params.toArgs(),
      ],
    };
    return command;
  }

  /** Whether queries say all that these predicates say, so that hardly anything found fails them. */
  isExact(predicates: SearchRequest["predicates"]): boolean {
    return (
      predicates.length === 0 || toFilterClauses(predicates, this.numericFields, new QueryParams()).isExact
    );
  }

  /** How many documents are of a kind. */
  count(kind: keyof typeof KIND): SearchCommand {
    return this.command(`@kind:{${KIND[kind]}}`, new QueryParams(), true, ["LIMIT", "0", "0"]);
  }

  /** Finds out whether a server knows a scorer: it refuses one that it does not know. */
  probe(index: string, scorer: Scorer): SearchCommand {
    const query = `@kind:{${KIND.item}}`;
    const args = ["FT.SEARCH", index, query, "SCORER", scorer, "LIMIT", "0", "0", "DIALECT", "2"];
    return { name: "FT.SEARCH", index, query, params: new QueryParams(), isExact: true, args };
  }

  /** Documents of an index that are none of the store's kinds. */
  foreignDocuments(index: string, count: number): SearchCommand {
    const query = `-@kind:{${KIND.item}|${KIND.vector}}`;
    const args = [
      "FT.SEARCH",
      index,
      query,
      "NOCONTENT",
      "LIMIT",
      "0",
      String(count),
      "DIALECT",
      "2",
      ...TIMEOUT,
    ];
    return { name: "FT.SEARCH", index, query, params: new QueryParams(), isExact: true, args };
  }

  private restrict({ scope, predicates }: Scope, params: QueryParams) {
    const clauses = scope.length === 0 ? [] : [`@scope:{${params.add(scopeToken(scope))}}`];
    const filter = toFilterClauses(predicates, this.numericFields, params);
    return { clauses: [...clauses, ...filter.clauses], isExact: filter.isExact };
  }

  private command(query: string, params: QueryParams, isExact: boolean, options: Arg[]): SearchCommand {
    const args = ["FT.SEARCH", this.index, query, ...options, ...params.toArgs(), "DIALECT", "2", ...TIMEOUT];
    return { name: "FT.SEARCH", index: this.index, query, params, isExact, args };
  }
}

export function toEntry({ index, args }: SearchCommand): PipelineEntry {
  return { key: index, args };
}

export function explainTo(
  explain: SearchRequest["explain"],
  { name, index, query, params }: SearchCommand,
): void {
  explain?.({ command: name, index, query, params: params.toRecord() });
}

function anyOf(words: readonly string[], clauses: readonly string[], params: QueryParams): string {
  return [...clauses, `@words:(${words.map((word) => params.add(word)).join("|")})`].join(" ");
}

function returning(fields: readonly string[]): string[] {
  return ["RETURN", String(fields.length), ...fields];
}
