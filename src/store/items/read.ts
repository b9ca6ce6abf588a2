import type { Reply } from "../../redis/command.js";
import { type PipelineEntry, Script } from "../../redis/script.js";
import type { StoreKeys } from "../keys.js";
import { type PipelineTask, send } from "../pipeline.js";
import type { GetRequest } from "../requests.js";
import type { RedisItem } from "../types.js";
import { decodeItem, ITEM_FIELDS } from "./item.js";
import touchSource from "./touch.lua";

type ItemName = Pick<RedisItem, "namespace" | "key">;

const TOUCH = new Script(touchSource);

/** Reads one item by its key; with `refresh`, its time to live starts again. */
export function* getTask(
  keys: StoreKeys,
  request: GetRequest,
  refresh: boolean,
): PipelineTask<RedisItem | null> {
  const { namespace, key } = request;
  const { document } = keys.ofItem(namespace, key);
  const address = { namespace, key, document };
  const reply = yield* send(refresh ? touchCall(keys, [address]) : readEntry(document));
  const [value, meta] = (refresh ? (reply as Reply[])[0] : reply) as Reply[];
  return decodeItem(address, value, meta);
}

/** Reads the fields of one item, for {@link decodeItem}. */
export function readEntry(document: string): PipelineEntry {
  return { key: document, args: ["HMGET", document, ...ITEM_FIELDS] };
}

/** Starts the time to live of found items again. */
export function* touchTask(keys: StoreKeys, found: readonly ItemName[]): PipelineTask<void> {
  if (found.length === 0) return;
  const byNamespace = new Map<string, ItemName[]>();
  for (const address of found) {
    const { keys: own } = keys.ofNamespace(address.namespace);
    byNamespace.set(own, [...(byNamespace.get(own) ?? []), address]);
  }
  const replies = yield [...byNamespace.values()].map((addresses) => touchCall(keys, addresses));
  for (const reply of replies) if (reply instanceof Error) throw reply;
}

/** @param addresses Items of one namespace. */
function touchCall(keys: StoreKeys, addresses: readonly ItemName[]) {
  const items = addresses.map(({ namespace, key }) => keys.ofItem(namespace, key));
  const { namespace } = items[0] as (typeof items)[number];
  return TOUCH.call(
    [namespace.keys, namespace.updates, namespace.expiry, ...items.map(({ document }) => document)],
    items.map(({ member }) => member),
  );
}
