import type { StoreContext } from "../context.js";
import { matches } from "../filter/match.js";
import type { Predicate } from "../filter/predicate.js";
import { completeTask } from "../items/read.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask } from "../pipeline.js";
import type { RedisItem } from "../types.js";
import { readVisited, type Visited, visitBatches } from "./visit-items.js";

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
  await context.keysReady();
  const namespaces = await runTask(connection, namespacesUnder(keys, path, settings.limits));
  for await (const batch of visitBatches(context, namespaces, batchSize, after))
    yield* await readMatching(context, batch, predicates);
}

async function readMatching(
  context: StoreContext,
  batch: readonly Visited[],
  predicates: readonly Predicate[],
): Promise<RedisItem[]> {
  const items = await readVisited(context, batch);
  const found = items.filter((item) => item !== null && matches(item.value, predicates)) as RedisItem[];
  // Going through items is no use of them: their time to live does not start again.
  await runTask(context.connection, completeTask(context.keys, found, { refresh: false }));
  return found;
}
