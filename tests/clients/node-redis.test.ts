import { RedisSaver } from "langgraph-redis";
import { createClient, createClientPool, RESP_TYPES } from "redis";
import { expect, test } from "vitest";
import { config, id, put, values } from "../conformance/saver/steps.js";
import { freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { conformance, quiet } from "./own-clients.js";

conformance("a node-redis client that speaks RESP 2", async () => {
  const client = quiet(createClient({ url: redisUrl(), RESP: 2 }));
  await client.connect();
  return { client, close: () => client.close() };
});

conformance("a node-redis client that speaks RESP 2, of another database without modules", async () => {
  const client = quiet(createClient({ url: plainRedisUrl(), RESP: 2, database: 3 }));
  await client.connect();
  return { client, close: () => client.close() };
});

conformance("a node-redis client with mappings and command options of its own", async () => {
  const client = quiet(
    createClient({
      url: redisUrl(),
      commandOptions: {
        asap: true,
        timeout: 1_000,
        typeMapping: {
          [RESP_TYPES.BLOB_STRING]: String,
          [RESP_TYPES.NUMBER]: String,
          [RESP_TYPES.DOUBLE]: String,
          [RESP_TYPES.MAP]: Map,
          [RESP_TYPES.SET]: Set,
        },
      },
    }),
  );
  await client.connect();
  return {
    client: client.withTypeMapping({ [RESP_TYPES.SIMPLE_STRING]: Buffer }),
    close: () => client.close(),
  };
});

// A pool of node-redis 5.8 that was closed goes on cleaning up, and fails.
conformance("a pool of node-redis clients", async () => {
  const pool = quiet(createClientPool({ url: redisUrl() }, { minimum: 2, maximum: 5, cleanupDelay: 60_000 }));
  await pool.connect();
  return { client: pool, close: () => pool.close() };
});

test("a saver can be opened on a database with a number", async () => {
  const options = { keyPrefix: freshPrefix() };
  const saver = await RedisSaver.fromConnString(`${plainRedisUrl()}/2`, options);
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  expect(await values(saver, config("t"))).toEqual({ a: 1 });
  await saver.end();
  const elsewhere = await RedisSaver.fromConnString(plainRedisUrl(), options);
  expect(await elsewhere.getTuple(config("t"))).toBeUndefined();
  await elsewhere.end();
});
