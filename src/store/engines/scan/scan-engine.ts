import type { Connection, Reply } from "../../../redis/command.js";
import { executeAll } from "../../../redis/script.js";
import { fromBytes } from "../../embedding/embedder.js";
import { matches } from "../../filter/match.js";
import { decodeItem, FIELD, ITEM_FIELDS, type ItemAddress } from "../../items/item.js";
import type { ItemCodec } from "../../items/item-codec.js";
import { readEntry } from "../../items/read.js";
import type { StoreKeys } from "../../keys.js";
import type { StoreSettings } from "../../options.js";
import { type PipelineTask, runTask, send } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import { queryWords } from "../../text/words.js";
import type { EngineStats, RedisSearchItem } from "../../types.js";
import type { StoreEngine } from "../engine.js";
import type { StoredIndex } from "../index-definition.js";
import { fuseRankings, type Ranked, rankItems } from "../ranking.js";
import { similarityTo } from "../similarity.js";
import { bm25, type WordCounts, wordCounter } from "./bm25.js";
import { type Candidate, scan } from "./scan.js";

/** Never seen by users: it makes the store look at the definition of the index again. */
class IndexChangedError extends Error {}

/** One candidate, as far as it is compared. Its texts and vectors are not kept. */
interface Compared {
  address: ItemAddress;
  /** The similarity of the vector that is most like the query; `undefined` when the item has none. */
  similarity: number | undefined;
  /** How often it has the query's words; `undefined` when its words are not indexed, or not compared. */
  words: WordCounts | undefined;
}

/**
 * Needs core commands only: candidates come from what each namespace knows of its own items, and are compared here,
 * all of them, so that the result is exact.
 */
