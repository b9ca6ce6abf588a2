import { formatPath } from "../path.js";
import type { InspectContext } from "./context.js";
import { fromCursor, toCursor } from "./cursor.js";
import type { Json, NamespaceRow, Page } from "./types.js";

export interface NamespacesOptions {
  /** Only namespaces at or below this path. */
  path?: string[] | undefined;
  /** Default: 100. */
  limit?: number | undefined;
  cursor?: string | undefined;
}

/** The namespaces that hold items, in a fixed order. */
export async function listNamespaces(
  { store }: InspectContext,
  { path = [], limit = 100, cursor }: NamespacesOptions = {},
): Promise<Page<NamespaceRow>> {
  const offset = cursor === undefined ? 0 : fromCursor(cursor, isOffset);
  const found = await store.listNamespaces({
    ...(path.length > 0 && { prefix: path }),
    limit: limit + 1,
    offset,
  });
  const namespaces = found.slice(0, limit);
  const counts = await store.countItems(namespaces);
  const rows = namespaces.map((namespace, at) => {
    return { namespace, path: formatPath(namespace), items: counts[at] ?? 0 };
  });
  return { rows, ...(found.length > limit && { next: toCursor(offset + limit) }) };
}

function isOffset(place: Json): place is number {
  return Number.isInteger(place) && Number(place) >= 0;
}
