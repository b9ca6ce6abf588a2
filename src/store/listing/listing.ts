import type { Reply } from "../../redis/command.js";
import { encodeKeyPart } from "../../redis/key-encoding.js";
import { Script } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import { scan } from "../engines/scan/scan.js";
import { matches } from "../filter/match.js";
import { decodeItem, decodeMeta, FIELD, ITEM_FIELDS } from "../items/item.js";
import type { ItemCodec } from "../items/item-codec.js";
import membersSource from "../items/members.lua";
import { readEntry } from "../items/read.js";
import { memberKeys, type StoreKeys } from "../keys.js";
import type { Limits } from "../limits.js";
import { fromRegistryMember, toRegistryMember } from "../namespaces/encoding.js";
import { type PipelineTask, send, together } from "../pipeline.js";
import type { SearchRequest } from "../requests.js";
import type { RedisItem, RedisSearchItem } from "../types.js";
import forgetSource from "./forget.lua";
import { type Answer, NewestItems } from "./newest.js";
import { addressOf, comparing, type Entry, First } from "./order.js";
import pageSource from "./page.lua";

const PAGE = new Script(membersSource, pageSource);
const FORGET = new Script(membersSource, forgetSource);

/** How often a listing begins again, as items were deleted between the moment when they were named and that when they were read. */
const ATTEMPTS = 5;

/** How many times more are looked at, when too few of the first ones match. */
const GROWTH = 100;

/** Lists items in order, by what namespaces know of their items. */
export function* listItems(
  context: Pick<StoreContext, "keys" | "codec" | "settings">,
  request: SearchRequest,
): PipelineTask<RedisSearchItem[]> {
  for (let attempt = 1; ; attempt++) {
    const listing = new Listing(context, request);
    const found = yield* listing.run();
    if (listing.gone.length > 0) yield* forget(context.keys, listing.gone);
    if (listing.gone.length === 0 || attempt === ATTEMPTS) return found;
  }
}

/** The first items of the namespace that is the path itself, as far as they were asked for. */
interface OwnPage extends Answer {
  /** How many items the namespace has. */
  size: number;
  /** Those that were read, from the offset on. */
  items: Item[];
}

interface Item extends Entry {
  item: RedisSearchItem;
}

class Listing {
  /** Items whose documents were not there any more. */
  readonly gone: Entry[] = [];
  private readonly keys: StoreKeys;
  private readonly codec: ItemCodec;
  private readonly limits: Limits;
  private readonly atOnce: number;
  private readonly compare: (a: Entry, b: Entry) => number;
  private readonly needed: number;
  /** What was read, by document, with the time by which it stood; without an item it does not match. */
  private readonly known = new Map<string, { time: number; item: RedisSearchItem | undefined }>();

  constructor(
    { keys, codec, settings }: Pick<StoreContext, "keys" | "codec" | "settings">,
    private readonly request: SearchRequest,
  ) {
    this.keys = keys;
    this.codec = codec;
    this.limits = settings.limits;
    this.atOnce = settings.scanBatchSize;
    this.compare = comparing(request.order);
    this.needed = request.offset + request.limit;
  }

  *run(): PipelineTask<RedisSearchItem[]> {
    const { needed } = this;
    const { predicates, offset, limit, scope, order } = this.request;
    const { listWindow, filterPage } = this.limits;
    const isFiltered = predicates.length > 0;
    const isNewestFirst = order.by === "updatedAt" && order.descending;
    // No sorted set has the times of creation.
    if (order.by === "createdAt") return yield* this.visit();
    let wanted = isFiltered ? Math.max(needed, filterPage) : needed;
    const newest = new NewestItems(this.keys, scope, this.limits);
    const most = Math.min(wanted, listWindow);
    const page = isFiltered
      ? this.readOwn(0, Math.min(wanted, this.chunk), wanted)
      : this.readOwn(offset, Math.min(limit, this.chunk), wanted);
    const below = newest.ask(isNewestFirst ? most : 1);
    const [own] = (yield* together<OwnPage | NewestItems>([page, below])) as [OwnPage, NewestItems];
    if (
      !isFiltered &&
      newest.areNone &&
      (own.items.length === limit || offset + own.items.length >= own.size)
    )
      return own.items.map(({ item }) => item);
    if (!isNewestFirst && !newest.areNone) return yield* this.visit();
    for (let names: Answer = own; wanted <= listWindow; ) {
      const { entries, isComplete } = yield* newest.first(wanted, names);
      const found = yield* this.read(isFiltered ? entries : entries.slice(offset));
      if (!isFiltered) return this.inOrder(found);
      if (isComplete || found.length >= needed) return this.inOrder(found).slice(offset, needed);
      wanted = wanted < listWindow ? Math.min(wanted * GROWTH, listWindow) : Number.POSITIVE_INFINITY;
      if (wanted <= listWindow && !names.isComplete) names = yield* this.readOwn(0, 0, wanted);
    }
    return yield* this.visit();
  }

  /** How many values are held at a time. */
  private get chunk(): number {
    return Math.min(this.limits.listPage, this.atOnce);
  }

