import { RedisCache, type RedisClient, RedisSaver, RedisStore } from "langgraph-redis";
import { beforeAll } from "vitest";
import type { Connection } from "../../src/redis/command.js";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { cacheConformance } from "../conformance/cache/suite.js";
import { saverConformance } from "../conformance/saver/suite.js";
import { storeConformance } from "../conformance/store/suite.js";
import { connect, freshPrefix, redisUrl } from "../helpers/redis.js";

/** As when the answer to everything is lost, and only the second attempt is answered. */
function twice(inner: Connection): Connection {
  return {
    pipeline: async (commands) => {
      const first = await inner.pipeline(commands);
      // It is the answer to an attempt that did nothing.
      if (first.some((reply) => reply instanceof Error && reply.message.startsWith("NOSCRIPT"))) return first;
      return inner.pipeline(commands);
    },
  };
}

let client: RedisClient;
beforeAll(async () => {
  client = asClient(twice(createConnection(await connect(redisUrl()))));
});

saverConformance({
  name: "RedisSaver when everything reaches the server twice",
  create: async () => new RedisSaver({ client, keyPrefix: freshPrefix() }),
  destroy: async () => {},
});

storeConformance({
  name: "RedisStore when everything reaches the server twice",
  create: async ({ embeddings, ...index }) =>
    new RedisStore({
      client,
      keyPrefix: freshPrefix(),
      index: embeddings && { dims: embeddings.dims, embeddings, ...index },
    }),
  destroy: async () => {},
});

cacheConformance({
  name: "RedisCache when everything reaches the server twice",
  create: async () => new RedisCache({ client, keyPrefix: freshPrefix() }),
  destroy: async () => {},
});
