import type { Reply } from "../../redis/command.js";
import type { SaverContext } from "../context.js";
import type { ThreadKeys } from "../keys.js";
import { execute } from "../scripts/execute.js";
import { LIST_IDS } from "../scripts/index.js";

/** The ids of one namespace that are known and were not taken yet, newest first. */
interface Ids {
  readonly prefix: string;
  readonly ids: Buffer[];
  /** Where the namespace goes on behind the last of them; undefined when it does not. */
  last: Buffer | undefined;
}

/** Which ids are merged. */
interface Wanted {
  /** Only this id. */
  readonly id: string | undefined;
  /** Only ids before this one. */
  readonly before: string | undefined;
  /** How many are wanted; Infinity for all. */
  readonly limit: number;
}

/**
 * The checkpoints of all namespaces of a thread, newest first, equal ids in the order of their namespaces.
 *
 * Redis orders ids within a namespace only. The newest ids of all namespaces are read once, then more of those namespaces that
 * come to their end: each id is read once, whatever the number of namespaces. What is kept is a few ids for each of them.
 */
export class NamespaceMerge {
  /** A binary heap: each comes before the two that stand at twice its place, plus one and plus two. */
  readonly #heap: Ids[] = [];
  /** The prefix after which there may be namespaces that were not read. */
  #next: string | undefined = "";

  constructor(
    private readonly context: SaverContext,
    private readonly keys: ThreadKeys,
    private readonly wanted: Wanted,
  ) {}

  /** The next fields, at most so many; fewer where more ids have to be read first. @returns none at the end. */
  async take(count: number): Promise<string[]> {
    while (this.#next !== undefined) this.#next = await this.#readNamespaces(this.#next);
    const fields: string[] = [];
    while (fields.length < count) {
      const first = this.#heap[0];
      if (first === undefined) break;
      if (first.ids.length > 0) {
        fields.push(first.prefix + (first.ids.shift() as Buffer).toString("utf8"));
      } else {
        if (fields.length > 0) break;
        await this.#refill(first);
      }
      if (first.ids.length > 0) this.#sink(0);
      else if (first.last === undefined) this.#remove();
      // Else it stays the first one until its next ids are known.
    }
    return fields;
  }

  /** @returns the prefix after which there may be more namespaces; undefined when there are none. */
  async #readNamespaces(after: string): Promise<string | undefined> {
    const { id = "", before = "" } = this.wanted;
    const { namespacePage } = this.context.limits;
    const [found, next] = await this.#read(["namespaces", after, String(namespacePage), before, id]);
    for (const [prefix, ids, isWhole] of found) {
      if (ids.length === 0) continue;
      this.#heap.push({ prefix, ids, last: isWhole || id !== "" ? undefined : ids.at(-1) });
    }
    if (next !== "") return next;
    for (let at = this.#heap.length >> 1; at >= 0; at--) this.#sink(at);
    return undefined;
  }

  /** Reads more ids of a namespace that has come to its end, and of those that come to theirs next. */
  async #refill(ended: Ids): Promise<void> {
    const { namespacePage, idPage } = this.context.limits;
    const few = Math.ceil(idPage / namespacePage);
    const others = this.#heap
      .filter((other) => other !== ended && other.last !== undefined && other.ids.length <= few)
      .sort((one, other) => Buffer.compare(other.last as Buffer, one.last as Buffer));
    const refilled = [ended, ...others.slice(0, namespacePage - 1)];
    const cursors = refilled.flatMap(({ prefix, last }) => [prefix, last as Buffer]);
    const [found] = await this.#read(["before", ...cursors]);
    refilled.forEach((namespace, at) => {
      const [, ids, isWhole] = found[at] ?? ["", [], true];
      namespace.ids.push(...ids);
      namespace.last = isWhole ? undefined : ids.at(-1);
    });
  }

  async #read(
    args: (string | Buffer)[],
  ): Promise<[namespaces: [prefix: string, ids: Buffer[], isWhole: boolean][], next: string]> {
    const { connection, limits } = this.context;
    const { limit } = this.wanted;
    const most = Math.min(limits.idPage, limit);
    const reply = await execute(
      connection,
      LIST_IDS.call(this.keys.all, [String(limits.idPage), String(most), ...args]),
    );
    const [found, next, share] = reply as [[Buffer, Buffer[]][], Buffer, Reply];
    const namespaces = found.map(([prefix, ids]): [string, Buffer[], boolean] => [
      prefix.toString("utf8"),
      ids,
      ids.length < Number(share),
    ]);
    return [namespaces, next.toString("utf8")];
  }

  #remove(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#sink(0);
  }

  #sink(start: number): void {
    const heap = this.#heap;
    for (let at = start; ; ) {
      let first = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && comesBefore(heap[child] as Ids, heap[first] as Ids)) first = child;
      }
      if (first === at) return;
      [heap[at], heap[first]] = [heap[first] as Ids, heap[at] as Ids];
      at = first;
    }
  }
}

/** Encoded namespaces are ASCII, so that they sort as their bytes do. */
function comesBefore(one: Ids, other: Ids): boolean {
  const order = Buffer.compare(other.ids[0] as Buffer, one.ids[0] as Buffer);
  return order === 0 ? one.prefix < other.prefix : order < 0;
}
