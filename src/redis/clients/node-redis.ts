import type { ClientAdapter } from "../client-adapter.js";
import { refuseKeyPrefix } from "../key-prefix.js";
import { ClusterAdapter, type NodeRedisCluster } from "./cluster.js";
import { type NodeRedisPool, PoolAdapter } from "./pool.js";
import { type NodeRedisSentinel, SentinelAdapter } from "./sentinel.js";
import { type NodeRedisClient, SingleClientAdapter } from "./single.js";

/** The clients of node-redis 5.8 or later, and 6. */
export type NodeRedis = NodeRedisClient | NodeRedisPool | NodeRedisCluster | NodeRedisSentinel;

/** Clients are told by what they can do, as an application may load its own copy of node-redis. */
export function isNodeRedis(client: unknown): client is NodeRedis {
  return can(client, "sendCommand", "withTypeMapping") && typeof Reflect.get(client, "isOpen") === "boolean";
}

/** Whether it is a client of node-redis 4: that one has no type mappings, and replies come as text. */
export function isOldNodeRedis(client: unknown): boolean {
  return can(client, "sendCommand") && !can(client, "withTypeMapping") && "isOpen" in client;
}

/** @throws {InvalidInputError} when the client has a key prefix of its own. */
export function adaptNodeRedis(client: NodeRedis): ClientAdapter {
  const { _keyPrefix, options } = client as { _keyPrefix?: unknown; options?: { keyPrefix?: unknown } };
  refuseKeyPrefix(_keyPrefix ?? options?.keyPrefix);
  if (isCluster(client)) return new ClusterAdapter(client);
  if (isSentinel(client)) return new SentinelAdapter(client);
  if (isPool(client)) return new PoolAdapter(client);
  return new SingleClientAdapter(client as NodeRedisClient);
}

const isCluster = (client: object): client is NodeRedisCluster => can(client, "getRandomNode", "nodeClient");
const isSentinel = (client: object): client is NodeRedisSentinel => can(client, "getMasterNode", "_execute");
const isPool = (client: object): client is NodeRedisPool =>
  can(client, "execute") && "totalClients" in client;

function can(client: unknown, ...methods: string[]): client is object {
  if (typeof client !== "object" || client === null) return false;
  return methods.every((method) => typeof Reflect.get(client, method) === "function");
}
