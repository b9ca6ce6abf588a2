import type { BaseStore, Item, Operation } from "@langchain/langgraph-checkpoint";
import { quote } from "../describe.js";
import { InvalidInputError } from "../errors.js";
import { checkKnownOptions, type KnownOptions } from "../redis/known-options.js";
import { concurrently } from "./concurrently.js";
import {
  checkChoice,
  checkCount,
  checkFlag,
  checkFunction,
  checkMethods,
  checkPrefix,
  checkSignal,
} from "./options.js";
import { sameValue } from "./same-value.js";
import { itemRefs, PAGE, readItems } from "./source-items.js";
import { compareItems, type ItemDifference } from "./verify-store.js";

/** Options of {@link copyStore}. */
export interface CopyStoreOptions {
  /** Only the items in this namespace and below it. Default: all. */
  prefix?: string[];
  /**
   * What to do with an item that the target has with another value: an `"error"` in the report, `"skip"` it, `"replace"` it, or keep
   * the one that was updated last, `"newest"`. Default: "error".
   */
  onExisting?: "error" | "skip" | "replace" | "newest";
  /** The fields to embed of each item, `false` for none. Default: what the target is configured for. */
  index?: (item: Item) => false | string[] | undefined;
  /** How many items are read, embedded and written together. Default: 100. */
  batchSize?: number;
  /** Whether to count only what would be written. Default: false. */
  dryRun?: boolean;
  /** Whether to read both sides after the copy, and compare. Default: false. */
  verify?: boolean;
  /** Called after each batch. When it throws, the copy ends there with its error. */
  onProgress?: (progress: CopyStoreProgress) => unknown;
  /** Ends the copy, which rejects with the signal's reason. Calling again goes on. */
  signal?: AbortSignal;
}

/** How far {@link copyStore} has come. */
export interface CopyStoreProgress {
  /** Items done, those that failed included. */
  readonly items: number;
  /** Items to do. */
  readonly total: number;
  /** Items written. */
  readonly copied: number;
  /** Items that failed. */
  readonly errors: number;
}

/** An item that could not be copied. */
export interface ItemFailure {
  readonly namespace: string[];
  readonly key: string;
  readonly error: unknown;
}

/** What {@link copyStore} did, or would do. */
export interface CopyStoreReport {
  /** Items looked at. */
  readonly items: number;
  /** Items written. */
  readonly copied: number;
  /** Items that were there already. */
  readonly unchanged: number;
  /** Items left as they are in the target by `onExisting`. */
  readonly skipped: number;
  /** The items that failed. The others were copied. */
  readonly errors: readonly ItemFailure[];
  /** What `verify` found. */
  readonly differences: readonly ItemDifference[];
}

const OPTIONS: KnownOptions<CopyStoreOptions> = {
  prefix: true,
  onExisting: true,
  index: true,
  batchSize: true,
  dryRun: true,
  verify: true,
  onProgress: true,
  signal: true,
};

/**
 * Copies items from one store to another, those that were updated first coming first. Their vectors are computed anew by the
 * target's model, a batch in one call.
 *
 * `createdAt` and `updatedAt` are the target's own: items of one batch have one time, those of a later batch a later one. What is left of a time to live is kept where both sides tell and take it, as our
 * stores do. What is there already and equal is not written again, so that a copy that was interrupted is gone on with by
 * calling again. An item that fails is reported, and the others go on.
 *
 * @param from any store: `PostgresStore`, `InMemoryStore`, ours.
 * @param to any store, usually a `RedisStore` of this package.
 * @throws {InvalidInputError} when an option cannot be used; the source's error when it cannot be listed.
 *
 * @example
 * ```ts
 * import { InMemoryStore } from "@langchain/langgraph";
 * import { copyStore } from "langgraph-redis/migrate";
 *
 * const { copied, errors } = await copyStore(new InMemoryStore(), store, { onProgress: console.log });
 * for (const { namespace, key, error } of errors) console.error(namespace, key, error);
 * ```
 */
