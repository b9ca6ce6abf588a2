import type { Reply } from "../../../redis/command.js";
import { matches } from "../../filter/match.js";
import { decodeItem, FIELD } from "../../items/item.js";
import type { ItemCodec } from "../../items/item-codec.js";
import { readEntry } from "../../items/read.js";
import { itemDocument, type StoreKeys } from "../../keys.js";
import type { PipelineTask } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import type { RedisItem, RedisSearchItem } from "../../types.js";
import type { Ranked } from "../ranking.js";
import type { Hit } from "./ranked-documents.js";
import { type FlatFields, fieldOf } from "./reply.js";

const VALUE_NAME = Buffer.from(FIELD.value);
const META_NAME = Buffer.from(FIELD.meta);

/** What one search knows of the items that it came across. Each is decoded, and read if it has to be, once at most. */
export class FoundItems {
  /** Fields of items' own documents, as queries returned them. */
  private readonly fields = new Map<string, FlatFields>();
  private readonly items = new Map<string, RedisItem | null>();

  /** @param atOnce How many items are read in one round trip. */
  constructor(
    private readonly keys: StoreKeys,
    private readonly codec: ItemCodec,
    private readonly predicates: SearchRequest["predicates"],
    private readonly atOnce: number,
  ) {}

  /**
   * Takes what came with documents.
   *
   * @param values Whether values were asked for: then an item's own document has one, or is no item.
   */
  note(hits: readonly Hit[], values: boolean): void {
    if (!values) return;
    for (const { id, fields } of hits) {
      if (!fields || itemDocument(id) !== id) continue;
      if (fieldOf(fields, VALUE_NAME) !== undefined && this.keys.isDocument(id)) this.fields.set(id, fields);
      else this.items.set(id, null);
    }
  }

  /**
   * Those of the items that match the filter, in their order: all of them, or the first ones, if these are as many as are
   * needed.
   */
  *matching(ranked: readonly Ranked[], needed: number): PipelineTask<{ items: Ranked[]; all: boolean }> {
    const { predicates, atOnce } = this;
    if (predicates.length === 0) {
      return { items: ranked.filter(({ id }) => this.items.get(id) !== null), all: true };
    }
    const items: Ranked[] = [];
    for (let from = 0; from < ranked.length; from += atOnce) {
      if (items.length >= needed) return { items, all: false };
      const part = ranked.slice(from, from + atOnce);
      yield* this.load(part);
      for (const each of part) {
        const item = this.items.get(each.id);
        if (item && matches(item.value, predicates)) items.push(each);
      }
    }
    return { items, all: true };
  }

  /** The items themselves, without those that turn out to be gone. */
  *read(ranked: readonly Ranked[]): PipelineTask<RedisSearchItem[]> {
    yield* this.load(ranked);
    const found: RedisSearchItem[] = [];
    for (const { id, score } of ranked) {
      const item = this.items.get(id);
      if (item) found.push(Object.assign(item, { score }));
    }
    return found;
  }

  private *load(ranked: readonly Ranked[]): PipelineTask<void> {
    const missing: string[] = [];
    for (const { id } of ranked) {
      if (this.items.has(id)) continue;
      const fields = this.fields.get(id);
      if (fields) this.decode(id, fieldOf(fields, VALUE_NAME), fieldOf(fields, META_NAME));
      else missing.push(id);
    }
    if (missing.length === 0) return;
    const replies = yield missing.map(readEntry);
    missing.forEach((id, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const [value, meta] = reply as Reply[];
      this.decode(id, value, meta);
    });
  }

  private decode(id: string, value: Reply | undefined, meta: Reply | undefined): void {
    const address = this.keys.parseDocument(id);
    this.items.set(id, address ? decodeItem(this.codec, address, value, meta) : null);
  }
}
