import { CorruptRecordError, type RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { threadKeys } from "../../../src/checkpoint/keys.js";
import { createConnection } from "../../../src/redis/connection.js";
import { config, id, list, put } from "../../conformance/saver/steps.js";
import { crossSlotConnection } from "../../helpers/cross-slot-connection.js";
import { connect } from "../../helpers/redis.js";
import { keysUnder, savers } from "../helpers.js";

const operations: Record<string, (saver: RedisSaver) => Promise<unknown>> = {
  put: (saver) => put(saver, "t", { id: id(2), parent: id(1), values: { a: 2 } }),
  putWrites: (saver) => saver.putWrites(config("t", "", id(1)), [["a", 1]], "task"),
  getTuple: (saver) => saver.getTuple(config("t")),
  list: (saver) => list(saver, config("t")),
  getDeltaChannelHistory: (saver) => saver.getDeltaChannelHistory({ config: config("t"), channels: ["a"] }),
  prune: (saver) => saver.prune(["t"]),
  deleteForRuns: (saver) => saver.deleteForRuns(["r"]),
  copyThread: (saver) => saver.copyThread("t", "copy"),
  "copyThread to a thread": (saver) => saver.copyThread("other", "t"),
  expire: (saver) => saver.expire("t", 5),
  persist: (saver) => saver.persist("t"),
  threadStats: (saver) => saver.threadStats("t"),
};

test.each(["checkpoints", "index", "chunks"] as const)(
  "the loss of a thread's key %s is an error of every operation, until deleteThread deletes what is left",
  async (name) => {
    const { client, keyPrefix, saver } = await savers();
    await put(saver(), "other", { id: id(1) });
    await put(saver(), "t", { id: id(1), values: { a: "x".repeat(500) }, metadata: { run_id: "r" } });
    await client.del(threadKeys(keyPrefix, "t")[name]);
    const far = saver({ client: crossSlotConnection(createConnection(await connect())) } as object);
    for (const [operation, work] of Object.entries(operations)) {
      for (const each of [saver(), far]) {
        const outcome = await work(each).catch((error: unknown) => error);
        if (operation === "copyThread to a thread") {
          expect(String(outcome)).toContain('"t" exists');
          continue;
        }
        expect([operation, outcome]).toEqual([operation, expect.any(CorruptRecordError)]);
        expect((outcome as CorruptRecordError).location.key).toBe(threadKeys(keyPrefix, "t")[name]);
      }
    }
    await saver().deleteThread("t");
    await saver().deleteThread("other");
    expect(await keysUnder(client, keyPrefix)).toEqual([]);
  },
);

test("deleteForRuns forgets a thread whose keys were lost, all of them", async () => {
  const { client, keyPrefix, saver } = await savers();
  await put(saver(), "t", { id: id(1), metadata: { run_id: "r" } });
  await client.del([...threadKeys(keyPrefix, "t").own]);
  expect(await saver().deleteForRuns(["r"])).toBe(0);
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});
