import type { NamespaceRow } from "../../../src/inspect/types.js";

/** A label in the tree of namespaces, as a row of a list. */
export interface NamespaceNode {
  readonly id: string;
  readonly namespace: readonly string[];
  readonly label: string;
  /** Items of this namespace and, of those that are known, below it. */
  readonly items: number;
  readonly hasChildren: boolean;
}

export const namespaceId = (namespace: readonly string[]) => JSON.stringify(namespace);

/** The rows of the tree of which those in `open` show what is below them. The first row is the whole store. */
export function toRows(namespaces: readonly NamespaceRow[], open: ReadonlySet<string>): NamespaceNode[] {
  const items = new Map<string, number>();
  const children = new Map<string, Map<string, readonly string[]>>();
  for (const row of namespaces) {
    for (let depth = row.namespace.length; depth >= 0; depth--) {
      const path = row.namespace.slice(0, depth);
      const id = namespaceId(path);
      items.set(id, (items.get(id) ?? 0) + row.items);
      if (depth === 0) break;
      const parent = namespaceId(path.slice(0, -1));
      const siblings = children.get(parent) ?? new Map<string, readonly string[]>();
      children.set(parent, siblings.set(id, path));
    }
  }
  const rows: NamespaceNode[] = [];
  const pending: (readonly string[])[] = [[]];
  for (let namespace = pending.pop(); namespace !== undefined; namespace = pending.pop()) {
    const id = namespaceId(namespace);
    const below = [...(children.get(id)?.values() ?? [])];
    const label = namespace.at(-1) ?? "All items";
    rows.push({ id, namespace, label, items: items.get(id) ?? 0, hasChildren: below.length > 0 });
    if (open.has(id)) pending.push(...below.reverse());
  }
  return rows;
}
