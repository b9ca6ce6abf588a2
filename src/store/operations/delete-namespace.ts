import type { CheckedCallback } from "../../callback.js";
import type { Reply } from "../../redis/command.js";
import { executeEach, Script } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import membersSource from "../items/members.lua";
import { memberKeys } from "../keys.js";
import { namespacesUnder } from "../namespaces/registry.js";
import { runTask, send } from "../pipeline.js";
import type { DeleteProgress } from "../types.js";
import deleteNamespaceSource from "./delete-namespace.lua";

const DELETE_ITEMS = new Script(membersSource, deleteNamespaceSource);

/** How far a namespace was emptied: where to go on, as ZRANGEBYLEX takes it. */
interface Cursor {
  namespace: string[];
  from: string;
}

/** Deletes all items at or under a path that were there when it began. */
export async function deleteNamespace(
  { connection, keys, settings: { limits } }: StoreContext,
  path: readonly string[],
  batchSize: number,
  onProgress: CheckedCallback<[DeleteProgress]> | undefined,
): Promise<number> {
  const time = (await runTask(connection, send({ key: keys.definition, args: ["TIME"] }))) as Reply[];
  const began = Number(time[0]) * 1000 + Math.floor(Number(time[1]) / 1000);
  const namespaces = await runTask(connection, namespacesUnder(keys, path, limits));
  let waiting = namespaces.map((namespace): Cursor => ({ namespace, from: "-" }));
  const progress: DeleteProgress = { deleted: 0, namespaces: 0, totalNamespaces: namespaces.length };

  const round = async (group: readonly Cursor[]): Promise<Cursor[]> => {
    const calls = group.map(({ namespace, from }) => {
      const own = keys.ofNamespace(namespace);
      const args = [keys.documentsOf(namespace), String(began), String(batchSize), own.name, from];
      return DELETE_ITEMS.call(memberKeys(own), args);
    });
    const replies = await executeEach(connection, calls);
    const unfinished: Cursor[] = [];
    group.forEach(({ namespace }, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const [deleted, last] = reply as [number, Buffer?];
      progress.deleted += deleted;
      if (last === undefined) progress.namespaces++;
      else unfinished.push({ namespace, from: `(${last}` });
    });
    return unfinished;
  };

  while (waiting.length > 0) {
    const unfinished = await round(waiting.slice(0, limits.deleteNamespaces));
    waiting = [...unfinished, ...waiting.slice(limits.deleteNamespaces)];
    await onProgress?.({ ...progress });
  }
  return progress.deleted;
}
