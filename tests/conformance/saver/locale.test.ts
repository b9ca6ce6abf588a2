import { RedisSaver } from "langgraph-redis";
import { afterAll, beforeAll, describe } from "vitest";
import { freshPrefix } from "../../helpers/redis.js";
import { englishLocale, startServer, type TestServer } from "../../helpers/servers/index.js";
import { saverConformance } from "./suite.js";

describe("on a server with an English locale", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer({ search: false, env: await englishLocale() });
  });
  afterAll(() => server.stop());

  saverConformance({
    name: "RedisSaver",
    create: () => RedisSaver.fromConnString(server.url, { keyPrefix: freshPrefix() }),
    destroy: (saver) => (saver as RedisSaver).end(),
  });
});
