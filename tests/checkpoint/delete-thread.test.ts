import { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { id, list, put } from "../conformance/saver/steps.js";
import { SteppingConnection } from "../helpers/stepping-connection.js";
import { keysUnder, savers } from "./helpers.js";

/** A thread with one checkpoint, which the indexes say made so many runs. */
async function threadOfRuns(count: number) {
  const { client, keyPrefix, saver } = await savers();
  await put(saver(), "t", { id: id(1), metadata: { run_id: "r" } });
  const { runs } = threadKeys(keyPrefix, "t").partition;
  const names = Array.from({ length: count - 1 }, (_, n) => [`r:run-${n}:t`, `t:t:run-${n}`]).flat();
  await client.zAdd(
    runs,
    names.map((value) => ({ value, score: 0 })),
  );
  const connection = new SteppingConnection(client);
  return {
    client,
    keyPrefix,
    saver,
    connection,
    stepping: new RedisSaver({ client: connection, keyPrefix }),
  };
}

test("deleteThread deletes a thread of many runs at once, and what the indexes hold of it in portions", async () => {
  const { client, keyPrefix, saver, connection, stepping } = await threadOfRuns(2_500);
  await stepping.deleteThread("warm");
  connection.reset();
  connection.before(1, async () => {
    expect(await saver().listThreads()).toEqual([]);
    expect(await client.exists([...threadKeys(keyPrefix, "t").own])).toBe(0);
  });
  await stepping.deleteThread("t");
  expect(connection.sent).toHaveLength(3);
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("deleteThread of many runs leaves alone a thread that comes again meanwhile", async () => {
  const { saver, connection, stepping } = await threadOfRuns(2_500);
  await stepping.deleteThread("warm");
  connection.reset();
  connection.before(1, () => put(saver(), "t", { id: id(2), metadata: { run_id: "new" } }));
  await stepping.deleteThread("t");
  expect(connection.sent).toHaveLength(2);
  expect((await saver().listThreads()).map(({ threadId }) => threadId)).toEqual(["t"]);
  expect(await saver().deleteForRuns(["new"])).toBe(1);
});

test("deleteThread that ends half way is finished by later writes", async () => {
  const { client, keyPrefix, saver, connection, stepping } = await threadOfRuns(2_500);
  await stepping.deleteThread("warm");
  connection.reset();
  connection.before(1, () => {
    throw new Error("the process ended");
  });
  await expect(stepping.deleteThread("t")).rejects.toThrow("deleteThread");
  const { runs } = threadKeys(keyPrefix, "t").partition;
  expect(await client.zCard(runs)).toBe(3_000);
  for (let n = 0; n < 16; n++) await saver().listThreads();
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("deleteThread can be called for every thread while list returns them", async () => {
  const { saver } = await savers();
  const a = saver();
  await Promise.all(Array.from({ length: 230 }, (_, n) => put(a, `t${n}`, { id: id(1) })));
  for await (const tuple of a.list({})) await a.deleteThread(tuple.config.configurable?.thread_id);
  expect(await list(saver(), {})).toEqual([]);
});
