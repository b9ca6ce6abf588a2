import type { Reply } from "../../../redis/command.js";
import { matches } from "../../filter/match.js";
import type { VectorSettings } from "../../index-options.js";
import { decodeItem, FIELD } from "../../items/item.js";
import { readEntry } from "../../items/read.js";
import type { DocumentAddress, StoreKeys } from "../../keys.js";
import type { Limits } from "../../limits.js";
import { type PipelineTask, send, together } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import { queryWords } from "../../text/words.js";
import type { RedisItem, RedisSearchItem } from "../../types.js";
import { byRank, type Ranked, rankWindow, reciprocalRankFusion } from "../ranking.js";
import { similarity } from "../similarity.js";
import { DISTANCE, explainTo, type QueryBuilder, type SearchCommand, toEntry } from "./query.js";
import {
  decodeHybridReply,
  decodeSearchReply,
  type FlatFields,
  type FoundDocument,
  fieldOf,
} from "./reply.js";

const VALUE_NAME = Buffer.from(FIELD.value);
const META_NAME = Buffer.from(FIELD.meta);
const DISTANCE_NAME = Buffer.from(DISTANCE);

/** A document that a ranking found, with what was returned of it. */
interface Hit extends Ranked {
  fields: FlatFields | undefined;
}

/**
 * One page of a ranking: its best documents, and whether there are no more. Equals stay in the order of the server,
 * which is the same however many are asked for, so that pages follow each other.
 */
interface ResultPage {
  hits: Hit[];
  exhausted: boolean;
}

/** How much more is asked for when some of it may have to go: several vectors of one item, items that do not match. */
const OVERFETCH = 3;

/** Answers searches by queries. The index finds candidates; what may be returned of them is decided here. */
export class SearchRunner {
  /** Whether the server can fuse rankings itself. */
  fusesItself = false;
  private readonly severalVectors: boolean;

  constructor(
    private readonly keys: StoreKeys,
    private readonly queries: QueryBuilder,
    private readonly vectors: VectorSettings | undefined,
    private readonly limits: Limits,
  ) {
    this.severalVectors = (vectors?.fields.length ?? 0) > 1 || vectors?.fields[0]?.isMultiple === true;
  }

  *search(request: SearchRequest, vector: Float32Array | undefined): PipelineTask<RedisSearchItem[]> {
    if (request.limit === 0) return [];
    if (request.query === undefined) return yield* this.list(request);
    const words = request.mode === "vector" ? [] : queryWords(request.query);
    if (request.mode === "text") {
      return words.length === 0
        ? []
        : yield* this.topItems(request, (count) => this.byText(request, words, count));
    }
    if (!vector) throw new TypeError(`a search by ${request.mode} needs the query's vector`);
    return yield* this.topItems(request, (count) =>
      words.length === 0
        ? this.byVector(request, vector, count)
        : this.byBoth(request, words, vector, Math.max(count, rankWindow(request))),
    );
  }

  /** Items that match, newest first; page by page until enough of what the index finds does match. */
  private *list(request: SearchRequest): PipelineTask<RedisSearchItem[]> {
    const { predicates, offset, limit } = request;
    // Without a filter the server skips. With one, only what matches counts, and that is known here.
    const skip = predicates.length === 0 ? 0 : offset;
    const needed = skip + limit;
    const found = new Map<string, RedisItem>();
    let from = offset - skip;
    for (let count = needed; ; count = Math.max(count, this.limits.listPage)) {
      const command = this.queries.listing(request, from, count);
      const { documents } = decodeSearchReply(yield* ask(command, request), false);
      for (const { id, fields } of documents) {
        const address = this.keys.parseDocument(id);
        const item = address && fields && readItem(address, fields);
        if (item && matches(item.value, predicates)) found.set(id, item);
      }
      from += documents.length;
      if (documents.length < count || found.size >= needed) break;
    }
    return [...found.values()].slice(skip, needed);
  }

  /** The best items of a ranking, which is looked into deeper until enough of them may be returned. */
  private *topItems(
    request: SearchRequest,
    readPage: (count: number) => PipelineTask<ResultPage>,
  ): PipelineTask<RedisSearchItem[]> {
    const { offset, limit, predicates } = request;
    const needed = offset + limit;
    const spare = this.severalVectors || !this.queries.isExact(predicates) ? OVERFETCH : 1;
    for (let count = needed * spare; ; count *= 4) {
      const { hits, exhausted } = yield* readPage(count);
      const found = yield* this.readHits(hits, request);
      if (exhausted || found.length >= needed) return found.slice(offset, needed);
    }
  }

