import { RedisSaver, RedisStore } from "langgraph-redis";
import type { Server } from "../connection.js";
import type { Keys } from "../options.js";
import type { InspectContext } from "./context.js";

/**
 * Saver and store on a connection. Nothing is written: the store's index is not prepared.
 *
 * @param encryption the keys of encrypted data.
 */
export function openContext(server: Server, keyPrefix: string, encryption?: Keys): InspectContext {
  const { client } = server;
  const saver = new RedisSaver({ client, keyPrefix, ...(encryption && { encryption }) });
  const store = new RedisStore({ client, keyPrefix, ...(encryption && { encryption }) });
  return { saver, store, server, keyPrefix, encryption };
}
