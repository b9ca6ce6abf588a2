import type { Reply } from "../../redis/command.js";
import { type PipelineEntry, Script, type ScriptCall } from "../../redis/script.js";
import type { StoreKeys } from "../keys.js";
import { type PipelineTask, send } from "../pipeline.js";
import type { GetRequest } from "../requests.js";
import type { RedisItem } from "../types.js";
import { decodeItem, decodeMeta, ITEM_FIELDS, toDate } from "./item.js";
import type { ItemCodec } from "./item-codec.js";
import touchSource from "./touch.lua";

const TOUCH = new Script(touchSource);

/** How a store reads items. */
export interface ReadMode {
  /** Whether reading an item starts its time to live again. */
  readonly refresh: boolean;
  /** Whether there are items that expire, as far as was seen: then a read asks for that moment in its first round trip. */
  someExpire: boolean;
}

/** Reads one item by its key. */
export function* getTask(
  { keys, codec }: { keys: StoreKeys; codec: ItemCodec },
  request: GetRequest,
  mode: ReadMode,
): PipelineTask<RedisItem | null> {
  const { namespace, key } = request;
  const { document } = keys.ofItem(namespace, key);
  const address = { namespace, key, document };
  if (!mode.refresh && !mode.someExpire) {
    const [value, meta] = (yield* send(readEntry(document))) as Reply[];
    const item = decodeItem(codec, address, value, meta);
    if (item?.expiresAt === undefined) return item;
    mode.someExpire = true;
  }
  const call = touchCall(keys, [address], { refresh: mode.refresh, values: true });
  const [[meta, deadline, value]] = (yield* send(call)) as [Reply[]];
  return decodeItem(codec, address, value, meta, toDeadline(deadline));
}

/** Reads the fields of one item, for {@link decodeItem}. */
export function readEntry(document: string): PipelineEntry {
  return { key: document, args: ["HMGET", document, ...ITEM_FIELDS] };
}

/**
 * Completes items that were found by the moments at which they expire: until then they have what their last put said,
 * which a read can have changed. Starts their time to live again where reads do.
 */
export function* completeTask(
  keys: StoreKeys,
  found: readonly RedisItem[],
  { refresh }: Pick<ReadMode, "refresh">,
): PipelineTask<void> {
  const byNamespace = new Map<string, RedisItem[]>();
  for (const item of found) {
    if (item.expiresAt === undefined) continue;
    const { keys: own } = keys.ofNamespace(item.namespace);
    const items = byNamespace.get(own);
    if (items) items.push(item);
    else byNamespace.set(own, [item]);
  }
  if (byNamespace.size === 0) return;
  const groups = [...byNamespace.values()];
  const replies = yield groups.map((items) => touchCall(keys, items, { refresh, values: false }));
  groups.forEach((items, at) => {
    const reply = replies[at];
    if (reply instanceof Error) throw reply;
    items.forEach((item, position) => {
      const [meta, deadline] = (reply as Reply[][])[position] ?? [];
      const moment = toDeadline(deadline);
      if (moment === undefined) return; // it is gone, or was put again
      const { version } = decodeMeta(meta, keys.ofItem(item.namespace, item.key).document);
      if (version === item.version) item.expiresAt = toDate(moment);
    });
  });
}

/** @param names Items of one namespace. */
function touchCall(
  keys: StoreKeys,
  names: readonly Pick<RedisItem, "namespace" | "key">[],
  { refresh, values }: { refresh: boolean; values: boolean },
): ScriptCall {
  const items = names.map(({ namespace, key }) => keys.ofItem(namespace, key));
  const { namespace } = items[0] as (typeof items)[number];
  return TOUCH.call(
    [namespace.keys, namespace.updates, namespace.expiry, ...items.map(({ document }) => document)],
    [refresh ? "1" : "0", values ? "1" : "0", ...items.map(({ member }) => member)],
  );
}

function toDeadline(reply: Reply | undefined): number | undefined {
  return reply === null || reply === undefined ? undefined : Number(reply);
}
