import type { StoreContext } from "../context.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { asError, runTask } from "../pipeline.js";
import type { EngineStats, StoreStats } from "../types.js";

/** How much a store holds, and how its index is. */
export async function stats(context: StoreContext): Promise<StoreStats> {
  let active = await context.activeIndex();
  let ofEngine: EngineStats;
  try {
    ofEngine = await active.engine.stats();
  } catch (error) {
    if (!active.engine.isIndexChanged(asError(error))) throw error;
    active = await context.renew(active);
    ofEngine = await active.engine.stats();
  }
  const { connection, keys, settings, engineReason } = context;
  const namespaces = await runTask(connection, namespacesUnder(keys, [], settings.limits));
  return { engine: active.engine.name, engineReason, namespaces: namespaces.length, ...ofEngine };
}
