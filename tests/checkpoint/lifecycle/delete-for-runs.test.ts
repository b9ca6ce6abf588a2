import { setTimeout as sleep } from "node:timers/promises";
import { RedisSaver } from "langgraph-redis";
import { expect, it } from "vitest";
import { config, id, listIds, put, values } from "../../conformance/saver/steps.js";
import { PAGE_SIZES, pagesOf, partitionIndex } from "../helpers.js";
import { keysOf, openSaver, threadsOfOnePartition } from "./helpers.js";

const of = (run: string) => ({ metadata: { run_id: run } });

async function threeRuns(saver: RedisSaver, thread: string): Promise<void> {
  for (let n = 0; n < 6; n++) {
    const parent = n === 0 ? undefined : id(n - 1);
    const step = { id: id(n), parent, values: { n, text: "x".repeat(500) + n }, versions: { n, text: n } };
    await put(saver, thread, { ...step, ...of(`run-${n >> 1}`) });
    await saver.putWrites(config(thread, "", id(n)), [["n", n]], "task");
  }
}

it("deleteForRuns removes the checkpoints that a run made, in all its threads", async () => {
  const { saver } = await openSaver();
  await threeRuns(saver, "a");
  await threeRuns(saver, "b");
  expect(await saver.deleteForRuns(["run-1", "run-nobody"])).toBe(4);
  for (const thread of ["a", "b"]) {
    expect(await listIds(saver, config(thread))).toEqual([5, 4, 1, 0].map(id));
    expect(await values(saver, config(thread))).toEqual({ n: 5, text: `${"x".repeat(500)}5` });
  }
  expect(await saver.deleteForRuns(["run-1"])).toBe(0);
});

it("deleteForRuns leaves nothing when all runs are deleted", async () => {
  const { saver, client, prefix } = await openSaver();
  await threeRuns(saver, "a");
  await saver.deleteForRuns(["run-0", "run-1", "run-2"]);
  expect(await saver.getTuple(config("a"))).toBeUndefined();
  expect(await saver.listThreads()).toEqual([]);
  expect(await keysOf(client, prefix)).toEqual([]);
});

it("deleteForRuns finds a run by the config too, whatever it is called", async () => {
  const { saver } = await openSaver();
  const checkpoint = (n: number) => ({
    v: 4,
    id: id(n),
    ts: "",
    channel_values: {},
    channel_versions: {},
    versions_seen: {},
  });
  const metadata = { source: "loop" as const, step: 0, parents: {} };
  const names = ["run:a", "run:a:b", "run*", "{run}", "Run"];
  for (const [n, run_id] of names.entries()) {
    await saver.put({ configurable: { thread_id: "t", run_id } }, checkpoint(2 * n), metadata, {});
    await saver.put(
      { configurable: { thread_id: "t" }, metadata: { run_id } },
      checkpoint(2 * n + 1),
      metadata,
      {},
    );
  }
  for (const [n, run_id] of names.entries()) {
    expect(await saver.deleteForRuns([run_id])).toBe(2);
    expect(await listIds(saver, config("t"))).toHaveLength(2 * (names.length - n - 1));
  }
});

it("deleteThread leaves no trace of the runs of its thread", async () => {
  const { saver, client, prefix } = await openSaver();
  await threeRuns(saver, "a");
  await saver.deleteThread("a");
  expect(await keysOf(client, prefix)).toEqual([]);
});

it("deleteForRuns finds a run whose thread lives on through writes of other runs, or through reads", async () => {
  const { saver } = await openSaver({ ttl: { defaultTTL: 0.02, refreshOnRead: true } });
  await put(saver, "t", { id: id(1), values: { n: 1 }, ...of("first") });
  for (let n = 2; n < 6; n++) {
    await sleep(400);
    await put(saver, "t", { id: id(n), parent: id(n - 1), values: { n }, ...of("second") });
    await sleep(400);
    await saver.getTuple(config("t"));
  }
  expect(await saver.deleteForRuns(["first"])).toBe(1);
  expect(await saver.deleteForRuns(["second"])).toBe(4);
});

it("deleteForRuns finds again a checkpoint that was kept for another run's delta channel", async () => {
  const { saver } = await openSaver();
  const counted = (run: string) => ({
    metadata: { run_id: run, counters_since_delta_snapshot: { log: [1, 1] } },
  });
  await put(saver, "t", { id: id(1), ...counted("first") });
  await put(saver, "t", { id: id(2), parent: id(1), ...counted("second") });
  expect(await saver.deleteForRuns(["first"])).toBe(0);
  expect(await saver.deleteForRuns(["second"])).toBe(1);
  expect(await saver.deleteForRuns(["first"])).toBe(1);
  expect(await saver.getTuple(config("t"))).toBeUndefined();
});

it.each(PAGE_SIZES)("deleteForRuns finds all threads of a run, in pages of %s", async (size) => {
  const { saver: plain, client, prefix } = await openSaver();
  const saver = new RedisSaver({ client, keyPrefix: prefix, ...pagesOf(size) });
  const names = threadsOfOnePartition(7);
  for (const run of ["a", "b"]) {
    for (const [n, name] of names.entries())
      await put(plain, name, { id: id(run === "a" ? n : 9), ...of(run) });
  }
  expect(await saver.deleteForRuns(["a", "b"])).toBe(14);
  expect(await keysOf(client, prefix)).toEqual([]);
});

it("prune takes runs out of the index that have no checkpoint left", async () => {
  const { saver, client, prefix } = await openSaver();
  await threeRuns(saver, "a");
  await saver.prune(["a"], { strategy: "keep_latest" });
  expect(await partitionIndex(client, prefix, "runs")).toEqual(["r:run-2:a", "t:a:run-2"]);
});

it('put with history: "latest" takes runs out of the index that have no checkpoint left', async () => {
  const { saver, client, prefix } = await openSaver({ history: "latest" });
  await threeRuns(saver, "a");
  expect(await partitionIndex(client, prefix, "runs")).toEqual(["r:run-2:a", "t:a:run-2"]);
  await saver.deleteThread("a");
  expect(await keysOf(client, prefix)).toEqual([]);
});

it("deleteForRuns refuses an empty run id", async () => {
  const { saver } = await openSaver();
  await expect(saver.deleteForRuns([""])).rejects.toThrow("run id");
  expect(await saver.deleteForRuns([])).toBe(0);
});

it("deleteForRuns leaves a checkpoint that another run put again", async () => {
  const { saver } = await openSaver();
  await put(saver, "t", { id: id(1), values: { n: 1 }, ...of("first") });
  await put(saver, "t", { id: id(2), parent: id(1), values: { n: 2 }, versions: { n: 2 }, ...of("first") });
  await put(saver, "t", { id: id(2), parent: id(1), values: { n: 3 }, versions: { n: 3 }, ...of("second") });
  expect(await saver.deleteForRuns(["first"])).toBe(1);
  expect(await values(saver, config("t"))).toEqual({ n: 3 });
  expect(await saver.deleteForRuns(["second"])).toBe(1);
  expect(await saver.getTuple(config("t"))).toBeUndefined();
});

it("deleteForRuns that removes the last checkpoint keeps pending writes of one to come", async () => {
  const { saver } = await openSaver();
  await put(saver, "t", { id: id(1), ...of("run") });
  await saver.putWrites(config("t", "", id(2)), [["a", "early"]], "task");
  expect(await saver.deleteForRuns(["run"])).toBe(1);
  await put(saver, "t", { id: id(2) });
  expect((await saver.getTuple(config("t")))?.pendingWrites).toEqual([["task", "a", "early"]]);
});
