import type { Reply } from "../../../redis/command.js";
import { decodeKeyPart } from "../../../redis/key-encoding.js";
import { Script } from "../../../redis/script.js";
import type { ItemAddress } from "../../items/item.js";
import membersSource from "../../items/members.lua";
import type { StoreKeys } from "../../keys.js";
import type { Limits } from "../../limits.js";
import { namespacesUnder } from "../../namespaces/registry.js";
import type { PipelineTask } from "../../pipeline.js";
import scanSource from "./scan.lua";

const SCAN = new Script(membersSource, scanSource);

/** An item as it was read, with the fields asked for of each of its documents. */
export interface Candidate {
  address: ItemAddress;
  value: Reply;
  meta: Reply;
  documents: Reply[][];
}

export interface ScanOptions {
  path: readonly string[];
  order: "newest" | "oldest";
  /** Fields to read of each document; none for the value only. */
  fields: readonly string[];
  /** How many items are held at a time. */
  atOnce: number;
  limits: Limits;
  /** How many items of one namespace are worth reading at a time (default: as many as may be held). */
  ofEach?: number;
  /**
   * Takes what was read.
   *
   * @param newestUnread The time of the latest update that an item not read yet can have.
   * @returns whether to go on.
   */
  take(candidates: Candidate[], newestUnread: number): boolean;
}

interface Cursor {
  namespace: string[];
  score: string;
  member: string;
}

/** Reads the items under a path, so many at a time, namespaces side by side. */
export function* scan(keys: StoreKeys, options: ScanOptions): PipelineTask<void> {
  const { path, order, fields, atOnce, limits, ofEach = atOnce, take } = options;
  const namespaces = yield* namespacesUnder(keys, path, limits);
  let unfinished: Cursor[] = namespaces.map((namespace) => ({ namespace, score: "", member: "" }));
  while (unfinished.length > 0) {
    const group = unfinished.slice(0, Math.min(limits.scanNamespaces, atOnce));
    const rest = unfinished.slice(group.length);
    const count = Math.min(ofEach, Math.ceil(atOnce / group.length));
    const replies = yield group.map(({ namespace, score, member }) => {
      const { items, expiry, partition, name } = keys.ofNamespace(namespace);
      const args = [keys.documentsOf(namespace), order, score, member, String(count), name, ...fields];
      return SCAN.call([items, expiry, partition.registry], args);
    });
    const candidates: Candidate[] = [];
    const onward: Cursor[] = [];
    group.forEach(({ namespace }, at) => {
      const reply = replies[at];
      if (reply instanceof Error) throw reply;
      const [left, last, ...items] = reply as [number, Reply, ...Reply[][]];
      for (const [member, value = null, meta = null, ...documents] of items) {
        if (value === null) continue;
        const document = keys.documentsOf(namespace) + String(member);
        const address = { namespace: [...namespace], key: decodeKeyPart(String(member)), document };
        candidates.push({ address, value, meta, documents: documents as Reply[][] });
      }
      if (left > 0) onward.push({ namespace, score: String(last), member: String(items.at(-1)?.[0]) });
    });
    // Those just begun go on before others begin, unless the newest are wanted: these can be anywhere.
    unfinished = order === "newest" ? [...rest, ...onward] : [...onward, ...rest];
    const newestUnread = Math.max(
      ...unfinished.map(({ score }) => (score === "" ? Infinity : -Number(score))),
    );
    if (!take(candidates, newestUnread)) break;
  }
}