export class ScanEngine implements StoreEngine {
  readonly name = "core";
  private index: StoredIndex | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly keys: StoreKeys,
    private readonly codec: ItemCodec,
    private readonly settings: StoreSettings,
  ) {}

  async serve(index: StoredIndex): Promise<void> {
    this.index = index;
  }

  async build(): Promise<void> {}

  /** No index answers filters here. */
  *listMatching(): PipelineTask<undefined> {}

  /** Stores with the other engine may have built one. A server without a search engine refuses, and has none. */
  async drop({ generation }: Pick<StoredIndex, "generation">): Promise<void> {
    const name = this.keys.indexName(generation);
    await executeAll(this.connection, [{ key: name, args: ["FT.DROPINDEX", name] }]);
  }

  isIndexChanged(error: Error): boolean {
    return error instanceof IndexChangedError;
  }

  async inspect(): Promise<undefined> {
    return undefined;
  }

  async foreignDocuments(): Promise<string[]> {
    return [];
  }

  private get generation(): number {
    return this.index?.generation ?? 1;
  }

  /** Reads all items, so many at a time. */
  async stats(): Promise<EngineStats> {
    let items = 0;
    let vectors = 0;
    const count = (candidates: Candidate[]) => {
      items += candidates.length;
      for (const { documents } of candidates) vectors += documents.filter(([kept]) => kept !== null).length;
    };
    const { scanBatchSize: atOnce, limits } = this.settings;
    await runTask(
      this.connection,
      scan(this.keys, {
        path: [],
        itemFields: [],
        fields: [FIELD.text(this.generation)],
        atOnce,
        limits,
        take: count,
      }),
    );
    return { items, vectors, indexBytes: 0, indexing: false, indexFailures: 0 };
  }

  *search(request: SearchRequest, vector: Float32Array | undefined): PipelineTask<RedisSearchItem[]> {
    if (request.limit === 0) return [];
    return yield* this.rank(request, vector);
  }

  /** Compares every candidate with the query. */
  private *rank(request: SearchRequest, query: Float32Array | undefined): PipelineTask<RedisSearchItem[]> {
    const { scope, predicates, offset, limit } = request;
    const { vectors, scanBatchSize: atOnce, limits } = this.settings;
    const words = request.mode === "vector" ? [] : queryWords(request.query ?? "");
    if (request.mode === "text" && words.length === 0) return [];
    const countWords = wordCounter(words.map((word) => this.codec.forms("word", word)));
    const similarity = query && vectors && similarityTo(query, vectors.distance);
    const { generation } = this;
    const compared = new Map<string, Compared>();
    // Values come along only where a filter looks at them. Of the others those of the results are read in the end.
    const itemFields = predicates.length > 0 ? ITEM_FIELDS : [];
    const kept = new Map<string, Candidate["item"]>();
    let isOther = false;
    const take = (candidates: Candidate[]) => {
      // Read again in the end, if there are more than may be held.
      const keeps = predicates.length > 0 && compared.size === 0;
      if (!keeps) kept.clear();
      for (const { address, item: read, documents } of candidates) {
        if (predicates.length > 0) {
          const item = decodeItem(this.codec, address, read[0], read[1]);
          if (!item || !matches(item.value, predicates)) continue;
        }
        if (keeps) kept.set(address.document, read);
        const own: Compared = { address, similarity: undefined, words: undefined };
        for (const [at, [bytes, made, text]] of documents.entries()) {
          if (at === 0 && made?.toString() !== String(generation)) isOther = true;
          // Words are the item's, and on its own document.
          if (at === 0 && text instanceof Buffer) own.words = countWords(text.toString());
          if (!similarity || !vectors || !(bytes instanceof Buffer) || bytes.length !== 4 * vectors.dims)
            continue;
          own.similarity = Math.max(own.similarity ?? -Infinity, similarity(fromBytes(bytes)));
        }
        compared.set(address.document, own);
      }
    };
    const fields = [similarity ? FIELD.vector(generation) : FIELD.text(generation), FIELD.generation];
    if (words.length > 0) fields.push(FIELD.words);
    yield* scan(this.keys, { path: scope, itemFields, fields, atOnce, limits, take });
    // Somebody's reindex() is at work, or was: then vectors may have been in other fields already.
    if (isOther) yield* this.checkIndex();
    for (let ranked = ranking(compared, words, request, limits.rankWindow); ; ) {
      const page = ranked.slice(offset, offset + limit);
      const read = yield* this.read(
        page.map(({ id, score }) => ({ ...(compared.get(id) as Compared), score })),
        kept,
      );
      // What was put again or deleted since it was compared may not match any more.
      const found = read.filter(({ value }) => matches(value, predicates));
      if (found.length === page.length) return found;
      const left = new Set(found.map(({ namespace, key }) => this.keys.ofItem(namespace, key).document));
      const gone = new Set(page.map(({ id }) => id).filter((id) => !left.has(id)));
      ranked = ranked.filter(({ id }) => !gone.has(id));
    }
  }

  /** Sees whether somebody's reindex() has finished: then the vectors are in other fields. */
  private *checkIndex(): PipelineTask<void> {
    const { definition } = this.keys;
    const stored = yield* send({ key: definition, args: ["GET", definition] });
    if (stored?.toString() !== this.index?.text) throw new IndexChangedError("the index was changed");
  }

  private *read(
    ranked: readonly { address: ItemAddress; score: number }[],
    kept: ReadonlyMap<string, Candidate["item"]>,
  ): PipelineTask<RedisSearchItem[]> {
    const missing = ranked.filter(({ address }) => !kept.has(address.document));
    const replies = missing.length > 0 ? yield missing.map(({ address }) => readEntry(address.document)) : [];
    const read = new Map<string, Reply[]>();
    missing.forEach(({ address }, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      read.set(address.document, reply as Reply[]);
    });
    return ranked.flatMap(({ address, score }) => {
      const [value, meta] = kept.get(address.document) ?? read.get(address.document) ?? [];
      const item = decodeItem(this.codec, address, value, meta);
      return item ? [Object.assign(item, { score })] : [];
    });
  }
}

/** The items that may be returned, best first, by what the mode ranks by. */
function ranking(
  compared: ReadonlyMap<string, Compared>,
  words: readonly string[],
  { mode, minScore = Number.NEGATIVE_INFINITY }: SearchRequest,
  window: number,
): Ranked[] {
  const isSimilar = ({ id }: Ranked) => (compared.get(id)?.similarity ?? -Infinity) >= minScore;
  const similar = () =>
    rankItems(
      [...compared].flatMap(([id, { similarity }]) =>
        similarity === undefined ? [] : [{ id, score: similarity }],
      ),
    );
  if (words.length === 0) return similar().filter(isSimilar);
  const texts = [...compared].flatMap(([id, { words: counts }]) => (counts ? [{ id, counts }] : []));
  const scores = bm25(texts.map(({ counts }) => counts));
  const worded = rankItems(
    texts.map(({ id }, at) => ({ id, score: scores[at] as number })).filter(({ score }) => score > 0),
  );
  if (mode === "text") return worded;
  const fused = fuseRankings(similar(), worded, window);
  return minScore === Number.NEGATIVE_INFINITY ? fused : fused.filter(isSimilar);
}
