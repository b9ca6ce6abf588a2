import type { CheckedCallback } from "../../callback.js";
import { executeEach, Script } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import { matches } from "../filter/match.js";
import type { Predicate } from "../filter/predicate.js";
import membersSource from "../items/members.lua";
import { memberKeys } from "../keys.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask } from "../pipeline.js";
import type { DeleteWhereProgress } from "../types.js";
import deleteWhereSource from "./delete-where.lua";
import { countItems, readVisited, type Visited, visitBatches } from "./visit-items.js";

const DELETE_UNCHANGED = new Script(membersSource, deleteWhereSource);

/** What to delete, checked, with every default filled in. */
export interface DeleteWhere {
  namespace: string[];
  predicates: Predicate[];
  batchSize: number;
  onProgress: CheckedCallback<[DeleteWhereProgress]> | undefined;
}

/** An item that matched when it was looked at. */
interface Match {
  item: Visited;
  version: number;
}

/** Deletes the items at or under a path that match, each as it was when it was looked at. */
export async function deleteWhere(
  context: StoreContext,
  { namespace: path, predicates, batchSize, onProgress }: DeleteWhere,
): Promise<number> {
  await context.keysReady();
  const namespaces = await runTask(
    context.connection,
    namespacesUnder(context.keys, path, context.settings.limits),
  );
  const total = onProgress ? await countItems(context, namespaces) : 0;
  let visited = 0;
  let deleted = 0;
  for await (const batch of visitBatches(context, namespaces, batchSize)) {
    for (let items = batch; items.length > 0; ) {
      const found = await findMatches(context, items, predicates);
      const { count, changed } = await deleteUnchanged(context, found);
      deleted += count;
      items = changed; // they were put again meanwhile, perhaps with a value that does not match
    }
    visited += batch.length;
    await onProgress?.({ deleted, visited, total: Math.max(visited, total) });
  }
  return deleted;
}

async function findMatches(
  context: StoreContext,
  visited: readonly Visited[],
  predicates: readonly Predicate[],
): Promise<Match[]> {
  const items = await readVisited(context, visited);
  return visited.flatMap((item, at): Match[] => {
    const found = items[at];
    return found && matches(found.value, predicates) ? [{ item, version: found.version }] : [];
  });
}

async function deleteUnchanged(
  { connection, keys }: StoreContext,
  found: readonly Match[],
): Promise<{ count: number; changed: Visited[] }> {
  const groups = new Map<string, Match[]>();
  for (const match of found) {
    const { name } = keys.ofNamespace(match.item.namespace);
    const group = groups.get(name);
    if (group) group.push(match);
    else groups.set(name, [match]);
  }
  const calls = [...groups.values()].map((group) => {
    const { namespace } = (group[0] as Match).item;
    const own = keys.ofNamespace(namespace);
    const members = group.flatMap(({ item, version }) => [item.member, String(version)]);
    return DELETE_UNCHANGED.call(memberKeys(own), [keys.documentsOf(namespace), own.name, ...members]);
  });
  const replies = await executeEach(connection, calls);
  let count = 0;
  const changed: Visited[] = [];
  [...groups.values()].forEach((group, at) => {
    const reply = replies[at];
    if (reply instanceof Error) throw reply;
    const [deleted, ...others] = reply as [number, ...Buffer[]];
    count += deleted;
    const names = new Set(others.map(String));
    changed.push(...group.filter(({ item }) => names.has(item.member)).map(({ item }) => item));
  });
  return { count, changed };
}
