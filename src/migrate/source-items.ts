import type { BaseStore, Item } from "@langchain/langgraph-checkpoint";

/** How many items, or namespaces, are asked for at once. */
export const PAGE = 100;

/** An item without its value. */
export interface ItemRef {
  readonly namespace: string[];
  readonly key: string;
  /** Milliseconds. */
  readonly updatedAt: number;
}

/** All items of a store in a namespace and below it, the one that was updated last coming last. */
export async function itemRefs(
  store: BaseStore,
  prefix: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ItemRef[]> {
  const refs = new Map<string, ItemRef>();
  for await (const item of itemsOf(store, [...prefix])) {
    signal?.throwIfAborted();
    if (!isWithin(item.namespace, prefix)) continue;
    const { namespace, key, updatedAt } = item;
    refs.set(JSON.stringify([namespace, key]), { namespace, key, updatedAt: new Date(updatedAt).getTime() });
  }
  return [...refs.values()].sort((one, other) => one.updatedAt - other.updatedAt);
}

/** The items as they are now, `null` for those that are not there. */
export async function readItems(store: BaseStore, refs: readonly ItemRef[]): Promise<(Item | null)[]> {
  return store.batch(refs.map(({ namespace, key }) => ({ namespace, key })));
}

/** Whether a namespace is the prefix or below it. Some stores find neighbours too, whose name begins alike. */
function isWithin(namespace: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((label, at) => namespace[at] === label);
}

async function* itemsOf(store: BaseStore, prefix: string[]): AsyncGenerator<Item> {
  if ("iterate" in store) {
    yield* (store as BaseStore & Iterating).iterate(prefix);
    return;
  }
  // Not every store can be searched as a whole, so that its topmost namespaces are, each with what is below it.
  const listed = (await namespacesOf(store)).filter((namespace) => isWithin(namespace, prefix));
  const all = new Set(listed.map((namespace) => JSON.stringify(namespace)));
  const hasAncestor = (namespace: string[]) =>
    namespace.some((_, length) => length > 0 && all.has(JSON.stringify(namespace.slice(0, length))));
  for (const namespace of listed) {
    if (hasAncestor(namespace)) continue;
    yield* inPages((offset, limit) => store.search(namespace, { offset, limit }), refOfItem);
  }
}

interface Iterating {
  iterate(path: string[]): AsyncGenerator<Item>;
}

async function namespacesOf(store: BaseStore): Promise<string[][]> {
  const found: string[][] = [];
  const list = (offset: number, limit: number) => store.listNamespaces({ offset, limit });
  for await (const namespace of inPages(list, (each) => JSON.stringify(each))) found.push(namespace);
  return found;
}

function refOfItem({ namespace, key }: Item): string {
  return JSON.stringify([namespace, key]);
}

/**
 * A list in pages by offset, each once. What others remove meanwhile moves the rest to the front, where the next page would pass over
 * it: so each page begins within what was seen, and one that does not is asked for again from further ahead.
 */
async function* inPages<T>(
  page: (offset: number, limit: number) => Promise<T[]>,
  refOf: (entry: T) => string,
): AsyncGenerator<T> {
  const seen = new Set<string>();
  for (let offset = 0; ; ) {
    const entries = await page(offset, PAGE);
    const [first] = entries;
    const passedOver = offset > 0 && (first === undefined || !seen.has(refOf(first)));
    for (const entry of entries) {
      const ref = refOf(entry);
      if (!seen.has(ref)) yield entry;
      seen.add(ref);
    }
    if (passedOver) offset = Math.max(0, offset - PAGE);
    else if (entries.length < PAGE) return;
    else offset += PAGE - OVERLAP;
  }
}

const OVERLAP = 20;
