import type { PipelineTask } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import type { FoundItems } from "./found-items.js";
import type { QueryBuilder, RankingPage } from "./query.js";
import {
  ask,
  askAll,
  certainItems,
  countRanked,
  type RankedItems,
  type ResultLimit,
  unwrap,
} from "./ranked-documents.js";
import { decodeRows, decodeSearchReply } from "./reply.js";

/** Ranks items by words in common. */
export class TextRanking {
  /** Fewer than so many documents are not asked for: short texts are often equally good. */
  readonly leastCount = 32;

  constructor(
    private readonly queries: QueryBuilder,
    private readonly limit: ResultLimit,
    private readonly request: SearchRequest,
    private readonly words: readonly string[],
    private readonly found: FoundItems,
  ) {}

  /** The items of the best documents. */
  *best(page: RankingPage): PipelineTask<RankedItems> {
    const { queries, limit, request, words } = this;
    while (page.count <= limit.most) {
      const replies = yield* askAll([queries.text(request, words, page)], request);
      if (limit.isRefusal(replies)) continue;
      const { total, documents } = decodeSearchReply(unwrap(replies[0]), true);
      const exhausted =
        documents.length < page.count && (yield* countRanked(queries, request, total, words)) <= page.count;
      const hits = documents
        .filter(({ fields }) => fields) // others have expired
        .map(({ id, score = 0, fields }) => ({ id, score, fields }));
      this.found.note(hits, page.values);
      return { items: certainItems(hits, exhausted), exhausted, isComplete: exhausted };
    }
    return { items: yield* this.all(), exhausted: true, isComplete: true };
  }

  private *all(): PipelineTask<RankedItems["items"]> {
    const { queries, request, words } = this;
    const reply = yield* ask(queries.allByText(request, words), request);
    const living = decodeRows(reply, queries.scorer === "BM25").filter(({ fields }) => fields.length > 2);
    return certainItems(living, true);
  }
}