  /**
   * The items of the namespace that is the path itself: names the first ones, and reads a page of them.
   *
   * @param names How many to name; none when these are too many.
   */
  private *readOwn(offset: number, limit: number, names: number): PipelineTask<OwnPage> {
    const { scope, order } = this.request;
    if (scope.length === 0) return { size: 0, items: [], entries: [], isComplete: true };
    const namespace = this.keys.ofNamespace(scope);
    const { name } = namespace;
    const isForward = (order.by === "key") !== order.descending;
    const args = [
      ...[
        this.keys.documentsOf(scope),
        name,
        order.by === "key" ? "1" : "2",
        isForward ? "ZRANGE" : "ZREVRANGE",
      ],
      ...[String(offset), String(limit), String(names <= this.limits.listWindow ? names : 0)],
    ];
    const [size, named, page] = (yield* send(PAGE.call(memberKeys(namespace), args))) as [
      number,
      Reply[],
      Reply[][],
    ];
    const entries = toPairs(named).map(([member, score]) => ({
      name,
      member,
      time: Math.abs(Number(score)),
    }));
    const items: Item[] = [];
    for (const [member, value, meta] of page) {
      const entry = { name, member: String(member), time: 0 };
      const address = addressOf(this.keys, entry);
      const item = decodeItem(this.codec, address, value, meta);
      if (!item) continue;
      const time = this.timeOf(item);
      const isWanted = matches(item.value, this.request.predicates);
      this.known.set(address.document, { time, item: isWanted ? item : undefined });
      items.push({ ...entry, time, item });
    }
    return { size, items, entries, isComplete: entries.length >= size };
  }

  /** Those of the entries that match, in their order, until there are enough; as they are now. */
  private *read(entries: readonly Entry[]): PipelineTask<Item[]> {
    const found: Item[] = [];
    for (let at = 0; at < entries.length && found.length < this.needed; at += this.chunk) {
      const chunk = entries
        .slice(at, at + this.chunk)
        .map((entry) => ({ entry, address: addressOf(this.keys, entry) }));
      // One that was put again since it was read stands elsewhere now, and is read again.
      const unread = chunk.filter(
        ({ entry, address }) => this.known.get(address.document)?.time !== entry.time,
      );
      const replies = unread.length > 0 ? yield unread.map(({ address }) => readEntry(address.document)) : [];
      for (const [position, { entry, address }] of unread.entries()) {
        const reply = replies[position];
        if (reply instanceof Error) throw reply;
        const [value, meta] = reply as Reply[];
        const item = decodeItem(this.codec, address, value, meta);
        if (!item) this.gone.push(entry);
        const isWanted = item && matches(item.value, this.request.predicates);
        this.known.set(address.document, { time: entry.time, item: isWanted ? item : undefined });
      }
      for (const { entry, address } of chunk) {
        const item = this.known.get(address.document)?.item;
        if (item) found.push({ ...entry, time: this.timeOf(item), item });
      }
    }
    return found;
  }

  /** Goes through all items under the path, whatever their order, and keeps the first ones. */
  private *visit(): PipelineTask<RedisSearchItem[]> {
    const { keys, limits, atOnce, needed } = this;
    const { scope, order, offset, predicates } = this.request;
    const isFiltered = predicates.length > 0;
    const first = new First<Entry & Partial<Item>>(order, needed);
    yield* scan(keys, {
      path: scope,
      itemFields: isFiltered ? ITEM_FIELDS : [FIELD.meta],
      atOnce,
      limits,
      take: (candidates) => {
        for (const { address, item: fields } of candidates) {
          const name = toRegistryMember(address.namespace);
          const member = encodeKeyPart(address.key);
          if (!isFiltered) {
            const { created, updated } = decodeMeta(fields[0], address.document);
            const time = { createdAt: created, updatedAt: updated, key: 0 }[order.by];
            first.add({ name, member, time });
            continue;
          }
          const item = decodeItem(this.codec, address, fields[0], fields[1]);
          if (item && matches(item.value, predicates))
            first.add({ name, member, time: this.timeOf(item), item });
        }
      },
    });
    const entries = first.entries().slice(offset);
    if (isFiltered) return entries.flatMap(({ item }) => item ?? []);
    return this.inOrder(yield* this.read(entries));
  }

  private inOrder(found: Item[]): RedisSearchItem[] {
    return found.sort(this.compare).map(({ item }) => item);
  }

  private timeOf(item: RedisItem): number {
    const { by } = this.request.order;
    return by === "key" ? 0 : item[by].getTime();
  }
}

/** Takes members off whose documents are gone, so that a listing that begins again does not come by them. */
function* forget(keys: StoreKeys, gone: readonly Entry[]): PipelineTask<void> {
  const members = new Map<string, string[]>();
  for (const { name, member } of gone) members.set(name, [...(members.get(name) ?? []), member]);
  const replies = yield [...members].map(([name, list]) => {
    const namespace = fromRegistryMember(name);
    return FORGET.call(memberKeys(keys.ofNamespace(namespace)), [keys.documentsOf(namespace), name, ...list]);
  });
  for (const reply of replies) if (reply instanceof Error) throw reply;
}

/** Members and scores in turn, or in pairs, as a client's protocol has them. */
function toPairs(reply: readonly Reply[]): [string, string][] {
  const flat = (reply as (Reply | Reply[])[]).flat().map(String);
  const pairs: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) pairs.push([flat[at] as string, flat[at + 1] as string]);
  return pairs;
}
