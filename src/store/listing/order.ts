import { decodeKeyPart } from "../../redis/key-encoding.js";
import type { ItemAddress } from "../items/item.js";
import type { StoreKeys } from "../keys.js";
import { fromRegistryMember } from "../namespaces/encoding.js";
import type { ListingOrder } from "../types.js";

/** An item of a listing by its names, with the time that it stands by. */
export interface Entry {
  /** The namespace's name in the registry. */
  name: string;
  /** The key's name among the members of the namespace. */
  member: string;
  /** Milliseconds; 0 where the order is by key. */
  time: number;
}

/** How a listing is ordered: by a time or by key, then by key, then by namespace; the other way round if asked for. */
export interface Order {
  by: ListingOrder;
  descending: boolean;
}

/** Compares entries by an order. Names are ASCII, so that texts compare as their bytes do. */
export function comparing({ by, descending }: Order): (a: Entry, b: Entry) => number {
  // Forward is the latest first, but the least key first.
  const sign = (by === "key") === descending ? -1 : 1;
  return (a, b) =>
    sign * (b.time - a.time || compare(a.member, b.member) || compare(pathOf(a.name), pathOf(b.name)));
}

/** The first entries in an order, as entries come. */
export class First<E extends Entry> {
  private kept: E[] = [];
  private readonly compare: (a: Entry, b: Entry) => number;

  constructor(
    order: Order,
    private readonly count: number,
  ) {
    this.compare = comparing(order);
  }

  add(entry: E): void {
    this.kept.push(entry);
    if (this.kept.length >= 2 * this.count + 1_000) this.cut();
  }

  /** In order. */
  entries(): E[] {
    this.cut();
    return this.kept;
  }

  private cut(): void {
    this.kept.sort(this.compare);
    this.kept.length = Math.min(this.kept.length, this.count);
  }
}

/** Whose item an entry is. */
export function addressOf(keys: StoreKeys, { name, member }: Entry): ItemAddress {
  const namespace = fromRegistryMember(name);
  return { namespace, key: decodeKeyPart(member), document: keys.documentsOf(namespace) + member };
}

/** A namespace's name without what ends it, so that it stands before those that begin with it. */
function pathOf(name: string): string {
  return name.slice(0, -1);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
