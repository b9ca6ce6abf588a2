import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { RedisStore } from "../../../src/store/redis-store.js";
import { connect, freshPrefix } from "../../helpers/redis.js";
import { englishLocale, startServer, type TestServer } from "../../helpers/servers/index.js";
import { storeConformance } from "./suite.js";

describe.each([
  { engine: "search", scanBatchSize: undefined },
  { engine: "core", scanBatchSize: 3 },
] as const)("on a server with an English locale, engine $engine", ({ engine, scanBatchSize }) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ search: engine === "search", env: await englishLocale() });
  });
  afterAll(() => server.stop());

  test("the server's scripts compare strings as a dictionary does", async () => {
    const client = await connect(server.url);
    expect(await client.eval("return tostring('a' < 'B')", { keys: [] })).toBe("true");
  });

  storeConformance({
    name: `RedisStore with engine ${engine}`,
    create: async ({ embeddings, ...index }) =>
      RedisStore.fromConnString(server.url, {
        keyPrefix: freshPrefix(),
        engine,
        scanBatchSize,
        index: embeddings && { dims: embeddings.dims, embeddings, ...index },
      }),
    destroy: async (store) => store.stop(),
  });
});
