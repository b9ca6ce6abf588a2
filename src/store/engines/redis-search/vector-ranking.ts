import type { VectorSettings } from "../../index-options.js";
import type { PipelineTask } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import type { Ranked } from "../ranking.js";
import { similarity } from "../similarity.js";
import type { FoundItems } from "./found-items.js";
import { DISTANCE, type QueryBuilder, type RankingPage } from "./query.js";
import {
  ask,
  askAll,
  certainItems,
  countRanked,
  type Hit,
  type RankedItems,
  type ResultLimit,
  unwrap,
} from "./ranked-documents.js";
import { decodeRows, decodeSearchReply, type FoundDocument, fieldOf } from "./reply.js";

const DISTANCE_NAME = Buffer.from(DISTANCE);

/**
 * How many neighbours the first query asks for at least, and how many times more each further one. Few, as servers that are asked for
 * many under a path or with a filter compare every vector there: with 32 a search among 49,000 took eight times as long.
 */
const FIRST_DEPTH = 12;
const DEEPER = 4;

/** A query for neighbours: `k` of them, of which the first `count` are returned. */
interface Depth {
  k: number;
  count: number;
}

/**
 * Ranks items by similarity. HNSW finds somewhat different neighbours when it is asked for more of them. So it is asked for
 * fixed numbers of neighbours only, and a ranking is what the first query finds, then what the second one finds beside
 * that, and so on: it is the same ranking for every page.
 */
export class VectorRanking {
  /** Fewer than so many documents are not asked for. */
  readonly leastCount = 1;

  constructor(
    private readonly queries: QueryBuilder,
    private readonly limit: ResultLimit,
    private readonly vectors: VectorSettings,
    private readonly request: SearchRequest,
    private readonly vector: Float32Array,
    private readonly found: FoundItems,
  ) {}

  /** The items of the best documents. */
  *best({ count, values }: RankingPage): PipelineTask<RankedItems> {
    const { queries, limit, request } = this;
    for (;;) {
      const depths = this.depths(count);
      const last = depths.length - 1;
      const commands = depths.map((depth, at) =>
        queries.nearest(request, this.vector, {
          ...depth,
          values: values && at === last,
          ef: this.efRuntime,
        }),
      );
      const replies = yield* askAll(commands, request);
      if (limit.isRefusal(replies)) continue;
      const parts: Ranked[][] = [];
      let isComplete = false;
      let isCut = false;
      for (const [at, depth] of depths.entries()) {
        const { total, documents } = decodeSearchReply(unwrap(replies[at]), false);
        const hits = this.toHits(documents);
        this.found.note(hits, values && at === last);
        if (at === last) {
          isComplete =
            documents.length < depth.count && (yield* countRanked(queries, request, total)) <= depth.count;
          isCut = this.isBelow(hits.at(-1));
        }
        parts.push(certainItems(hits, isComplete));
      }
      if (!isComplete && !isCut && count > limit.most) {
        parts.push(yield* this.all());
        isComplete = true;
      }
      return { items: this.join(parts), exhausted: isComplete || isCut, isComplete };
    }
  }

  /** What is asked, so that the last query returns `count` documents, or as many as the server lets it. */
  private depths(count: number): Depth[] {
    const { most } = this.limit;
    const last = Math.min(count, most);
    if (this.vectors.algorithm === "flat") return [{ k: last, count: last }];
    const depths: Depth[] = [];
    for (let k = FIRST_DEPTH; ; k *= DEEPER) {
      if (k >= last) return [...depths, { k: Math.min(k, most), count: last }];
      depths.push({ k, count: k });
    }
  }

  /** One ranking: each item where it is found first, without those that are not similar enough. */
  private join(parts: readonly Ranked[][]): Ranked[] {
    const [only] = parts;
    if (only && parts.length === 1) return only.filter((item) => !this.isBelow(item));
    const joined = new Map<string, Ranked>();
    for (const part of parts) {
      for (const item of part) if (!this.isBelow(item) && !joined.has(item.id)) joined.set(item.id, item);
    }
    return [...joined.values()];
  }

  private isBelow(item: Pick<Ranked, "score"> | undefined): boolean {
    const { minScore } = this.request;
    return item !== undefined && minScore !== undefined && !(item.score >= minScore);
  }

  private toHits(documents: readonly FoundDocument[]): Hit[] {
    const hits: Hit[] = [];
    for (const { id, fields } of documents) {
      if (!fields) continue; // it has expired
      const distance = Number(fieldOf(fields, DISTANCE_NAME)?.toString() ?? Number.NaN);
      const score = Number.isNaN(distance)
        ? Number.NEGATIVE_INFINITY
        : similarity(this.vectors.distance, distance);
      hits.push({ id, score, fields });
    }
    return hits;
  }

  /** All items, also where the server lets no query have so many results. */
  private *all(): PipelineTask<Ranked[]> {
    const { queries, request, limit } = this;
    const rows = decodeRows(yield* ask(queries.documentsWithVectors(request), request), false);
    const documents = rows.map(({ id }) => id);
    const commands = [];
    for (let from = 0; from < documents.length; from += limit.most)
      commands.push(queries.distances(request, this.vector, documents.slice(from, from + limit.most)));
    const replies = yield* askAll(commands, request);
    const hits = replies.flatMap((reply) => this.toHits(decodeSearchReply(unwrap(reply), false).documents));
    return certainItems(hits, true);
  }

  /** How many candidates HNSW looks at; nothing for an algorithm that looks at all. */
  private get efRuntime(): number | undefined {
    return this.vectors.algorithm === "hnsw" ? (this.request.efRuntime ?? this.vectors.efRuntime) : undefined;
  }
}
