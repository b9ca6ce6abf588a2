import { RedisSaver as LangGraphRedisSaver } from "@langchain/langgraph-checkpoint-redis";
import { copyThreads, verifyThreads } from "langgraph-redis/migrate";
import { createClient as createClient4 } from "redis-4";
import { describe, expect, test } from "vitest";
import { on } from "../graphs/savers.js";
import { connect, freshPrefix, redisUrl } from "../helpers/redis.js";
import { scenarios } from "./scenarios.js";
import { openRedis } from "./sources.js";
import { StandInClient } from "./stand-in-client.js";

type Client = ConstructorParameters<typeof LangGraphRedisSaver>[0];

/** What it stores as it is given; a Map or bytes it does not. */
const NAMES = [
  "an open question",
  "a question in a subgraph",
  "tasks that were sent out, one with a question",
];

describe("copyThreads from LangGraph's RedisSaver on a stand-in for its client", () => {
  test.each(NAMES)("%s goes on from the copy as on the source", async (name) => {
    const scenario = scenarios[name];
    if (!scenario) throw new Error(`there is no scenario ${name}`);
    const from = new LangGraphRedisSaver(new StandInClient() as unknown as Client);
    await scenario.before(from, "t");
    const to = await openRedis();
    expect(await copyThreads(from, to, { verify: true })).toMatchObject({
      copied: 1,
      errors: [],
      differences: [],
    });
    expect(await copyThreads(from, to)).toMatchObject({ unchanged: 1, checkpoints: 0 });
    expect(await scenario.after(to, "t")).toEqual(await scenario.after(from, "t"));
  });

  test("copies more than the 10 checkpoints that it lists, and no thread whose id differs in case", async () => {
    const client = new StandInClient();
    const from = new LangGraphRedisSaver(client as unknown as Client);
    for (const thread of ["user", "User"]) await scenarios["a delta channel"]?.before(from, thread);
    const listed: string[] = [];
    for await (const { checkpoint } of from.list(on("user"))) listed.push(checkpoint.id);
    expect(listed.length).toBe(10);
    const to = await openRedis();
    const report = await copyThreads(from, to, { verify: true });
    expect(report).toMatchObject({ threads: 2, copied: 2, errors: [], differences: [] });
    expect(report.checkpoints).toBeGreaterThan(40);
    expect(Math.max(...client.sizes)).toBe(1_000_000);
  });
});

const hasJson = async () => {
  const client = await connect();
  const [info] = (await client.sendCommand(["COMMAND", "INFO", "JSON.SET"])) as unknown[];
  return info !== null && info !== undefined;
};

const isThere = await hasJson();

describe.skipIf(!isThere)(
  `copyThreads from LangGraph's RedisSaver on a server${isThere ? "" : " (skipped: it has no RedisJSON; set REDIS_URL to one that has)"}`,
  () => {
    test.each(NAMES)("%s goes on from the copy as on the source", async (name) => {
      const scenario = scenarios[name];
      if (!scenario) throw new Error(`there is no scenario ${name}`);
      const client = createClient4({ url: redisUrl() });
      await client.connect();
      const from = new LangGraphRedisSaver(client as unknown as Client);
      const thread = freshPrefix(); // it has no key prefix
      try {
        await scenario.before(from, thread);
        const to = await openRedis();
        const report = await copyThreads(from, to, { threads: [thread], verify: true });
        expect(report).toMatchObject({ copied: 1, errors: [], differences: [] });
        expect((await verifyThreads(from, to, { threads: [thread] })).differences).toEqual([]);
        expect(await scenario.after(to, thread)).toEqual(await scenario.after(from, thread));
      } finally {
        await from.deleteThread(thread);
        await client.disconnect();
      }
    });
  },
);
