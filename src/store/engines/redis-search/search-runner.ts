import type { VectorSettings } from "../../index-options.js";
import type { ItemCodec } from "../../items/item-codec.js";
import type { StoreKeys } from "../../keys.js";
import type { Limits } from "../../limits.js";
import { type PipelineTask, together } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import { queryWords } from "../../text/words.js";
import type { RedisSearchItem } from "../../types.js";
import { fuseRankings, type Ranked } from "../ranking.js";
import { FoundItems } from "./found-items.js";
import type { QueryBuilder } from "./query.js";
import { type RankedItems, ResultLimit } from "./ranked-documents.js";
import { SimilarityReader } from "./similarity-reader.js";
import { TextRanking } from "./text-ranking.js";
import { VectorRanking } from "./vector-ranking.js";

/** How much more is asked for when some of it may have to go: several vectors of one item, items that do not match. */
const OVERFETCH = 3;

/** How many times more is asked for when it was not enough. */
const DEEPER = 4;

/** The same when it comes without values. */
const DEEPER_BY_KEYS = 16;

/** How many values that are not returned may come with a ranking, to spare a round trip for those that are. */
const MOST_SPARE_VALUES = 128;

/** Answers searches by queries. The index finds candidates; what may be returned of them is decided here. */
export class SearchRunner {
  private readonly limit = new ResultLimit();
  private readonly severalVectors: boolean;

  constructor(
    private readonly keys: StoreKeys,
    private readonly codec: ItemCodec,
    private readonly queries: QueryBuilder,
    private readonly vectors: VectorSettings | undefined,
    private readonly limits: Limits,
  ) {
    this.severalVectors = (vectors?.fields.length ?? 0) > 1 || vectors?.fields[0]?.isMultiple === true;
  }

  *search(request: SearchRequest, vector: Float32Array | undefined): PipelineTask<RedisSearchItem[]> {
    if (request.limit === 0) return [];
    const { mode, offset, limit, predicates } = request;
    const words = mode === "vector" ? [] : queryWords(request.query ?? "");
    if (mode === "text" && words.length === 0) return [];
    const found = new FoundItems(this.keys, this.codec, predicates, this.limits.rankedValues);
    for (;;) {
      const page = (yield* this.rank(request, words, vector, found)).slice(offset, offset + limit);
      const items = yield* found.read(page);
      // Those that were gone when they were read are left out the next time.
      if (items.length === page.length) return items;
    }
  }

  /** The items that match, best first, as many as are needed for the page. */
  private *rank(
    request: SearchRequest,
    words: readonly string[],
    vector: Float32Array | undefined,
    found: FoundItems,
  ): PipelineTask<Ranked[]> {
    const { queries, limit, vectors } = this;
    const needed = request.offset + request.limit;
    const byWords = new TextRanking(queries, limit, request, words, found);
    if (request.mode === "text") return (yield* this.best(request, needed, byWords, found)).items;
    if (!vectors || !vector) throw new TypeError(`a search by ${request.mode} needs the query's vector`);
    const bySimilarity = new VectorRanking(queries, limit, vectors, request, vector, found);
    if (words.length === 0) return (yield* this.best(request, needed, bySimilarity, found)).items;

    const { rankWindow: window } = this.limits;
    const similarities = new SimilarityReader(queries.generation, vectors, vector);
    let worded = window;
    for (let similar = Math.max(window, needed); ; similar *= DEEPER) {
      const [near, texts] = (yield* together<RankedItems>([
        this.best(request, similar, bySimilarity, found),
        this.best(request, worded, byWords, found),
      ])) as [RankedItems, RankedItems];
      // Until all that is similar is known, nothing can stand behind it.
      const text = near.exhausted ? texts.items : texts.items.slice(0, window);
      const fused = fuseRankings(near.items, text, window);
      if (request.minScore !== undefined) {
        const kept = yield* similarities.keep(fused, near, request.minScore);
        // All others that are similar enough have their place among those that are similar.
        if (kept.length >= needed || near.exhausted) return kept;
      } else {
        if (fused.length >= needed || (near.exhausted && texts.exhausted)) return fused;
        if (near.exhausted) worded = needed;
      }
    }
  }

  /** The first items of a ranking that match. It is looked into deeper until these are as many as are needed. */
  private *best(
    request: SearchRequest,
    needed: number,
    ranking: TextRanking | VectorRanking,
    found: FoundItems,
  ): PipelineTask<RankedItems> {
    const { rankedValues } = this.limits;
    const isExact = this.queries.isExact(request.predicates);
    const several = this.severalVectors && ranking instanceof VectorRanking;
    const spare = several || !isExact ? OVERFETCH : 1;
    const enough = needed * spare + 1; // the last one can only tell that the others are certain
    let count = Math.min(Math.max(enough, ranking.leastCount), rankedValues);
    for (let isFirst = true; ; isFirst = false) {
      // What is tested needs its value, of the rest only few are returned.
      const values = isFirst || count <= (isExact ? Math.min(MOST_SPARE_VALUES, rankedValues) : rankedValues);
      const { items, exhausted, isComplete }: RankedItems = yield* ranking.best({ count, values });
      const matching = yield* found.matching(items, needed);
      if (exhausted || matching.items.length >= needed) {
        return {
          items: matching.items,
          exhausted: exhausted && matching.all,
          isComplete: isComplete && matching.all,
        };
      }
      count = Math.max(enough, count * (values ? DEEPER : DEEPER_BY_KEYS));
    }
  }
}
