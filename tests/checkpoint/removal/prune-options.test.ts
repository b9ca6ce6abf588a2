import { emptyCheckpoint, TASKS } from "@langchain/langgraph-checkpoint";
import type { PruneOptions, RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { config, id, listIds, put } from "../../conformance/saver/steps.js";
import { expectConsistent } from "../consistency.js";
import { PAGE_SIZES, pagesOf, savers } from "../helpers.js";

/** Puts checkpoints 1 to `count`, one a minute from a start on. */
async function minutes(
  saver: RedisSaver,
  count: number,
  ns = "",
  start = Date.parse("2026-01-01T00:00:00Z"),
) {
  for (let n = 1; n <= count; n++) {
    const checkpoint = { ...emptyCheckpoint(), id: id(n), ts: new Date(start + n * 60_000).toISOString() };
    const parent = config("t", ns, n > 1 ? id(n - 1) : undefined);
    await saver.put(parent, checkpoint, { source: "loop", step: n, parents: {} }, {});
  }
}
const ids = (...numbers: number[]) => numbers.map(id);

test("prune without options keeps the newest checkpoint of each namespace", async () => {
  const { saver } = await savers();
  await minutes(saver(), 4);
  await minutes(saver(), 3, "child");
  expect(await saver().prune(["t", "nobody"])).toBe(5);
  expect(await listIds(saver(), config("t"))).toEqual(ids(4));
  expect(await listIds(saver(), config("t", "child"))).toEqual(ids(3));
});

test("prune with olderThan removes what was made before a date, and keeps the newest keepLast also of that", async () => {
  const { saver } = await savers();
  const at = (minute: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + minute * 60_000);
  await minutes(saver(), 6);
  await minutes(saver(), 2, "child");
  expect(await saver().prune(["t"], { olderThan: at(3) })).toBe(3);
  expect(await listIds(saver(), config("t", ""))).toEqual(ids(6, 5, 4, 3));
  expect(await listIds(saver(), config("t", "child"))).toEqual(ids(2));
  expect(await saver().prune(["t"], { olderThan: at(100), keepLast: 3 })).toBe(1);
  expect(await listIds(saver(), config("t", ""))).toEqual(ids(6, 5, 4));
});

test("prune with olderThan in minutes counts from now", async () => {
  const { saver } = await savers();
  await minutes(saver(), 6, "", Date.now() - 6.5 * 60_000);
  expect(await saver().prune(["t"], { olderThan: 3 })).toBe(3);
  expect(await listIds(saver(), config("t"))).toEqual(ids(6, 5, 4));
  expect(await saver().prune(["t"], { olderThan: 0 })).toBe(2);
});

test("prune with olderThan keeps a checkpoint whose time is none", async () => {
  const { saver } = await savers();
  for (const [n, ts] of ["", "yesterday", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"].entries()) {
    const checkpoint = { ...emptyCheckpoint(), id: id(n), ts };
    await saver().put(config("t"), checkpoint, { source: "loop", step: n, parents: {} }, {});
  }
  expect(await saver().prune(["t"], { olderThan: new Date() })).toBe(1);
  expect(await listIds(saver(), config("t"))).toEqual(ids(3, 1, 0));
});

test("prune with checkpointId removes exactly that checkpoint, with its pending writes", async () => {
  const { saver, client, keyPrefix } = await savers();
  await minutes(saver(), 4);
  await minutes(saver(), 4, "child");
  await saver().putWrites(config("t", "", id(2)), [["a", "x".repeat(5_000)]], "task");
  expect(await saver().prune(["t"], { checkpointId: id(2) })).toBe(1);
  expect(await saver().prune(["t"], { checkpointId: id(2) })).toBe(0);
  expect(await saver().prune(["t"], { checkpointId: id(4), checkpointNs: "child" })).toBe(1);
  expect(await listIds(saver(), config("t", ""))).toEqual(ids(4, 3, 1));
  expect(await listIds(saver(), config("t", "child"))).toEqual(ids(3, 2, 1));
  await expectConsistent(client, keyPrefix);
  await expect(saver().getTuple(config("t", "child", id(4)))).rejects.toThrow("does not exist (any more)");
});

test("prune with checkpointId keeps a checkpoint that another one needs, until that is gone", async () => {
  const { saver } = await savers();
  const counted = { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } };
  for (const n of [1, 2, 3]) {
    await put(saver(), "t", {
      id: id(n),
      ...(n > 1 ? { parent: id(n - 1) } : {}),
      versions: { log: n },
      ...counted,
    });
  }
  expect(await saver().prune(["t"], { checkpointId: id(2) })).toBe(0);
  expect(await saver().prune(["t"], { checkpointId: id(3) })).toBe(1);
  expect(await saver().prune(["t"], { checkpointId: id(2) })).toBe(1);
  expect(await listIds(saver(), config("t"))).toEqual(ids(1));
});

test("prune with checkpointId of the only checkpoint leaves nothing of the thread", async () => {
  const { saver, client, keyPrefix } = await savers();
  await minutes(saver(), 1);
  expect(await saver().prune(["t"], { checkpointId: id(1) })).toBe(1);
  expect(await saver().listThreads()).toEqual([]);
  await expectConsistent(client, keyPrefix);
});

test("prune refuses options that contradict each other, before anything is removed", async () => {
  const { saver } = await savers();
  await minutes(saver(), 3);
  const refused: [PruneOptions, string][] = [
    [{ strategy: "delete", olderThan: 5 }, "takes no olderThan"],
    [{ strategy: "delete", checkpointId: id(1) }, "takes no checkpointId"],
    [{ strategy: "delete", keepLast: 2 }, "takes no keepLast"],
    [{ checkpointId: id(1), keepLast: 2 }, "goes with no keepLast"],
    [{ checkpointId: id(1), olderThan: 2 }, "goes with no olderThan"],
    [{ checkpointNs: "child" }, "the namespace of checkpointId"],
    [{ checkpointId: "" }, "checkpointId must be"],
    [{ olderThan: -1 }, "olderThan must be"],
    [{ olderThan: new Date("never") }, "olderThan must be"],
    [{ olderThan: Number.POSITIVE_INFINITY }, "olderThan must be"],
    [{ olderThan: "2026-01-01" as unknown as Date }, "olderThan must be"],
    [{ keepLast: 1.5 }, "keepLast must be"],
  ];
  for (const [options, message] of refused)
    await expect(saver().prune(["t"], options)).rejects.toThrow(message);
  expect(await listIds(saver(), config("t"))).toHaveLength(3);
});

test.each(PAGE_SIZES)("prune in portions of %s removes what it removes at once", async (size) => {
  const { saver, client, keyPrefix } = await savers();
  const a = saver();
  for (let count = 0; count <= 5; count++) {
    for (let keepLast = 1; keepLast <= 3; keepLast++) {
      await a.deleteThread("t");
      for (const ns of ["", "child", "other"]) {
        await minutes(a, ns === "child" ? count + 1 : count, ns);
        for (let n = 1; n <= count; n++)
          await a.putWrites(config("t", ns, id(n)), [["a", `${n}`.repeat(600)]], `task ${n}`);
      }
      const expected = 2 * Math.max(count - keepLast, 0) + Math.max(count + 1 - keepLast, 0);
      expect(await saver(pagesOf(size)).prune(["t"], { keepLast })).toBe(expected);
      for (const ns of ["", "child", "other"]) {
        const numbers = Array.from({ length: ns === "child" ? count + 1 : count }, (_, n) => n + 1);
        expect(await listIds(a, config("t", ns))).toEqual(ids(...numbers.slice(-keepLast).reverse()));
      }
      await expectConsistent(client, keyPrefix, { count, keepLast });
    }
  }
});

test.each(PAGE_SIZES)(
  "prune in portions of %s removes all late writes, and keeps those of what is to come",
  async (size) => {
    const { saver, client, key, keyPrefix } = await savers();
    await minutes(saver(), 4);
    await saver().prune(["t"]);
    for (const n of [1, 2, 9]) {
      for (const task of ["a", "b", "c"])
        await saver().putWrites(config("t", "", id(n)), [["a", task.repeat(500)]], task);
    }
    await saver(pagesOf(size)).prune(["t"]);
    const left = (await client.zRange(key("index"), 0, -1)).filter((member) => /^[wl]:/.test(member));
    expect(left.map((member) => member.split(":")[2])).toEqual([id(9), id(9), id(9), id(9)]);
    await expectConsistent(client, keyPrefix);
  },
);

test("prune goes on to a parent that was made later by its id than its child", async () => {
  const { saver, client, keyPrefix } = await savers();
  const counted = { metadata: { counters_since_delta_snapshot: { log: [1, 1] } } };
  // 5 needs 7, which needs 6; 9 is the newest and needs none.
  for (const [n, parent] of [[6], [7, 6], [5, 7]] as const) {
    await put(saver(), "t", {
      id: id(n),
      ...(parent ? { parent: id(parent) } : {}),
      versions: { log: n },
      ...counted,
    });
  }
  await put(saver(), "t", { id: id(9) });
  for (const options of [{}, pagesOf(1)]) {
    await saver().copyThread("t", "copy");
    expect(await saver(options).prune(["copy"])).toBe(3);
    await expectConsistent(client, keyPrefix);
    await saver().deleteThread("copy");
  }
});

test.each(PAGE_SIZES)(
  "prune in portions of %s keeps pending sends of the parent of a kept checkpoint before version 4 only",
  async (size) => {
    const { saver, client, keyPrefix } = await savers();
    for (let n = 0; n < 6; n++) {
      const at = await put(saver(), "t", {
        id: id(n),
        ...(n > 0 ? { parent: id(n - 1) } : {}),
        v: 3,
        values: { n },
      });
      await saver().putWrites(at, [[TASKS, { node: `sent by ${n}` }]], "task");
    }
    const before = await saver().getTuple(config("t"));
    expect(await saver(pagesOf(size)).prune(["t"])).toBe(4);
    expect(await saver().getTuple(config("t"))).toEqual(before);
    await expectConsistent(client, keyPrefix);
  },
);
