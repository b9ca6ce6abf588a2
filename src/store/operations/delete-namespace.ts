import type { Reply } from "../../redis/command.js";
import type { KnownOptions } from "../../redis/known-options.js";
import { Script } from "../../redis/script.js";
import type { Backend } from "../context.js";
import { namespacesUnder, unregister } from "../namespaces/registry.js";
import { type Plan, runPlan, step } from "../pipeline.js";
import sweepSource from "./delete-namespace.lua";

const SWEEP = new Script(sweepSource);

/** How far a deletion has come. */
export interface DeleteProgress {
  /** Items deleted so far. */
  deleted: number;
  /** Namespaces emptied so far. */
  namespaces: number;
  /** Namespaces there were when it began. */
  totalNamespaces: number;
}

export interface DeleteNamespaceOptions {
  /** How many items of a namespace are deleted in one step (default 500). A step blocks the server while it runs. */
  batchSize?: number;
  /** Called after each round of steps. When it throws, the deletion ends there with an {@link InvalidInputError}. */
  onProgress?: (progress: DeleteProgress) => void;
}

export const DELETE_NAMESPACE_OPTIONS: KnownOptions<DeleteNamespaceOptions> = {
  batchSize: true,
  onProgress: true,
};

/** Deletes all items at or under a path that were there when it began. */
export async function deleteUnder(
  { connection, keys, settings: { limits } }: Backend,
  path: readonly string[],
  batchSize: number,
  onProgress: ((progress: DeleteProgress) => void) | undefined,
): Promise<number> {
  const time = (await runPlan(connection, step({ key: keys.namespaces, args: ["TIME"] }))) as Reply[];
  const began = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
  let waiting = await runPlan(connection, namespacesUnder(keys, path, limits));
  const progress: DeleteProgress = { deleted: 0, namespaces: 0, totalNamespaces: waiting.length };

  function* round(namespaces: readonly string[][]): Plan<string[][]> {
    const replies = yield namespaces.map((namespace) => {
      const { items, expiry } = keys.ofNamespace(namespace);
      return SWEEP.call([items, expiry], [keys.documentsOf(namespace), String(began), String(batchSize)]);
    });
    const unfinished: string[][] = [];
    const finished: string[][] = [];
    namespaces.forEach((namespace, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const [seen, deleted] = reply as [number, number];
      progress.deleted += deleted;
      (seen < batchSize ? finished : unfinished).push(namespace);
    });
    progress.namespaces += finished.length;
    yield* unregister(keys, finished);
    return unfinished;
  }

  while (waiting.length > 0) {
    const unfinished = await runPlan(connection, round(waiting.slice(0, limits.deleteNamespaces)));
    waiting = [...unfinished, ...waiting.slice(limits.deleteNamespaces)];
    onProgress?.({ ...progress });
  }
  return progress.deleted;
}
