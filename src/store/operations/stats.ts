import type { StoreContext } from "../context.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask } from "../pipeline.js";
import type { StoreStats } from "../types.js";

/** How much a store holds, and how its index is. */
export async function stats(context: StoreContext): Promise<StoreStats> {
  const { engine } = await context.activeIndex();
  const { connection, keys, settings, engineReason } = context;
  const namespaces = await runTask(connection, namespacesUnder(keys, [], settings.limits));
  return { engine: engine.name, engineReason, namespaces: namespaces.length, ...(await engine.stats()) };
}
