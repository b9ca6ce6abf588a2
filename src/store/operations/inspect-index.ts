import { execute } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import { readServingIndex } from "../engines/serving-index.js";
import type { StoredIndexInfo } from "../types.js";

/** See {@link RedisStore.inspectIndex}. */
export async function inspectIndex(context: StoreContext): Promise<StoredIndexInfo | undefined> {
  const { connection, keys } = context;
  const index = await readServingIndex(context);
  if (index === undefined) return undefined;
  const { dims, model, distance, algorithm, m, efConstruction, text, numericFields, encrypted } =
    index.definition;
  const engine = await context.engine();
  const plan = await execute(connection, { key: keys.reindex, args: ["HGET", keys.reindex, "plan"] });
  return {
    name: keys.indexName(index.generation),
    generation: index.generation,
    ...{ dims, model, distance, algorithm, m, efConstruction, text, numericFields, encrypted },
    reindexing: plan !== null,
    search: await engine.inspect(index),
  };
}
