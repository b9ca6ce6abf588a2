import { EncryptionError, type RedisItem } from "langgraph-redis";
import { formatPath } from "../path.js";
import type { InspectContext } from "./context.js";
import { fromCursor, toCursor } from "./cursor.js";
import { isPlainJson } from "./plain-json.js";
import type { ItemRow, Json, Page } from "./types.js";
import { toJson } from "./values.js";

export interface ItemsOptions {
  /** As in a search of the store. */
  filter?: Record<string, unknown> | undefined;
  /** Default: 50. */
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** Items in a namespace and below it, by namespace, then by key. `[]` is the whole store. */
export async function listItems(
  { store }: InspectContext,
  path: string[],
  { filter, limit = 50, cursor }: ItemsOptions = {},
): Promise<Page<ItemRow>> {
  const place = cursor === undefined ? undefined : fromCursor(cursor, isPlace);
  let after = place && { namespace: place[0], key: place[1] };
  let batchSize = Math.min(limit + 1, 500);
  const rows: ItemRow[] = [];
  for (;;) {
    const found = store.iterate(path, { batchSize, ...(filter && { filter }), ...(after && { after }) });
    try {
      for await (const item of found) {
        const last = rows.at(-1);
        if (rows.length === limit && last) return { rows, next: toCursor([last.namespace, last.key]) };
        rows.push(toItemRow(item));
        after = { namespace: item.namespace, key: item.key };
      }
      return { rows };
    } catch (error) {
      const row = toEncryptedRow(error);
      if (row === undefined) throw error;
      // One by one from here on: a batch with an item that cannot be read gives none of its items.
      if (batchSize > 1) batchSize = 1;
      else {
        const last = rows.at(-1);
        if (rows.length === limit && last) return { rows, next: toCursor([last.namespace, last.key]) };
        // Whether it matches a filter cannot be known.
        if (filter === undefined) rows.push(row);
        after = { namespace: row.namespace, key: row.key };
      }
    }
  }
}

/** An item that is encrypted with a key that was not given. @returns undefined when the error is another one. */
function toEncryptedRow(error: unknown): ItemRow | undefined {
  if (!(error instanceof EncryptionError)) return undefined;
  const { namespace, itemKey: key } = error.location ?? {};
  if (namespace === undefined || key === undefined) return undefined;
  return { namespace: [...namespace], path: formatPath(namespace), key, encrypted: true };
}

/** One item. @returns undefined when there is none. */
export async function readItem(
  { store }: InspectContext,
  namespace: string[],
  key: string,
): Promise<ItemRow | undefined> {
  const reading = Promise.all([store.get(namespace, key), store.countVectors(namespace, key)]);
  const read = await reading.catch((error: unknown) => {
    const row = toEncryptedRow(error);
    if (row === undefined) throw error;
    return row;
  });
  if (!Array.isArray(read)) return read;
  const [item, vectors] = read;
  return item === null
    ? undefined
    : { ...toItemRow(item), vectors, ...(!isPlainJson(item.value) && { described: true as const }) };
}

export function toItemRow(item: RedisItem & { score?: number }): ItemRow {
  const { namespace, key, value, createdAt, updatedAt, version, expiresAt, score } = item;
  return {
    namespace,
    path: formatPath(namespace),
    key,
    value: toJson(value),
    createdAt: createdAt.toISOString(),
    updatedAt: updatedAt.toISOString(),
    version,
    ...(expiresAt && { expiresAt: expiresAt.toISOString() }),
    ...(score !== undefined && { score }),
  };
}

function isPlace(place: Json): place is [string[], string] {
  return Array.isArray(place) && Array.isArray(place[0]) && typeof place[1] === "string";
}
