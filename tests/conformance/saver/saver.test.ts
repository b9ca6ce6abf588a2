import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { RedisSaver } from "langgraph-redis";
import { freshPrefix, plainRedisUrl, redisUrl } from "../../helpers/redis.js";
import { type SaverFactory, saverConformance } from "./suite.js";

saverConformance({
  name: "MemorySaver",
  create: async () => new MemorySaver(),
  destroy: async () => {},
  deviations: [
    "bytes comes back equal, as a value and as a pending write",
    "many bytes comes back equal, as a value and as a pending write",
    "keys of a prototype comes back equal, as a value and as a pending write",
    "threads never mix, whatever they are called",
    "metadata are filtered by any key and any JSON value",
    "without a namespace all namespaces of the thread are listed, newest first",
    "without a thread the checkpoints of all threads are listed",
    "pending writes come in the order of task and index, however they arrived",
    "pending sends of a checkpoint before version 4 become its channel",
    "a value that cannot be serialized is refused, and nothing is written",
  ],
});
saverConformance(redisSaver("RedisSaver", redisUrl));
saverConformance(redisSaver("RedisSaver without modules", plainRedisUrl));

function redisSaver(name: string, url: () => string): SaverFactory {
  return {
    name,
    create: () => RedisSaver.fromConnString(url(), { keyPrefix: freshPrefix() }),
    destroy: (saver) => (saver as RedisSaver).end(),
  };
}
