import { Redis } from "ioredis";
import { Redis as Redis6 } from "ioredis-6";
import { plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { conformance, ioredisClient } from "./own-clients.js";

conformance("an ioredis 5 client", async () => ioredisClient(new Redis(redisUrl())));

conformance("an ioredis 5 client with options of its own", async () =>
  ioredisClient(new Redis(plainRedisUrl(), { db: 4, stringNumbers: true, enableAutoPipelining: true })),
);

conformance("an ioredis 6 client", async () =>
  ioredisClient(new Redis6(redisUrl(), { replyMapping: "resp3" })),
);
