import type { Reply } from "../../redis/command.js";
import { decodeKeyPart, encodeKeyPart } from "../../redis/key-encoding.js";
import { executeAll } from "../../redis/script.js";
import type { StoreContext } from "../context.js";
import { decodeItem } from "../items/item.js";
import { readEntry } from "../items/read.js";
import { toRegistryMember } from "../namespaces/encoding.js";
import type { RedisItem } from "../types.js";

/** An item by its names, as a pass over all items comes by it. */
export interface Visited {
  namespace: string[];
  /** The item's name among the members of its namespace. */
  member: string;
  document: string;
  /** Key of what the item's partition knows of the index that serves. */
  serving: string;
}

/** How far a namespace was visited. */
interface Cursor {
  namespace: string[];
  /** Where to go on, as ZRANGEBYLEX takes it. */
  from: string;
  /** How many members are left, about. */
  left: number;
}

/**
 * Visits all items of some namespaces, which are in lexical order: by namespace, then by member. An item that is there all
 * the time is visited exactly once, whatever others put and delete.
 *
 * @param batchSize About how many are read at once.
 * @param after Begins behind this item, which may be gone.
 */
export async function* visitItems(
  { connection, keys }: Pick<StoreContext, "connection" | "keys">,
  namespaces: readonly string[][],
  batchSize: number,
  after?: { namespace: readonly string[]; key: string },
): AsyncGenerator<Visited> {
  const first = after && toRegistryMember(after.namespace);
  const ahead = namespaces.filter((namespace) => first === undefined || toRegistryMember(namespace) >= first);
  const begin = (namespace: string[]) =>
    after && toRegistryMember(namespace) === first ? `(${encodeKeyPart(after.key)}` : "-";
  for (let at = 0; at < ahead.length; at += batchSize) {
    const begun = ahead.slice(at, at + batchSize);
    const sizes = await sizesOf({ connection, keys }, begun);
    let waiting = begun.map(
      (namespace, position): Cursor => ({
        namespace,
        from: begin(namespace),
        left: sizes[position] as number,
      }),
    );
    while (waiting.length > 0) {
      const group = take(waiting, batchSize);
      const replies = await executeAll(
        connection,
        group.map(({ namespace, from, count }) => {
          const { keys: own } = keys.ofNamespace(namespace);
          return { key: own, args: ["ZRANGEBYLEX", own, from, "+", "LIMIT", "0", String(count)] };
        }),
      );
      waiting = waiting.slice(group.length);
      for (const [position, { namespace, left, count }] of group.entries()) {
        const reply = replies[position];
        if (reply instanceof Error) throw reply;
        const members = (reply as Reply[]).map(String);
        const { partition } = keys.ofNamespace(namespace);
        const base = keys.documentsOf(namespace);
        for (const member of members)
          yield { namespace, member, document: base + member, serving: partition.serving };
        if (members.length < count) continue;
        // Only the last one of a group is not read to its end, or one that has grown meanwhile; order comes first.
        const rest = group.slice(position + 1);
        waiting = [
          { namespace, from: `(${members.at(-1)}`, left: Math.max(1, left - count) },
          ...rest,
          ...waiting,
        ];
        break;
      }
    }
  }
}

/** As {@link visitItems}, so many items together; fewer in the end. */
export async function* visitBatches(
  context: Pick<StoreContext, "connection" | "keys">,
  namespaces: readonly string[][],
  batchSize: number,
  after?: { namespace: readonly string[]; key: string },
): AsyncGenerator<Visited[]> {
  let batch: Visited[] = [];
  for await (const visited of visitItems(context, namespaces, batchSize, after)) {
    batch.push(visited);
    if (batch.length < batchSize) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Reads visited items; `null` for those that have gone since. */
export async function readVisited(
  { connection, codec }: StoreContext,
  visited: readonly Visited[],
): Promise<(RedisItem | null)[]> {
  const replies = await executeAll(
    connection,
    visited.map(({ document }) => readEntry(document)),
  );
  return visited.map(({ namespace, member, document }, at) => {
    const reply = replies[at];
    if (reply instanceof Error) throw reply;
    const [value, meta] = reply as Reply[];
    return decodeItem(
      codec,
      { namespace: [...namespace], key: decodeKeyPart(member), document },
      value,
      meta,
    );
  });
}

/** How many items some namespaces have together, those that have just expired included. */
export async function countItems(
  context: Pick<StoreContext, "connection" | "keys">,
  namespaces: readonly string[][],
): Promise<number> {
  return (await sizesOf(context, namespaces)).reduce((sum, size) => sum + size, 0);
}

/** How many items each of some namespaces has, those that have just expired included. */
export async function sizesOf(
  { connection, keys }: Pick<StoreContext, "connection" | "keys">,
  namespaces: readonly string[][],
): Promise<number[]> {
  const sizes = await executeAll(
    connection,
    namespaces.map((namespace) => {
      const { keys: own } = keys.ofNamespace(namespace);
      return { key: own, args: ["ZCARD", own] };
    }),
  );
  return sizes.map((size) => {
    if (size instanceof Error) throw size;
    return Number(size);
  });
}

/** The next namespaces that have so many items together, each with how many are to be read of it. */
function take(waiting: readonly Cursor[], batchSize: number): (Cursor & { count: number })[] {
  const group: (Cursor & { count: number })[] = [];
  let room = batchSize;
  for (const cursor of waiting) {
    if (room === 0) break;
    // One more than there should be tells that there are no more.
    const count = Math.min(cursor.left + 1, room);
    group.push({ ...cursor, count });
    room -= count;
  }
  return group;
}
