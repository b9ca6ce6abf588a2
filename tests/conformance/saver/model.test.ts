import { type EncryptionOptions, RedisSaver } from "langgraph-redis";
import { afterAll, beforeAll, describe } from "vitest";
import { ENCRYPTION } from "../../helpers/encryption.js";
import { connect, freshPrefix, plainRedisUrl, redisUrl, type TestClient } from "../../helpers/redis.js";
import { type ModelFactory, saverModel } from "./model.js";

/** How many sequences run in total. Set FUZZ_RUNS for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

const SAVERS: Record<string, { url: () => string; encryption?: EncryptionOptions }> = {
  RedisSaver: { url: redisUrl },
  "RedisSaver without modules, with encryption": { url: plainRedisUrl, encryption: ENCRYPTION },
};

describe.each(Object.entries(SAVERS))("%s", (name, { url, ...more }) => {
  let client: TestClient;
  const prefix = freshPrefix();
  beforeAll(async () => {
    client = await connect(url());
  });
  afterAll(() => client.destroy());
  const factory: ModelFactory = {
    name,
    create: async (store, options) =>
      new RedisSaver({ client, keyPrefix: `${prefix}-${store}`, ...more, ...options }),
    destroy: async () => {},
  };
  saverModel(factory, Math.ceil(RUNS / 2));
});
