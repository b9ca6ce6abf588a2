import { type BaseCheckpointSaver, DeltaSnapshot, INTERRUPT, TASKS } from "@langchain/langgraph-checkpoint";
import { expect, it } from "vitest";
import { digestOf } from "../../../src/checkpoint/values/chunk.js";
import { config, id, listIds, put, values } from "../../conformance/saver/steps.js";
import { keysOf, openSaver, threadKeysOf } from "./helpers.js";

const entry = (n: number) => ({ n, text: `entry ${n} `.repeat(60) });

/** A thread whose list gains one entry with every checkpoint. */
async function growingThread(
  saver: BaseCheckpointSaver,
  thread: string,
  steps: number,
  ns = "",
): Promise<void> {
  for (let n = 0; n < steps; n++) {
    const entries = Array.from({ length: n + 1 }, (_, at) => entry(at));
    const parent = n === 0 ? undefined : id(n - 1);
    await put(saver, thread, { id: id(n), parent, values: { entries }, versions: { entries: n + 1 } }, ns);
    await saver.putWrites(config(thread, ns, id(n)), [["entries", [entry(n + 1)]]], `task-${n}`);
  }
}

it("prune keeps the newest checkpoints of each namespace and reads them as before", async () => {
  const { saver } = await openSaver();
  await growingThread(saver, "t", 20);
  await growingThread(saver, "t", 5, "child");
  const before = await saver.getTuple(config("t"));
  const child = await saver.getTuple(config("t", "child"));
  expect(await saver.prune(["t"], { strategy: "keep_latest", keepLast: 2 })).toBe(18 + 3);
  expect(await listIds(saver, config("t"))).toEqual([id(19), id(18)]);
  expect(await listIds(saver, config("t", "child"))).toEqual([id(4), id(3)]);
  expect(await saver.getTuple(config("t"))).toEqual(before);
  expect(await saver.getTuple(config("t", "child"))).toEqual(child);
});

it("prune frees the chunks that nothing refers to any more, and only those", async () => {
  const { saver, client, prefix } = await openSaver();
  const { chunks, checkpoints, index } = threadKeysOf(prefix, "t") as Record<string, string>;
  for (let n = 0; n < 30; n++) {
    // Nothing is shared between the steps but the first half.
    const entries = [
      ...Array.from({ length: 40 }, (_, at) => entry(at)),
      ...Array.from({ length: 40 }, (_, at) => entry(1_000 * (n + 1) + at)),
    ];
    const parent = n === 0 ? undefined : id(n - 1);
    await put(saver, "t", { id: id(n), parent, values: { entries }, versions: { entries: n + 1 } });
  }
  const bytes = async () => (await client.memoryUsage(chunks as string, { SAMPLES: 0 })) as number;
  const [full, latest] = [await bytes(), await values(saver, config("t"))];
  await saver.prune(["t"], { strategy: "keep_latest" });
  expect(await bytes()).toBeLessThan(full / 8);
  expect(await values(saver, config("t"))).toEqual(latest);
  expect((await client.hKeys(checkpoints as string)).filter((field) => field !== "!")).toHaveLength(1);
  expect((await client.zRange(index as string, 0, -1)).filter((member) => member !== "!")).toHaveLength(1);
});

it("prune by another client does not disturb the puts that follow", async () => {
  const { saver, prefix } = await openSaver();
  const { saver: other } = await openSaver({ keyPrefix: prefix });
  await growingThread(saver, "t", 40);
  await other.prune(["t"], { strategy: "keep_latest" });
  await other.prune(["t"], { strategy: "delete" });
  const entries = Array.from({ length: 41 }, (_, at) => entry(at));
  await put(saver, "t", { id: id(40), parent: id(39), values: { entries }, versions: { entries: 41 } });
  expect(await values(saver, config("t"))).toEqual({ entries });
  expect(await values(other, config("t"))).toEqual({ entries });
});

it("prune keeps pending writes of what it keeps, interrupts among them, and those of checkpoints to come", async () => {
  const { saver } = await openSaver();
  await growingThread(saver, "t", 3);
  await saver.putWrites(config("t", "", id(2)), [[INTERRUPT, { ask: "go on?" }]], "asking");
  await saver.putWrites(config("t", "", id(7)), [["entries", [entry(7)]]], "early");
  await saver.prune(["t"], { strategy: "keep_latest" });
  const { pendingWrites } = (await saver.getTuple(config("t"))) ?? {};
  expect(pendingWrites).toContainEqual(["asking", INTERRUPT, { ask: "go on?" }]);
  await put(saver, "t", { id: id(7), parent: id(2), values: {} });
  expect((await saver.getTuple(config("t")))?.pendingWrites).toEqual([["early", "entries", [entry(7)]]]);
});

it("prune keeps the ancestors of delta channels up to their nearest stored value", async () => {
  const { saver } = await openSaver();
  const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
  for (let n = 0; n < 20; n++) {
    const isSnapshot = n === 0 || n === 12;
    const snapshot = new DeltaSnapshot([`all until ${n}`]);
    await put(saver, "t", {
      id: id(n),
      parent: n === 0 ? undefined : id(n - 1),
      values: isSnapshot ? { log: snapshot } : {},
      versions: { log: n + 1 },
      metadata: isSnapshot ? {} : metadata,
    });
    await saver.putWrites(config("t", "", id(n)), [["log", `entry ${n}`]], `task-${n}`);
  }
  const at = { config: config("t", "", id(19)), channels: ["log"] };
  const before = await saver.getDeltaChannelHistory(at);
  expect(await saver.prune(["t"], { strategy: "keep_latest" })).toBe(12);
  expect(await saver.getDeltaChannelHistory(at)).toEqual(before);
  expect(before.log?.writes).toHaveLength(7);
});

