import type { Write } from "../items/write.js";

/** A write of a batch, with its position in it. */
export type IndexedWrite = Write & { position: number };

/** A write that is sent, with those before it that need not be as long as it succeeds: later ones first. */
export type OrderedWrite = IndexedWrite & { supersedes: readonly IndexedWrite[] };

/** Tells one item from all others. */
export function itemId({ namespace, key }: { namespace: readonly string[]; key: string }): string {
  return JSON.stringify([namespace, key]);
}

/**
 * Leaves out what a later write of the same item makes pointless. A write before one with a condition is never left
 * out: it decides whether the condition holds.
 */
export function dropSuperseded(writes: readonly IndexedWrite[]): OrderedWrite[] {
  const ordered: OrderedWrite[] = [];
  const laterOfItem = new Map<string, { supersedes: IndexedWrite[] }>();
  for (const write of writes.toReversed()) {
    const item = itemId(write.request);
    const isConditional = write.request.kind === "put" && write.request.condition !== undefined;
    const later = laterOfItem.get(item);
    if (later && !isConditional) {
      later.supersedes.push(write);
      continue;
    }
    const supersedes: IndexedWrite[] = [];
    ordered.push({ ...write, supersedes });
    if (isConditional) laterOfItem.delete(item);
    else laterOfItem.set(item, { supersedes });
  }
  return ordered.reverse();
}

/**
 * Writes that go out together, each item once: a pipeline may reach the server twice, and would then do the first of
 * two writes of one item again after the second.
 */
export function groupConflicting(writes: readonly OrderedWrite[]): OrderedWrite[][] {
  const groups: OrderedWrite[][] = [];
  const timesSeen = new Map<string, number>();
  for (const write of writes) {
    const item = itemId(write.request);
    const group = timesSeen.get(item) ?? 0;
    timesSeen.set(item, group + 1);
    groups[group] ??= [];
    groups[group].push(write);
  }
  return groups;
}
