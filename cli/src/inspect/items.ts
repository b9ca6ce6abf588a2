import type { RedisItem } from "langgraph-redis";
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
  const after = place && { namespace: place[0], key: place[1] };
  const rows: ItemRow[] = [];
  for await (const item of store.iterate(path, {
    batchSize: Math.min(limit + 1, 500),
    ...(filter && { filter }),
    ...(after && { after }),
  })) {
    const last = rows.at(-1);
    if (rows.length === limit && last) return { rows, next: toCursor([last.namespace, last.key]) };
    rows.push(toItemRow(item));
  }
  return { rows };
}

/** One item. @returns undefined when there is none. */
export async function readItem(
  { store }: InspectContext,
  namespace: string[],
  key: string,
): Promise<ItemRow | undefined> {
  const [item, vectors] = await Promise.all([store.get(namespace, key), store.countVectors(namespace, key)]);
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
