import type { Reply } from "../../redis/command.js";
import { Script } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import membersSource from "../items/members.lua";
import { namespacesUnder, unregister } from "../namespaces/registry.js";
import { type PipelineTask, runTask, send } from "../pipeline.js";
import type { DeleteProgress } from "../types.js";
import deleteNamespaceSource from "./delete-namespace.lua";

const DELETE_ITEMS = new Script(membersSource, deleteNamespaceSource);

/** Deletes all items at or under a path that were there when it began. */
export async function deleteNamespace(
  { connection, keys, settings: { limits } }: StoreContext,
  path: readonly string[],
  batchSize: number,
  onProgress: ((progress: DeleteProgress) => void) | undefined,
): Promise<number> {
  const time = (await runTask(connection, send({ key: keys.namespaces, args: ["TIME"] }))) as Reply[];
  const began = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
  let waiting = await runTask(connection, namespacesUnder(keys, path, limits));
  const progress: DeleteProgress = { deleted: 0, namespaces: 0, totalNamespaces: waiting.length };

  function* round(namespaces: readonly string[][]): PipelineTask<string[][]> {
    const replies = yield namespaces.map((namespace) => {
      const { items, expiry } = keys.ofNamespace(namespace);
      return DELETE_ITEMS.call(
        [items, expiry],
        [keys.documentsOf(namespace), String(began), String(batchSize)],
      );
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
    const unfinished = await runTask(connection, round(waiting.slice(0, limits.deleteNamespaces)));
    waiting = [...unfinished, ...waiting.slice(limits.deleteNamespaces)];
    onProgress?.({ ...progress });
  }
  return progress.deleted;
}
