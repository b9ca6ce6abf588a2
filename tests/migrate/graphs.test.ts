import { MemorySaver } from "@langchain/langgraph";
import { copyThreads, verifyThreads } from "langgraph-redis/migrate";
import { describe, expect, test } from "vitest";
import { scenarios } from "./scenarios.js";
import { fromEverySource, openRedis } from "./sources.js";

fromEverySource((open) => {
  test.each(Object.entries(scenarios))("%s goes on from the copy as on the source", async (_, scenario) => {
    const from = await open();
    await scenario.before(from, "t");
    const to = await openRedis();
    const first = await copyThreads(from, to, { verify: true });
    expect(first).toMatchObject({ threads: 1, copied: 1, errors: [], differences: [] });
    expect(first.checkpoints).toBeGreaterThan(0);
    const again = await copyThreads(from, to);
    expect(again).toMatchObject({ threads: 1, unchanged: 1, checkpoints: 0, writes: 0, errors: [] });
    expect(await scenario.after(to, "t")).toEqual(await scenario.after(from, "t"));
  });
});

const goingOn = Object.entries(scenarios).filter(([, { looksBack }]) => !looksBack);

describe('copyThreads to a RedisSaver with history: "latest"', () => {
  test.each(goingOn)("%s goes on from the copy as on the source", async (_, scenario) => {
    const from = new MemorySaver();
    await scenario.before(from, "t");
    const to = await openRedis({ history: "latest" });
    expect(await copyThreads(from, to, { verify: true })).toMatchObject({
      copied: 1,
      errors: [],
      differences: [],
    });
    expect(await copyThreads(from, to)).toMatchObject({ unchanged: 1, checkpoints: 0, errors: [] });
    expect((await verifyThreads(from, to)).checkpoints).toBeGreaterThan(0);
    const newest = async (saver: typeof from | typeof to) => {
      const [first] = [await scenario.after(saver, "t")].flat(2);
      return { ...(first as object), parent: "the source has it" };
    };
    expect(await newest(to)).toEqual(await newest(from));
  });
});
