import type { Reply } from "../../../redis/command.js";
import { decodeKeyPart } from "../../../redis/key-encoding.js";
import { Script } from "../../../redis/script.js";
import type { ItemAddress } from "../../items/item.js";
import membersSource from "../../items/members.lua";
import { memberKeys, type StoreKeys } from "../../keys.js";
import type { Limits } from "../../limits.js";
import { namespacesUnder } from "../../namespaces/registry.js";
import type { PipelineTask } from "../../pipeline.js";
import scanSource from "./scan.lua";

/** Exported for tests, which recognise its calls. */
export const SCAN = new Script(membersSource, scanSource);

/** An item as it was read, with the fields asked for of each of its documents. */
export interface Candidate {
  address: ItemAddress;
  /** The fields that were asked for of the item. */
  item: Reply[];
  documents: Reply[][];
}

export interface ScanOptions {
  path: readonly string[];
  /** Fields to read of each item. */
  itemFields: readonly string[];
  /** Fields to read of each of an item's documents (default: none). */
  fields?: readonly string[];
  /** How many items are held at a time. */
  atOnce: number;
  limits: Limits;
  /** Takes what was read. */
  take(candidates: Candidate[]): void;
}

/** How far a namespace was read: where to go on, as ZRANGEBYLEX takes it. */
interface Cursor {
  namespace: string[];
  from: string;
}

/**
 * Reads the items under a path, so many at a time, namespaces side by side. An item that is there all the time is read
 * exactly once, whatever is put, deleted or expires meanwhile.
 */
export function* scan(keys: StoreKeys, options: ScanOptions): PipelineTask<void> {
  const { path, itemFields, fields = [], atOnce, limits, take } = options;
  const namespaces = yield* namespacesUnder(keys, path, limits);
  let unfinished: Cursor[] = namespaces.map((namespace) => ({ namespace, from: "-" }));
  while (unfinished.length > 0) {
    const group = unfinished.slice(0, Math.min(limits.scanNamespaces, atOnce));
    const count = Math.ceil(atOnce / group.length);
    const replies = yield group.map(({ namespace, from }) => {
      const own = keys.ofNamespace(namespace);
      const args = [keys.documentsOf(namespace), from, String(count), own.name];
      return SCAN.call(memberKeys(own), [...args, String(itemFields.length), ...itemFields, ...fields]);
    });
    const candidates: Candidate[] = [];
    const onward: Cursor[] = [];
    group.forEach(({ namespace }, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const hasMore = (reply as Reply[]).length > count;
      const items = (reply as Reply[][]).slice(0, count);
      for (const [member, item, ...documents] of items) {
        if (item === undefined) continue;
        const document = keys.documentsOf(namespace) + String(member);
        const address = { namespace: [...namespace], key: decodeKeyPart(String(member)), document };
        candidates.push({ address, item: item as Reply[], documents: documents as Reply[][] });
      }
      if (hasMore) onward.push({ namespace, from: `(${items.at(-1)?.[0]}` });
    });
    // Those just begun go on before others begin.
    unfinished = [...onward, ...unfinished.slice(group.length)];
    take(candidates);
  }
}
