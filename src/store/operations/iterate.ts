import type { StoreContext } from "../context.js";
import { matches } from "../filter/match.js";
import type { Predicate } from "../filter/predicate.js";
import { completeTask } from "../items/read.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask } from "../pipeline.js";
import type { RedisItem } from "../types.js";
import { readVisited, type Visited, visitItems } from "./visit-items.js";

/** What to iterate over, checked, with every default filled in. */
export interface Iteration {
  namespace: string[];
  predicates: Predicate[];
  batchSize: number;
  after: { namespace: string[]; key: string } | undefined;
}

/** The items at or under a path that match, by namespace, then by key. */
export async function* iterateItems(
  context: StoreContext,
  { namespace: path, predicates, batchSize, after }: Iteration,
): AsyncGenerator<RedisItem> {
  const { connection, keys, settings } = context;
  const namespaces = await runTask(connection, namespacesUnder(keys, path, settings.limits));
  let batch: Visited[] = [];
  const read = async () => {
    const found = await readMatching(context, batch, predicates);
    batch = [];
    return found;
  };
  for await (const visited of visitItems(context, namespaces, batchSize, after)) {
    batch.push(visited);
    if (batch.length === batchSize) yield* await read();
  }
  if (batch.length > 0) yield* await read();
}

async function readMatching(
  { connection, keys }: StoreContext,
  batch: readonly Visited[],
  predicates: readonly Predicate[],
): Promise<RedisItem[]> {
  const items = await readVisited({ connection, keys }, batch);
  const found = items.filter((item) => item !== null && matches(item.value, predicates)) as RedisItem[];
  // Going through items is no use of them: their time to live does not start again.
  await runTask(connection, completeTask(keys, found, { refresh: false }));
  return found;
}