export async function copyStore(
  from: BaseStore,
  to: BaseStore,
  options: CopyStoreOptions = {},
): Promise<CopyStoreReport> {
  checkMethods(from, "from", ["batch", "search", "listNamespaces"], "store");
  checkMethods(to, "to", ["batch", "put"], "store");
  checkKnownOptions(options, OPTIONS, "copyStore");
  const batchSize = checkCount(options.batchSize, "batchSize", PAGE);
  const onExisting = checkChoice(
    options.onExisting,
    "onExisting",
    ["error", "skip", "replace", "newest"],
    "error",
  );
  const dryRun = checkFlag(options.dryRun, "dryRun");
  const verify = checkFlag(options.verify, "verify") && !dryRun;
  const signal = checkSignal(options.signal);
  checkFunction(options.index, "index");
  checkFunction(options.onProgress, "onProgress");
  const prefix = checkPrefix(options.prefix);

  const counts = { items: 0, copied: 0, unchanged: 0, skipped: 0 };
  const errors: ItemFailure[] = [];
  const refs = await itemRefs(from, prefix, signal);
  const batches = Array.from({ length: Math.ceil(refs.length / batchSize) }, (_, at) =>
    refs.slice(at * batchSize, (at + 1) * batchSize),
  );
  // One batch after the other: their order is the order of updates.
  await concurrently(batches, 1, signal, async (batch) => {
    const [items, there] = await Promise.all([readItems(from, batch), readItems(to, batch)]);
    const wanted: { item: Item; existing: Item | null }[] = [];
    for (const [at, item] of items.entries()) {
      const existing = there[at] ?? null;
      if (item === null) continue; // deleted in the source, or expired, meanwhile
      if (existing !== null && sameValue(item.value, existing.value)) counts.unchanged++;
      else if (existing === null || replaces(onExisting, item, existing)) wanted.push({ item, existing });
      else if (onExisting === "error") errors.push({ ...placeOf(item), error: conflict(item) });
      else counts.skipped++;
    }
    if (dryRun) counts.copied += wanted.length;
    else {
      const operations = wanted.map(({ item, existing }) => putOf(item, existing, options.index?.(item)));
      const failed = await putAll(to, operations);
      counts.copied += operations.length - failed.size;
      for (const [at, error] of failed)
        errors.push({ ...placeOf((wanted[at] as { item: Item }).item), error });
    }
    counts.items += batch.length;
    const { items: done, copied } = counts;
    await options.onProgress?.({ items: done, total: refs.length, copied, errors: errors.length });
  });
  const differences = verify ? (await compareItems(from, to, prefix, signal)).differences : [];
  return { ...counts, errors, differences };
}

function replaces(onExisting: CopyStoreOptions["onExisting"], item: Item, existing: Item): boolean {
  if (onExisting === "newest") return new Date(item.updatedAt) > new Date(existing.updatedAt);
  return onExisting === "replace";
}

function conflict(item: Item): InvalidInputError {
  return new InvalidInputError(
    `the target has ${quote([...item.namespace, item.key])} with another value. It was left as it is. ` +
      'Set onExisting to "skip", "replace" or "newest".',
  );
}

function placeOf({ namespace, key }: Item): { namespace: string[]; key: string } {
  return { namespace, key };
}

/** What our items and stores have that others have not: others leave the extras alone. */
interface Extras {
  ttl?: number;
  ifAbsent?: true;
  ifVersion?: number;
}

/** A put that fails, where the target can tell, if somebody else has put the item meanwhile. */
function putOf(item: Item, existing: Item | null, index: false | string[] | undefined): Operation & Extras {
  const { expiresAt } = item as { expiresAt?: Date };
  const version = (existing as { version?: number } | null)?.version;
  return {
    ...placeOf(item),
    value: item.value,
    ...(index === undefined ? {} : { index }),
    ...(expiresAt === undefined ? {} : { ttl: Math.max(1, expiresAt.getTime() - Date.now()) / 60_000 }),
    ...(existing === null ? { ifAbsent: true } : version === undefined ? {} : { ifVersion: version }),
  };
}

/** Puts all, or those that can be put. @returns the errors of the others, by their place. */
async function putAll(to: BaseStore, operations: (Operation & Extras)[]): Promise<Map<number, unknown>> {
  const failed = new Map<number, unknown>();
  if (operations.length === 0) return failed;
  try {
    await to.batch(operations);
    return failed;
  } catch (error) {
    const { failures } = error as { failures?: { index: number; error: unknown }[] };
    if (operations.length === 1) failed.set(0, error);
    if (operations.length === 1 || Array.isArray(failures)) {
      for (const { index, error } of failures ?? []) failed.set(index, error);
      return failed;
    }
  }
  // A store that does not say which of them failed.
  for (const [at, operation] of operations.entries()) {
    await to.batch([operation]).catch((error: unknown) => failed.set(at, error));
  }
  return failed;
}
