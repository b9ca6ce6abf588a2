import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import type { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { config, id, listIds, put, values } from "../../conformance/saver/steps.js";
import { expectConsistent } from "../consistency.js";
import { savers } from "../helpers.js";

const large = (n: number) => `${n} `.repeat(300);

/** Steps of the root namespace, each going on from the one before. */
async function steps(saver: RedisSaver, from: number, to: number, metadata = {}) {
  for (let n = from; n <= to; n++) {
    await put(saver, "t", {
      id: id(n),
      ...(n > 1 ? { parent: id(n - 1) } : {}),
      values: { a: large(n) },
      versions: { a: n },
      metadata,
    });
  }
}

/** Namespaces of tasks that ran under a checkpoint of the root. */
async function tasks(saver: RedisSaver, under: number, count: number) {
  for (let n = 0; n < count; n++) {
    const ns = `work:task-${under}-${n}`;
    const at = await put(
      saver,
      "t",
      { id: id(n), values: { a: large(n) }, metadata: { parents: { "": id(under) } } },
      ns,
    );
    await saver.putWrites(at, [["a", large(n)]], "task");
    const metadata = { parents: { "": id(under), [ns]: id(n) } };
    await put(saver, "t", { id: id(n), values: { a: large(n) }, metadata }, `${ns}|inner:${n}`);
  }
}

test('put with history: "latest" removes the namespaces of tasks of superseded checkpoints, a few with each put', async () => {
  const { client, key, keyPrefix, saver } = await savers({ history: "latest" });
  const a = saver();
  await steps(a, 1, 1);
  await tasks(a, 1, 120);
  const before = await client.zCard(key("index"));
  await steps(a, 2, 2);
  // Bounded: some go, not all of them.
  const after = await client.zCard(key("index"));
  expect(after).toBeLessThan(before - 50);
  expect(after).toBeGreaterThan(before / 2);
  await expectConsistent(client, keyPrefix, "some");
  await steps(a, 3, 30);
  expect(await listIds(a, { configurable: { thread_id: "t" } })).toEqual([id(30)]);
  expect(await client.zCard(key("index"))).toBe(2);
  expect(await client.hLen(key("chunks"))).toBe(2);
  await expectConsistent(client, keyPrefix, "all");
});

test('put with history: "latest" keeps a namespace that hangs on another checkpoint by now', async () => {
  const { client, keyPrefix, saver } = await savers({ history: "latest" });
  await steps(saver(), 1, 1);
  await put(saver(), "t", { id: id(1), metadata: { parents: { "": id(1) } } }, "work:task");
  await put(saver(), "t", { id: id(2), parent: id(1), metadata: { parents: { "": id(2) } } }, "work:task");
  await steps(saver(), 2, 2);
  expect(await listIds(saver(), config("t", "work:task"))).toEqual([id(2)]);
  await steps(saver(), 3, 3);
  expect(await listIds(saver(), config("t", "work:task"))).toEqual([]);
  await expectConsistent(client, keyPrefix);
});

test('put with history: "latest" trims a history that was kept before, a few checkpoints with each put', async () => {
  const { client, keyPrefix, saver } = await savers();
  await steps(saver(), 1, 100);
  const latest = saver({ history: "latest" });
  await steps(latest, 101, 101);
  expect((await listIds(saver(), config("t"))).length).toBeGreaterThan(50);
  await steps(latest, 102, 125);
  expect(await listIds(saver(), config("t"))).toEqual([id(125)]);
  await expectConsistent(client, keyPrefix);
});

test('put with history: "latest" trims what an open delta channel was read from, once it is stored again', async () => {
  const { client, keyPrefix, saver } = await savers({ history: "latest" });
  const counted = { counters_since_delta_snapshot: { log: [1, 1] } };
  await steps(saver(), 1, 60, counted);
  expect(await listIds(saver(), config("t"))).toHaveLength(60);
  const snapshot = { log: new DeltaSnapshot(["all"]), a: large(61) };
  await put(saver(), "t", { id: id(61), parent: id(60), values: snapshot, metadata: counted });
  await steps(saver(), 62, 75, counted);
  expect(await listIds(saver(), config("t"))).toEqual(Array.from({ length: 15 }, (_, n) => id(75 - n)));
  await expectConsistent(client, keyPrefix);
});

test('put with history: "latest" trims a long chain of an open delta channel, while the next one grows', async () => {
  const { client, keyPrefix, saver } = await savers({ history: "latest" });
  const counted = { counters_since_delta_snapshot: { log: [1, 1] } };
  await steps(saver(), 1, 700, counted);
  const snapshot = { log: new DeltaSnapshot(["all"]), a: large(701) };
  await put(saver(), "t", { id: id(701), parent: id(700), values: snapshot, metadata: counted });
  await steps(saver(), 702, 730, counted);
  expect(await saver().threadStats("t")).toMatchObject({ checkpoints: 30 });
  await expectConsistent(client, keyPrefix);
});

test('put with history: "latest" trims, and prune removes, after a delta channel has left the graph', async () => {
  for (const history of ["latest", "all"] as const) {
    const { client, keyPrefix, saver } = await savers({ history });
    await steps(saver(), 1, 20, { counters_since_delta_snapshot: { log: [1, 1] } });
    await steps(saver(), 21, 30);
    if (history === "all") expect(await saver().prune(["t"])).toBe(29);
    expect(await listIds(saver(), config("t"))).toEqual([id(30)]);
    await expectConsistent(client, keyPrefix, history);
  }
});

test("put removes late writes of removed checkpoints when nobody can wait for them any more", async () => {
  for (const history of ["latest", "all"] as const) {
    const { client, key, keyPrefix, saver } = await savers({ history });
    const a = saver();
    await steps(a, 1, 3);
    if (history === "all") await a.prune(["t"], { checkpointId: id(1) });
    await a.putWrites(config("t", "", id(1)), [["a", large(1)]], "late");
    await a.putWrites(config("t", "work:gone", id(1)), [["a", large(2)]], "late");
    await a.putWrites(config("t", "", id(9)), [["a", large(3)]], "early");
    await steps(a, 4, 5);
    const waiting = async () =>
      (await client.zRange(key("index"), 0, -1)).filter((member) => /^[wl]:/.test(member)).length;
    expect(await waiting()).toBe(6);
    await client.hSet(key("checkpoints"), "early", Date.now() - 2 * 60_000);
    await steps(a, 6, 6);
    expect(await waiting()).toBe(4);
    await client.hSet(key("checkpoints"), "early", Date.now() - 61 * 60_000);
    await steps(a, 7, 7);
    expect(await waiting()).toBe(2);
    await expectConsistent(client, keyPrefix);
    await put(a, "t", { id: id(9), parent: id(7), values: { a: "new" } });
    expect((await a.getTuple(config("t")))?.pendingWrites).toEqual([["early", "a", large(3)]]);
    expect(await values(a, config("t"))).toEqual({ a: "new" });
    await steps(a, 10, 10);
    expect(await client.zScore(key("index"), `l::${id(9)}`)).toBeNull();
  }
});
