import { randomBytes } from "node:crypto";
import { InMemoryStore } from "@langchain/langgraph-checkpoint";
import type { Connection } from "../../../src/redis/command.js";
import { asClient, createConnection } from "../../../src/redis/connection.js";
import { LIMITS, type Limits, limitsOf } from "../../../src/store/limits.js";
import { RedisStore } from "../../../src/store/redis-store.js";
import { connect, freshPrefix, plainRedisUrl, redisUrl, type TestClient } from "../../helpers/redis.js";
import { IN_MEMORY_DEVIATIONS } from "./in-memory-deviations.js";
import { storeConformance } from "./suite.js";

storeConformance({
  name: "LangGraph's InMemoryStore",
  create: async ({ embeddings, fields }) =>
    new InMemoryStore(embeddings && { index: { dims: embeddings.dims, embeddings, fields } }),
  destroy: async () => {},
  deviations: IN_MEMORY_DEVIATIONS,
});

storeConformance({
  name: "RedisStore with a search engine",
  create: async ({ embeddings, ...index }) =>
    RedisStore.fromConnString(redisUrl(), {
      keyPrefix: freshPrefix(),
      index: embeddings && { dims: embeddings.dims, embeddings, ...index },
    }),
  destroy: async (store) => store.stop(),
});

storeConformance({
  name: "RedisStore on a client of the user's, with a flat index",
  create: async ({ embeddings, ...index }) =>
    new RedisStore({
      client: await connect(),
      keyPrefix: freshPrefix(),
      index: embeddings && { dims: embeddings.dims, embeddings, algorithm: "flat", ...index },
    }),
  destroy: async (store) => store.stop(),
});

storeConformance({
  name: "RedisStore on a server without modules",
  create: async ({ embeddings, ...index }) =>
    RedisStore.fromConnString(plainRedisUrl(), {
      keyPrefix: freshPrefix(),
      index: embeddings && { dims: embeddings.dims, embeddings, ...index },
    }),
  destroy: async (store) => store.stop(),
});

for (const [name, url, pages] of [
  ["with a search engine", redisUrl, 2],
  ["without modules", plainRedisUrl, 2],
  ["without modules", plainRedisUrl, 3],
] as const) {
  storeConformance({
    name: `RedisStore that reads no more than ${pages} at a time, ${name}`,
    create: async ({ embeddings, ...index }) =>
      RedisStore.fromConnString(url(), {
        keyPrefix: freshPrefix(),
        scanBatchSize: pages,
        index: embeddings && { dims: embeddings.dims, embeddings, ...index },
        ...{ [LIMITS]: allOf(pages) },
      }),
    destroy: async (store) => store.stop(),
  });
}

function allOf(size: number): Limits {
  const names = Object.keys(limitsOf({}));
  return Object.fromEntries(names.map((name) => [name, size])) as unknown as Limits;
}

for (const [name, url] of [
  ["with a search engine", redisUrl],
  ["without modules", plainRedisUrl],
] as const) {
  storeConformance({
    name: `RedisStore that encrypts, ${name}`,
    create: async ({ embeddings, ...index }) =>
      RedisStore.fromConnString(url(), {
        keyPrefix: freshPrefix(),
        encryption: { keys: { old: randomBytes(32), new: randomBytes(32) }, current: "new" },
        index: embeddings && { dims: embeddings.dims, embeddings, ...index },
      }),
    destroy: async (store) => store.stop(),
  });
}

storeConformance({
  name: "RedisStore when every script reaches the server twice",
  create: async ({ embeddings, ...index }) =>
    new RedisStore({
      client: asClient(sendingScriptsTwice(await connect())),
      keyPrefix: freshPrefix(),
      index: embeddings && { dims: embeddings.dims, embeddings, ...index },
    }),
  destroy: async (store) => store.stop(),
});

/** As after a retry of a request whose first answer was lost. */
function sendingScriptsTwice(client: TestClient): Connection {
  const connection = createConnection(client);
  return {
    pipeline: async (commands) => {
      const twice = commands.flatMap((command) =>
        String(command.args[0]).startsWith("EVAL") ? [command, command] : [command],
      );
      const replies = await connection.pipeline(twice);
      // The answer that counts is the second.
      return replies.filter((_, at) => twice[at] !== twice[at + 1]);
    },
  };
}
