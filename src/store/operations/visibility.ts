import { satisfiesAll } from "../namespaces/registry.js";
import type { GetRequest, IndexedRequest, ListRequest, SearchRequest } from "../requests.js";
import { type IndexedWrite, itemId } from "./write-order.js";

export type ReadRequest = GetRequest | SearchRequest | ListRequest;

/** Whether one of the reads can see one of the writes. */
export function canSeeAny(
  reads: readonly IndexedRequest<ReadRequest>[],
  writes: readonly IndexedWrite[],
): boolean {
  if (reads.length === 0 || writes.length === 0) return false;
  const isSeen = visibilityOf(writes);
  return reads.some(({ request }) => isSeen(request));
}

/**
 * Tells which reads can see one of these writes: a get one of its item, a search one under its path, a listing of
 * namespaces one in a namespace that it would list.
 */
function visibilityOf(writes: readonly IndexedWrite[]): (read: ReadRequest) => boolean {
  const items = new Set<string>();
  const paths = new Set<string>();
  const namespaces = new Map<string, readonly string[]>();
  for (const { request } of writes) {
    items.add(itemId(request));
    namespaces.set(JSON.stringify(request.namespace), request.namespace);
  }
  for (const namespace of namespaces.values()) {
    for (let depth = 0; depth <= namespace.length; depth++)
      paths.add(JSON.stringify(namespace.slice(0, depth)));
  }
  return (read) => {
    switch (read.kind) {
      case "get":
        return items.has(itemId(read));
      case "search":
        return paths.has(JSON.stringify(read.scope));
      case "list":
        return [...namespaces.values()].some((namespace) => satisfiesAll(read.conditions, namespace));
    }
  };
}
