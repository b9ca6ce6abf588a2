import type { Arg } from "../../../redis/command.js";
import type { PipelineEntry } from "../../../redis/script.js";
import { toBytes } from "../../embedding/embedder.js";
import { KIND } from "../../items/index-document.js";
import { FIELD, ITEM_FIELDS } from "../../items/item.js";
import type { ItemCodec } from "../../items/item-codec.js";
import { scopeToken } from "../../namespaces/encoding.js";
import type { SearchRequest } from "../../requests.js";
import { encodeAggregate, encodeSearch, type Scorer, type SearchOptions } from "./encode.js";
import { toFilterClauses } from "./filter-clauses.js";
import { QueryParams } from "./params.js";

/** The part of a search that every kind of query begins with: which documents may be found at all. */
type Scope = Pick<SearchRequest, "scope" | "predicates">;

/** A command that searches: data, until its entry is sent. */
export interface SearchCommand {
  name: "FT.SEARCH" | "FT.AGGREGATE";
  index: string;
  query: string;
  params: QueryParams;
  /** Whether the query says all that the filter says. */
  isExact: boolean;
  args: Arg[];
}

/** The name under which a query returns the distance of a vector. */
export const DISTANCE = "distance";

const BY_DISTANCE = { field: DISTANCE, direction: "ASC" } as const;
const WITHOUT_VALUES = [DISTANCE];
const WITH_VALUES = [...ITEM_FIELDS, DISTANCE];

/** How much of a ranking is asked for. */
export interface RankingPage {
  /** How many documents are returned. */
  count: number;
  /** Whether with the values of items; otherwise with the least that tells that a document lives. */
  values: boolean;
}

export class QueryBuilder {
  /** The name that this server knows BM25 by. */
  scorer: Scorer = "BM25";
  /** The name of the index that serves. */
  index = "";
  /** Its generation, which names the field that holds its vectors. */
  generation = 1;

  constructor(
    readonly numericFields: readonly string[],
    readonly codec: ItemCodec,
  ) {}

  /** Whether the server leaves documents that have expired out of its answers: newer ones do. */
  get dropsExpired(): boolean {
    return this.scorer === "BM25STD";
  }

