import { RedisSaver } from "langgraph-redis";
import { afterAll, beforeAll, describe } from "vitest";
import { connect, freshPrefix, plainRedisUrl, redisUrl, type TestClient } from "../../helpers/redis.js";
import { type ModelFactory, saverModel } from "./model.js";

/** How many sequences run in total. Set FUZZ_RUNS for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

const SERVERS = { RedisSaver: redisUrl, "RedisSaver without modules": plainRedisUrl };

describe.each(Object.entries(SERVERS))("%s", (name, url) => {
  let client: TestClient;
  const prefix = freshPrefix();
  beforeAll(async () => {
    client = await connect(url());
  });
  afterAll(() => client.destroy());
  const factory: ModelFactory = {
    name,
    create: async (store, options) => new RedisSaver({ client, keyPrefix: `${prefix}-${store}`, ...options }),
    destroy: async () => {},
  };
  saverModel(factory, Math.ceil(RUNS / 2));
});
