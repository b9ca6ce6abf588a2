import type { Reply } from "../../../redis/command.js";
import { fromBytes } from "../../embedding/embedder.js";
import type { VectorSettings } from "../../index-options.js";
import { FIELD } from "../../items/item.js";
import type { PipelineTask } from "../../pipeline.js";
import type { Ranked } from "../ranking.js";
import { similarityTo } from "../similarity.js";
import type { RankedItems } from "./ranked-documents.js";

/** Compares items with a query that a search found by their words: their vectors are read. */
export class SimilarityReader {
  private readonly known = new Map<string, number>();

  constructor(
    private readonly generation: number,
    private readonly vectors: VectorSettings,
    private readonly query: Float32Array,
  ) {}

  /** The items that are similar enough. @param near Those that are known to be. */
  *keep(
    items: readonly Ranked[],
    near: Pick<RankedItems, "items" | "isComplete">,
    minScore: number,
  ): PipelineTask<Ranked[]> {
    const similar = new Set(near.items.map(({ id }) => id));
    const unknown = near.isComplete
      ? []
      : items.map(({ id }) => id).filter((id) => !similar.has(id) && !this.known.has(id));
    if (unknown.length > 0) yield* this.read(unknown);
    return items.filter(({ id }) => similar.has(id) || (this.known.get(id) ?? -Infinity) >= minScore);
  }

  /** Reads the similarity of the best vector of each item; none for those without vectors. */
  private *read(items: readonly string[]): PipelineTask<void> {
    const compare = similarityTo(this.query, this.vectors.distance);
    const field = FIELD.vector(this.generation);
    const note = (item: string, vector: Reply | undefined) => {
      if (!(vector instanceof Buffer) || vector.length !== 4 * this.vectors.dims) return;
      this.known.set(item, Math.max(this.known.get(item) ?? -Infinity, compare(fromBytes(vector))));
    };
    for (const item of items) this.known.set(item, -Infinity);
    const replies = yield items.map((key) => ({ key, args: ["HMGET", key, field, FIELD.parts] }));
    const further: { item: string; key: string }[] = [];
    items.forEach((item, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const [vector, parts] = reply as Reply[];
      note(item, vector);
      for (const part of parts?.toString().split(" ").filter(Boolean) ?? [])
        further.push({ item, key: `${item}:${part}` });
    });
    if (further.length === 0) return;
    const vectors = yield further.map(({ key }) => ({ key, args: ["HGET", key, field] }));
    further.forEach(({ item }, at) => {
      const vector = vectors[at];
      if (vector instanceof Error) throw vector;
      note(item, vector);
    });
  }
}
