import * as langgraph from "@langchain/langgraph-checkpoint";
import { RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { ENCRYPTION } from "../../helpers/encryption.js";
import { freshPrefix, plainRedisUrl, redisUrl } from "../../helpers/redis.js";
import { type SaverFactory, saverConformance } from "./suite.js";

saverConformance({
  name: "MemorySaver",
  create: async () => new langgraph.MemorySaver(),
  destroy: async () => {},
  deviations: [
    "getTuple returns bytes as it was put, as a value and as a pending write",
    "getTuple returns many bytes as it was put, as a value and as a pending write",
    "getTuple returns keys of a prototype as it was put, as a value and as a pending write",
    "put keeps threads apart, whatever they are called",
    "list filters metadata by any key and any JSON value",
    "list without a namespace returns all namespaces of the thread, newest first",
    "list without a thread returns the checkpoints of all threads",
    // Versions that export their comparison keep the order.
    ...("compareWritesSortKeys" in langgraph
      ? []
      : ["putWrites keeps the order of task and index, however the writes arrive"]),
    "getTuple adds the pending sends of the parent to a checkpoint before version 4",
    "put of a value that cannot be serialized is refused, and nothing is written",
  ],
});
saverConformance(redisSaver("RedisSaver", redisUrl));
saverConformance(redisSaver("RedisSaver without modules", plainRedisUrl));
saverConformance(redisSaver("RedisSaver with encryption", plainRedisUrl, { encryption: ENCRYPTION }));

function redisSaver(name: string, url: () => string, options: RedisSaverOptions = {}): SaverFactory {
  return {
    name,
    create: () => RedisSaver.fromConnString(url(), { keyPrefix: freshPrefix(), ...options }),
    destroy: (saver) => (saver as RedisSaver).end(),
  };
}
