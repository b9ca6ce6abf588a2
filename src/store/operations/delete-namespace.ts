import type { Reply } from "../../redis/command.js";
import { Script } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import membersSource from "../items/members.lua";
import { namespacesUnder } from "../namespaces/registry.js";
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
  const time = (await runTask(connection, send({ key: keys.definition, args: ["TIME"] }))) as Reply[];
  const began = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
  let waiting = await runTask(connection, namespacesUnder(keys, path, limits));
  const progress: DeleteProgress = { deleted: 0, namespaces: 0, totalNamespaces: waiting.length };

  function* round(namespaces: readonly string[][]): PipelineTask<string[][]> {
    const replies = yield namespaces.map((namespace) => {
      const { items, expiry, partition, name } = keys.ofNamespace(namespace);
      return DELETE_ITEMS.call(
        [items, expiry, partition.registry],
        [keys.documentsOf(namespace), String(began), String(batchSize), name],
      );
    });
    const unfinished: string[][] = [];
    namespaces.forEach((namespace, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const [seen, deleted] = reply as [number, number];
      progress.deleted += deleted;
      if (seen < batchSize) progress.namespaces++;
      else unfinished.push(namespace);
    });
    return unfinished;
  }

  while (waiting.length > 0) {
    const unfinished = await runTask(connection, round(waiting.slice(0, limits.deleteNamespaces)));
    waiting = [...unfinished, ...waiting.slice(limits.deleteNamespaces)];
    onProgress?.({ ...progress });
  }
  return progress.deleted;
}
