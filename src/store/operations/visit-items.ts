import type { Reply } from "../../redis/command.js";
import { executeAll } from "../../redis/script.js";
import type { StoreContext } from "../context.js";

/** An item by its names, as a pass over all items comes by it. */
export interface Visited {
  namespace: string[];
  document: string;
  /** Key of what the item's partition knows of the index that serves. */
  serving: string;
}

/** How far a namespace was visited: the last score, and all members that were seen with it. */
interface Cursor {
  namespace: string[];
  score: string;
  seen: Set<string>;
}

/**
 * Visits all items of some namespaces, the oldest of each first, so that what is put meanwhile is still ahead. An item
 * that is there all the time is visited, whatever others put and delete.
 *
 * @param batchSize About how many are read at once.
 */
export async function* visitItems(
  { connection, keys }: Pick<StoreContext, "connection" | "keys">,
  namespaces: readonly string[][],
  batchSize: number,
): AsyncGenerator<Visited> {
  const waiting = namespaces
    .map((namespace): Cursor => ({ namespace, score: "+inf", seen: new Set() }))
    .reverse();
  while (waiting.length > 0) {
    const group = waiting.splice(-batchSize).reverse();
    const count = Math.ceil(batchSize / group.length);
    const replies = await executeAll(
      connection,
      group.map(({ namespace, score, seen }) => {
        const { items } = keys.ofNamespace(namespace);
        // From the last score on, as others have the same; those that were seen come again.
        const limit = String(count + seen.size);
        return {
          key: items,
          args: ["ZREVRANGEBYSCORE", items, score, "-inf", "WITHSCORES", "LIMIT", "0", limit],
        };
      }),
    );
    const onward: Cursor[] = [];
    for (const [at, cursor] of group.entries()) {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const { namespace, seen } = cursor;
      const { partition } = keys.ofNamespace(namespace);
      const entries = toEntries(reply as Reply[]);
      const isLast = entries.length < count + seen.size;
      for (const { member, score } of entries) {
        if (score === cursor.score && cursor.seen.has(member)) continue;
        if (score !== cursor.score) cursor.seen = new Set();
        cursor.score = score;
        cursor.seen.add(member);
        yield { namespace, document: keys.documentsOf(namespace) + member, serving: partition.serving };
      }
      if (!isLast) onward.push(cursor);
    }
    waiting.push(...onward.reverse());
  }
}

/** Members and scores in turn, or in pairs, as a client's protocol has them. */
function toEntries(reply: readonly Reply[]): { member: string; score: string }[] {
  const flat = (reply as (Reply | Reply[])[]).flat() as Reply[];
  const entries = [];
  for (let at = 0; at + 1 < flat.length; at += 2)
    entries.push({ member: String(flat[at]), score: String(flat[at + 1]) });
  return entries;
}
