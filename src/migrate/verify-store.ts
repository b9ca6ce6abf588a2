import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { checkMethods, checkPrefix, checkSignal } from "./options.js";
import { sameValue } from "./same-value.js";
import { itemRefs, PAGE, readItems } from "./source-items.js";

/** Where two stores differ. It holds no values. */
export interface ItemDifference {
  readonly namespace: string[];
  readonly key: string;
  /** `"missing"` when the target lacks the item, `"extra"` when the source does, `"value"` when their values differ. */
  readonly part: "missing" | "extra" | "value";
}

/** Options of {@link verifyStore}. */
export interface VerifyStoreOptions {
  /** Only the items in this namespace and below it. Default: all. */
  prefix?: string[];
  /** Ends it, with the signal's reason. */
  signal?: AbortSignal;
}

/** What {@link verifyStore} found. */
export interface VerifyStoreReport {
  /** Items of the source that were compared. */
  readonly items: number;
  readonly differences: readonly ItemDifference[];
}

const OPTIONS: KnownOptions<VerifyStoreOptions> = { prefix: true, signal: true };

/**
 * Reads all items of two stores and compares their values deeply.
 *
 * @throws {InvalidInputError} when an option cannot be used; the error of a side that cannot be read.
 *
 * @example
 * ```ts
 * import { InMemoryStore } from "@langchain/langgraph";
 * import { verifyStore } from "langgraph-redis/migrate";
 *
 * const { differences } = await verifyStore(new InMemoryStore(), store, { prefix: ["memories"] });
 * for (const { namespace, key, part } of differences) console.error(namespace, key, part);
 * ```
 */
export async function verifyStore(
  from: BaseStore,
  to: BaseStore,
  options: VerifyStoreOptions = {},
): Promise<VerifyStoreReport> {
  checkMethods(from, "from", ["batch", "search", "listNamespaces"], "store");
  checkMethods(to, "to", ["batch", "search", "listNamespaces"], "store");
  checkKnownOptions(options, OPTIONS, "verifyStore");
  return compareItems(from, to, checkPrefix(options.prefix), checkSignal(options.signal));
}

export async function compareItems(
  from: BaseStore,
  to: BaseStore,
  prefix: readonly string[],
  signal: AbortSignal | undefined,
): Promise<VerifyStoreReport> {
  const differences: ItemDifference[] = [];
  const refs = await itemRefs(from, prefix, signal);
  for (let at = 0; at < refs.length; at += PAGE) {
    signal?.throwIfAborted();
    const page = refs.slice(at, at + PAGE);
    const [items, there] = await Promise.all([readItems(from, page), readItems(to, page)]);
    for (const [n, { namespace, key }] of page.entries()) {
      const [item, other] = [items[n] ?? null, there[n] ?? null];
      if (item === null) continue; // deleted in the source, or expired, meanwhile
      if (other === null) differences.push({ namespace, key, part: "missing" });
      else if (!sameValue(item.value, other.value)) differences.push({ namespace, key, part: "value" });
    }
  }
  const known = new Set(refs.map(({ namespace, key }) => JSON.stringify([namespace, key])));
  for (const { namespace, key } of await itemRefs(to, prefix, signal)) {
    if (!known.has(JSON.stringify([namespace, key]))) differences.push({ namespace, key, part: "extra" });
  }
  return { items: refs.length, differences };
}
