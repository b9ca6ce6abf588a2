import { matches } from "../../filter/match.js";
import { decodeItem, FIELD } from "../../items/item.js";
import type { ItemCodec } from "../../items/item-codec.js";
import type { StoreKeys } from "../../keys.js";
import type { PipelineTask } from "../../pipeline.js";
import type { SearchRequest } from "../../requests.js";
import type { RedisSearchItem } from "../../types.js";
import { explainTo, type QueryBuilder, toEntry } from "./query.js";
import { decodeSearchReply, fieldOf } from "./reply.js";

const VALUE_NAME = Buffer.from(FIELD.value);
const META_NAME = Buffer.from(FIELD.meta);

/** How much more is asked for, and how much more again, when not all that the index finds has to match. */
const OVERFETCH = 3;
const GROWTH = 8;

/**
 * Items that match a filter, by time of update, as the index has them. Each query begins at the first item, so that nothing
 * is missed that is put again meanwhile.
 *
 * @returns `undefined` when the index cannot say: as the server caps results, or leaves out what has just expired.
 */
export function* filteredListing(
  { keys, codec }: { keys: StoreKeys; codec: ItemCodec },
  queries: QueryBuilder,
  request: SearchRequest,
): PipelineTask<RedisSearchItem[] | undefined> {
  const { predicates, offset, limit, explain } = request;
  const needed = offset + limit;
  for (let count = queries.isExact(predicates) ? needed : needed * OVERFETCH; ; count *= GROWTH) {
    const command = queries.listing(request, 0, count);
    explainTo(explain, command);
    const [reply] = yield [toEntry(command)];
    if (reply instanceof Error && /\bLIMIT\b|MAXSEARCHRESULTS/i.test(reply.message)) return undefined;
    if (reply instanceof Error) throw reply;
    const { total, documents } = decodeSearchReply(reply ?? null, false);
    const found: RedisSearchItem[] = [];
    for (const { id, fields } of documents) {
      const address = keys.parseDocument(id);
      const item =
        address &&
        fields &&
        decodeItem(codec, address, fieldOf(fields, VALUE_NAME), fieldOf(fields, META_NAME));
      if (item && matches(item.value, predicates)) found.push(item);
    }
    if (found.length >= needed) return found.slice(offset, needed);
    if (documents.length < Math.min(count, total)) return undefined;
    if (total <= count) return found.slice(offset);
  }
}
