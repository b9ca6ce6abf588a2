import { RedisSaver, RedisStore } from "langgraph-redis";
import type { Server } from "../connection.js";
import type { InspectContext } from "./context.js";

/** Saver and store on a connection. Nothing is written: the store's index is not prepared. */
export function openContext(server: Server, keyPrefix: string): InspectContext {
  const { client } = server;
  const saver = new RedisSaver({ client, keyPrefix });
  const store = new RedisStore({ client, keyPrefix });
  return { saver, store, server, keyPrefix };
}