  /** Items by time of update. */
  listing(request: Scope & Pick<SearchRequest, "order">, from: number, count: number): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    return this.command([`@kind:{${KIND.item}}`, ...clauses].join(" "), params, isExact, {
      sortBy: { field: FIELD.order, direction: request.order.descending ? "ASC" : "DESC" },
      fields: ITEM_FIELDS,
      from,
      count,
    });
  }

  /** The best of the `k` documents with the nearest vectors. `ef` is for HNSW only. */
  nearest(
    request: Scope,
    vector: Float32Array,
    { k, ef, count, values }: RankingPage & { k: number; ef: number | undefined },
  ): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    const $k = params.add(String(k));
    const $vector = params.add(toBytes(vector));
    const effort = ef === undefined ? "" : ` EF_RUNTIME ${params.add(String(Math.max(ef, k)))}`;
    const query = `${among(clauses)}=>[KNN ${$k} @vector ${$vector}${effort} AS ${DISTANCE}]`;
    return this.command(query, params, isExact, {
      sortBy: BY_DISTANCE,
      fields: values ? WITH_VALUES : WITHOUT_VALUES,
      count,
    });
  }

  /** The distances of documents that are named by their keys, compared one by one. */
  distances(request: Scope, vector: Float32Array, documents: readonly string[]): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    const $k = params.add(String(documents.length));
    const knn = `KNN ${$k} @vector ${params.add(toBytes(vector))} HYBRID_POLICY ADHOC_BF AS ${DISTANCE}`;
    return this.command(`${among(clauses)}=>[${knn}]`, params, isExact, {
      among: documents,
      sortBy: BY_DISTANCE,
      fields: WITHOUT_VALUES,
      count: documents.length,
    });
  }

  /** The keys of all documents with vectors. FT.AGGREGATE returns as many as there are. */
  documentsWithVectors(request: Scope): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    const query = [`@kind:{${KIND.vector}}`, ...clauses].join(" ");
    return this.aggregation(query, params, isExact, ["@__key"]);
  }

  /** The `count` documents that have most in common with the words. */
  text(request: Scope, words: readonly string[], { count, values }: RankingPage): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    return this.command(this.anyOf(words, clauses, params), params, isExact, {
      scorer: this.scorer,
      fields: values ? ITEM_FIELDS : [FIELD.kind],
      count,
    });
  }

  /** All documents that have a word in common, in no order. FT.AGGREGATE returns as many as there are. */
  allByText(request: Scope, words: readonly string[]): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    const fields = ["@__key", `@${FIELD.kind}`];
    return this.aggregation(this.anyOf(words, clauses, params), params, isExact, fields, this.scorer);
  }

  /** How many documents there are to be ranked by similarity, or by words when some are given. */
  countRanked(request: Scope, words?: readonly string[]): SearchCommand {
    const params = new QueryParams();
    const { clauses, isExact } = this.restrict(request, params);
    const query = words
      ? this.anyOf(words, clauses, params)
      : [`@kind:{${KIND.vector}}`, ...clauses].join(" ");
    return this.command(query, params, isExact, { count: 0 });
  }

  /** Whether queries say all that these predicates say, so that hardly anything found fails them. */
  isExact(predicates: SearchRequest["predicates"]): boolean {
    return predicates.length === 0 || toFilterClauses(predicates, this, new QueryParams()).isExact;
  }

  /** How many documents are of a kind. */
  count(kind: keyof typeof KIND): SearchCommand {
    return this.command(`@kind:{${KIND[kind]}}`, new QueryParams(), true, { count: 0 });
  }

  /** How many documents of an index are of a kind, whether or not it serves. */
  countIn(index: string, kind: keyof typeof KIND): SearchCommand {
    return searchCommand(index, `@kind:{${KIND[kind]}}`, new QueryParams(), true, { count: 0 });
  }

  /** Finds out whether a server knows a scorer: it refuses one that it does not know. */
  probe(index: string, scorer: Scorer): SearchCommand {
    return searchCommand(index, `@kind:{${KIND.item}}`, new QueryParams(), true, { scorer, count: 0 });
  }

  /** Documents of an index that are none of the store's kinds. */
  foreignDocuments(index: string, count: number): SearchCommand {
    const query = `-@kind:{${KIND.item}|${KIND.vector}}`;
    return searchCommand(index, query, new QueryParams(), true, { fields: [], count });
  }

  private restrict({ scope, predicates }: Scope, params: QueryParams) {
    const clauses = scope.length === 0 ? [] : [`@scope:{${params.add(scopeToken(scope))}}`];
    const filter = toFilterClauses(predicates, this, params);
    return { clauses: [...clauses, ...filter.clauses], isExact: filter.isExact };
  }

  private anyOf(words: readonly string[], clauses: readonly string[], params: QueryParams): string {
    const $words = words.flatMap((word) => this.codec.forms("word", word)).map((word) => params.add(word));
    return [...clauses, `@words:(${$words.join("|")})`].join(" ");
  }

  private command(query: string, params: QueryParams, isExact: boolean, options: SearchOptions) {
    return searchCommand(this.index, query, params, isExact, options);
  }

  private aggregation(
    query: string,
    params: QueryParams,
    isExact: boolean,
    fields: readonly string[],
    scorer?: Scorer,
  ): SearchCommand {
    const { index } = this;
    const args = encodeAggregate(index, query, params, fields, scorer);
    return { name: "FT.AGGREGATE", index, query, params, isExact, args };
  }
}

function searchCommand(
  index: string,
  query: string,
  params: QueryParams,
  isExact: boolean,
  options: SearchOptions,
): SearchCommand {
  const args = encodeSearch(index, query, params, options);
  return { name: "FT.SEARCH", index, query, params, isExact, args };
}

/** Documents that the rest of a query with a vector looks among. */
function among(clauses: readonly string[]): string {
  return clauses.length === 0 ? "*" : `(${clauses.join(" ")})`;
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