  private *byVector(request: SearchRequest, vector: Float32Array, count: number): PipelineTask<ResultPage> {
    const command = this.queries.nearest(request, vector, count, this.efRuntime(request));
    const { total, documents } = decodeSearchReply(yield* ask(command, request), false);
    const { minScore = Number.NEGATIVE_INFINITY } = request;
    const known = documents.map((document) => this.toHit(document)).filter(({ fields }) => fields);
    const hits = known.filter(({ score }) => score >= minScore);
    // Behind one that is not similar enough there is none that is.
    const exhausted = Math.max(total, documents.length) < count || hits.length < known.length;
    return { hits, exhausted };
  }

  private *byText(request: SearchRequest, words: readonly string[], count: number): PipelineTask<ResultPage> {
    const command = this.queries.text(request, words, count);
    const { documents } = decodeSearchReply(yield* ask(command, request), true);
    const hits = documents.map(({ id, score = 0, fields }) => ({ id, score, fields }));
    return { hits, exhausted: documents.length < count };
  }

  /** `window`: how many documents of each ranking are fused. */
  private *byBoth(
    request: SearchRequest,
    words: readonly string[],
    vector: Float32Array,
    window: number,
  ): PipelineTask<ResultPage> {
    const fused = yield* this.fusedByServer(request, words, vector, window);
    if (fused) return { hits: fused, exhausted: fused.length < window };
    const pages = yield* together([
      this.byVector(request, vector, window),
      this.byText(request, words, window),
    ]);
    return {
      hits: reciprocalRankFusion(pages.map(({ hits }) => hits)),
      exhausted: pages.every(({ exhausted }) => exhausted),
    };
  }

  /** `undefined` when the server cannot do it, or cannot do it exactly. */
  private *fusedByServer(
    request: SearchRequest,
    words: readonly string[],
    vector: Float32Array,
    window: number,
  ): PipelineTask<Hit[] | undefined> {
    if (!this.fusesItself || request.minScore !== undefined) return undefined;
    const command = this.queries.hybrid(request, words, vector, window, this.efRuntime(request));
    // What the filter drops afterwards would still have taken its rank.
    if (!command.isExact) return undefined;
    explainTo(request.explain, command);
    const [reply] = yield [toEntry(command)];
    const documents = reply instanceof Error ? undefined : decodeHybridReply(reply as Reply);
    if (!documents) {
      // The same ranking comes from two queries, so a server that answers otherwise than expected is no failure.
      this.fusesItself = false;
      return undefined;
    }
    return documents.map(({ id, score = 0, fields }) => ({ id, score, fields })).sort(byRank); // equals as reciprocalRankFusion() has them
  }

  /** What of the hits may be returned, in their order: each item once, with its best score. */
  private *readHits(hits: readonly Hit[], { predicates }: SearchRequest): PipelineTask<RedisSearchItem[]> {
    const best = new Map<
      string,
      { address: DocumentAddress; score: number; item: RedisItem | null | undefined }
    >();
    for (const { id, score, fields } of hits) {
      const address = this.keys.parseDocument(id);
      if (!address || !fields) continue;
      const known = best.get(address.document);
      const item = id === address.document ? readItem(address, fields) : undefined;
      if (!known) best.set(address.document, { address, score, item });
      else known.item ??= item;
    }
    const missing = [...best.values()].filter(({ item }) => item === undefined);
    if (missing.length > 0) {
      // Found by a further vector, whose document does not hold the value.
      const replies = yield missing.map(({ address }) => readEntry(address.document));
      missing.forEach((each, index) => {
        const reply = replies[index];
        if (reply instanceof Error) throw reply;
        const [value, meta] = reply as Reply[];
        each.item = decodeItem(each.address, value, meta);
      });
    }
    const found: RedisSearchItem[] = [];
    for (const { item, score } of best.values()) {
      if (item && matches(item.value, predicates)) found.push(Object.assign(item, { score }));
    }
    return found;
  }

  private toHit({ id, fields }: FoundDocument): Hit {
    const distance = Number((fields && fieldOf(fields, DISTANCE_NAME)) ?? Number.NaN);
    const score = Number.isNaN(distance)
      ? Number.NEGATIVE_INFINITY
      : similarity(this.vectors?.distance ?? "cosine", distance);
    return { id, score, fields };
  }

  /** How many candidates HNSW looks at; nothing for an algorithm that looks at all. */
  private efRuntime({ efRuntime }: SearchRequest): number | undefined {
    return this.vectors?.algorithm === "hnsw" ? (efRuntime ?? this.vectors.efRuntime) : undefined;
  }
}

function* ask(command: SearchCommand, { explain }: SearchRequest): PipelineTask<Reply> {
  explainTo(explain, command);
  return yield* send(toEntry(command));
}

function readItem(address: DocumentAddress, fields: FlatFields): RedisItem | null {
  return decodeItem(address, fieldOf(fields, VALUE_NAME), fieldOf(fields, META_NAME));
}
