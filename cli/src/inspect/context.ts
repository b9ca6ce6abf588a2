import type { RedisSaver, RedisStore } from "langgraph-redis";
import type { Server } from "../connection.js";
import type { Keys } from "../options.js";

/** What everything that looks into Redis works with. */
export interface InspectContext {
  saver: RedisSaver;
  /** For reading by key, listing and iterating: it was opened without an index, and never creates one. */
  store: RedisStore;
  /** The servers themselves, for what saver and store do not tell. */
  server: Server;
  keyPrefix: string;
  /** The keys of encrypted data that were given. */
  encryption: Keys | undefined;
}