it("prune deletes threads whole, and says how many checkpoints that were", async () => {
  const { saver, client, prefix } = await openSaver();
  await growingThread(saver, "a", 3);
  await growingThread(saver, "b", 2);
  expect(await saver.prune(["a", "b", "nobody"], { strategy: "delete" })).toBe(5);
  expect(await keysOf(client, prefix)).toEqual([]);
});

it("prune refuses what it does not understand, before anything is removed", async () => {
  const { saver } = await openSaver();
  await growingThread(saver, "t", 3);
  await expect(saver.prune(["t"], { strategy: "all" as "delete" })).rejects.toThrow("got a string");
  await expect(saver.prune(["t"], { strategy: "keep_latest", keepLast: 0 })).rejects.toThrow("got 0");
  await expect(saver.prune(["t", ""], { strategy: "delete" })).rejects.toThrow("thread_id");
  expect(await listIds(saver, config("t"))).toHaveLength(3);
});

it("prune keeps what an oracle does, for every number of checkpoints and keepLast", async () => {
  const { saver } = await openSaver();
  for (let count = 0; count <= 5; count++) {
    for (let keepLast = 1; keepLast <= count + 1; keepLast++) {
      const thread = `${count} ${keepLast}`;
      await growingThread(saver, thread, count);
      await growingThread(saver, thread, count - 1, "child");
      const removed = Math.max(count - keepLast, 0) + Math.max(count - 1 - keepLast, 0);
      expect(await saver.prune([thread], { strategy: "keep_latest", keepLast })).toBe(removed);
      for (const [ns, steps] of [
        ["", count],
        ["child", count - 1],
      ] as const) {
        const kept = Array.from({ length: Math.max(steps, 0) }, (_, n) => n).slice(-keepLast);
        expect(await listIds(saver, config(thread, ns))).toEqual(kept.reverse().map(id));
        for (const n of kept) {
          const entries = Array.from({ length: n + 1 }, (_, at) => entry(at));
          expect(await values(saver, config(thread, ns, id(n)))).toEqual({ entries });
        }
      }
    }
  }
});

it("prune keeps the pending sends of the parent of a checkpoint before version 4, and no further ancestor", async () => {
  const { saver } = await openSaver();
  for (let n = 0; n < 4; n++) {
    const at = await put(saver, "t", {
      id: id(n),
      parent: n > 0 ? id(n - 1) : undefined,
      v: 3,
      values: { n },
    });
    await saver.putWrites(at, [[TASKS, { node: `sent by ${n}` }]], "task");
  }
  const before = await saver.getTuple(config("t"));
  expect(before?.checkpoint.channel_values).toEqual({ n: 3, [TASKS]: [{ node: "sent by 2" }] });
  expect(await saver.prune(["t"], { strategy: "keep_latest" })).toBe(2);
  expect(await saver.getTuple(config("t"))).toEqual(before);
});

it("prune keeps the chunks below the largest tables that a list can have", async () => {
  const { saver, prefix } = await openSaver();
  // Each text is a chunk of its own. A table ends after one whose digest ends with a letter from A to H, or after 64.
  const texts: string[] = [];
  for (let n = 0; texts.length < 140; n++) {
    const text = `${n} `.repeat(5_000).slice(0, 8_300);
    if (!/[A-H]$/.test(digestOf(Buffer.from(`j"${text}"`)))) texts.push(text);
  }
  for (const n of [1, 2]) {
    const values = { texts: texts.slice(0, 138 + n) };
    await put(saver, "t", { id: id(n), parent: n > 1 ? id(1) : undefined, values, versions: { texts: n } });
  }
  await saver.prune(["t"], { strategy: "keep_latest" });
  const { saver: fresh } = await openSaver({ keyPrefix: prefix });
  expect(await values(fresh, config("t"))).toEqual({ texts });
});

it("prune keeps what a delta channel is read from also for a copy that says nothing of the channel", async () => {
  const { saver } = await openSaver();
  const counted = { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } };
  await put(saver, "t", { id: id(1), values: { log: new DeltaSnapshot(["one"]) }, ...counted });
  await saver.putWrites(config("t", "", id(1)), [["log", "two"]], "task");
  await put(saver, "t", { id: id(2), parent: id(1), versions: { log: 2 }, ...counted });
  await put(saver, "t", { id: id(3), parent: id(2), versions: { log: 2 }, metadata: { source: "fork" } });
  await put(saver, "t", { id: id(4), parent: id(3), versions: { log: 2 }, ...counted });
  const history = () => saver.getDeltaChannelHistory({ config: config("t"), channels: ["log"] });
  const before = await history();
  expect(before.log).toMatchObject({ seed: new DeltaSnapshot(["one"]), writes: [["task", "log", "two"]] });
  await saver.prune(["t"], { strategy: "keep_latest" });
  expect(await history()).toEqual(before);
});
