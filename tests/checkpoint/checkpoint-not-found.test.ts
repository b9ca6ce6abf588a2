import { DeltaSnapshot, INTERRUPT } from "@langchain/langgraph-checkpoint";
import { CheckpointNotFoundError, LangGraphRedisError, RedisSaver } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { config, id, listIds, put, values } from "../conformance/saver/steps.js";
import { SteppingConnection } from "../helpers/stepping-connection.js";
import { savers } from "./helpers.js";

/** Puts checkpoints from..to in one line, each with one more entry. */
async function line(saver: RedisSaver, to: number, { from = 1, thread = "t", ns = "" } = {}) {
  for (let n = from; n <= to; n++) {
    const entries = Array.from({ length: n }, (_, at) => `entry ${at} ${"x".repeat(100)}`);
    const parent = n === 1 ? undefined : id(n - 1);
    await put(saver, thread, { id: id(n), parent, values: { entries }, versions: { entries: n } }, ns);
  }
}

/** An id between those of n and n + 1. */
const between = (n: number) => `${id(n)}x`;

const notFound = { name: "CheckpointNotFoundError", threadId: "t", checkpointNs: "" };

describe.each(["all", "latest"] as const)('with history: "%s"', (history) => {
  test("getTuple() of a checkpoint that is not there is an error on a thread that has others", async () => {
    const { saver } = await savers({ history });
    await line(saver(), 3);
    const error = await saver()
      .getTuple(config("t", "", between(2)))
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect(error).toBeInstanceOf(LangGraphRedisError);
    expect(error).toMatchObject({ ...notFound, checkpointId: between(2) });
    const replaced = history === "latest" ? 'a newer one has replaced it (history: "latest"), or ' : "";
    expect((error as Error).message).toBe(
      `checkpoint "${between(2)}" of thread "t" does not exist (any more): ${replaced}it was pruned, deleted with its ` +
        "run, or the thread expired or was deleted and began anew. To go on from the thread's latest checkpoint, leave " +
        "checkpoint_id out of the config.",
    );
    expect(await listIds(saver(), config("t", "", between(2)))).toEqual([]);
  });

  test("getTuple() of a checkpoint that was pruned or deleted with its run is an error", async () => {
    const { saver } = await savers({ history: "all" });
    await line(saver(), 3);
    const made = { ...config("t", "", id(3)), metadata: { run_id: "run" } };
    const checkpoint = {
      v: 4,
      id: id(4),
      ts: "",
      channel_values: {},
      channel_versions: {},
      versions_seen: {},
    };
    await saver().put(made, checkpoint, { source: "loop", step: 4, parents: {} }, {});
    await saver().deleteForRuns(["run"]);
    await saver().prune(["t"], { strategy: "keep_latest" });
    // The newest one was deleted with its run: nothing that is there comes after it.
    for (const gone of [id(1), id(4)]) {
      const expected = { ...notFound, checkpointId: gone };
      await expect(saver({ history }).getTuple(config("t", "", gone))).rejects.toMatchObject(expected);
    }
    expect((await saver({ history }).getTuple(config("t", "", id(3))))?.checkpoint.id).toBe(id(3));
  });

  test("getTuple() of any of the newest ones that were deleted, together or one after the other, is an error", async () => {
    const { saver } = await savers({ history: "all" });
    for (const [n, run] of ["first", "second", "second", "third", "third"].entries()) {
      const parent = n === 0 ? undefined : id(n);
      await put(saver(), "t", { id: id(n + 1), parent, values: { n }, metadata: { run_id: run } });
    }
    const gone = [];
    for (const [run, ids] of [
      ["third", [4, 5]],
      ["second", [2, 3]],
    ] as const) {
      await saver().deleteForRuns([run]);
      gone.push(...ids);
      for (const n of gone) {
        const expected = { ...notFound, checkpointId: id(n) };
        await expect(saver({ history }).getTuple(config("t", "", id(n)))).rejects.toMatchObject(expected);
      }
    }
    expect(await saver({ history }).getTuple(config("t", "", id(6)))).toBeUndefined();
  });

  test("getTuple() of a named checkpoint gives undefined where there is nothing to lose", async () => {
    const { saver } = await savers({ history });
    expect(await saver().getTuple(config("t", "", id(1)))).toBeUndefined();
    await saver().putWrites(config("t", "", id(1)), [["a", 1]], "early");
    expect(await saver().getTuple(config("t", "", id(1)))).toBeUndefined();
    await line(saver(), 2);
    // One that is still to come.
    expect(await saver().getTuple(config("t", "", id(3)))).toBeUndefined();
    // LangGraph looks for what a subgraph may have stored under its parent's checkpoint.
    expect(await saver().getTuple(config("t", "child:1", id(1)))).toBeUndefined();
    await saver().deleteThread("t");
    expect(await saver().getTuple(config("t", "", id(2)))).toBeUndefined();
  });

  test("getDeltaChannelHistory() of a checkpoint that is not there is an error on a thread that has others", async () => {
    const { saver } = await savers({ history });
    const at = { config: config("t", "", between(2)), channels: ["c"] };
    expect(await saver().getDeltaChannelHistory(at)).toEqual({ c: { writes: [] } });
    await line(saver(), 3);
    await expect(saver().getDeltaChannelHistory(at)).rejects.toMatchObject({
      ...notFound,
      checkpointId: between(2),
    });
  });

  test("put() on a thread that is not there any more stores all that it is given", async () => {
    const { saver } = await savers({ history });
    const a = saver();
    await line(a, 3);
    await saver().deleteThread("t");
    const next = {
      id: id(4),
      parent: id(3),
      values: { entries: ["all"] },
      versions: { entries: 3 },
      changed: [],
    };
    await put(a, "t", next);
    expect(await values(saver(), config("t"))).toEqual({ entries: ["all"] });
  });
});

describe('with history: "latest"', () => {
  test("put() of two runs that go on from one checkpoint: the second is refused, and nothing is lost", async () => {
    const { saver, client, key } = await savers({ history: "latest" });
    const [a, b] = [saver(), saver()];
    await line(a, 3);
    await a.getTuple(config("t"));
    await b.getTuple(config("t"));
    await put(a, "t", { id: id(4), parent: id(3), values: { entries: ["a"] }, versions: { entries: 4 } });
    const chunks = () => client.hGetAll(key("chunks"));
    const before = await chunks();
    const late = {
      id: id(5),
      parent: id(3),
      values: { entries: ["b".repeat(500)] },
      versions: { entries: 4 },
    };
    await expect(put(b, "t", late)).rejects.toMatchObject({ ...notFound, checkpointId: id(3) });
    expect(await chunks()).toEqual(before);
    expect(await listIds(saver(), config("t"))).toEqual([id(4)]);
    expect(await values(b, config("t"))).toEqual({ entries: ["a"] });
    // Having read it again, the second run can go on.
    await put(b, "t", { ...late, parent: id(4) });
    expect(await listIds(saver(), config("t"))).toEqual([id(5)]);
  });

  test("put() is refused also when the other run's came at the last moment", async () => {
    const { saver, client, keyPrefix } = await savers({ history: "latest" });
    const connection = new SteppingConnection(client);
    const stepping = new RedisSaver({ client: connection, keyPrefix, history: "latest" });
    await line(saver(), 3);
    const other = { id: id(4), parent: id(3), values: { entries: ["a"] }, versions: { entries: 4 } };
    connection.before("EVALSHA", () => put(saver(), "t", other));
    const late = { id: id(5), parent: id(3), values: { entries: ["b"] }, versions: { entries: 4 } };
    await expect(put(stepping, "t", late)).rejects.toMatchObject(notFound);
    expect(await values(saver(), config("t"))).toEqual({ entries: ["a"] });
  });

  test("put() goes on from the newest one only, also where a delta channel keeps older ones", async () => {
    const { saver } = await savers({ history: "latest" });
    const log = (n: number) => ({ id: id(n), parent: n === 1 ? undefined : id(n - 1), versions: { log: n } });
    const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
    await put(saver(), "t", { ...log(1), values: { log: new DeltaSnapshot(["first"]) } });
    for (let n = 2; n <= 4; n++) {
      await saver().putWrites(config("t", "", id(n - 1)), [["log", `entry ${n}`]], "task");
      await put(saver(), "t", { ...log(n), metadata });
    }
    expect(await listIds(saver(), config("t"))).toHaveLength(4);
    const superseded = (what: string) => ({
      ...{ ...notFound, checkpointId: id(2) },
      message:
        `checkpoint "${id(2)}" of thread "t" is not the newest one any more, the only one to go on from with history: ` +
        `"latest". ${what}To go on from the thread's latest checkpoint, leave checkpoint_id out of the config.`,
    });
    await expect(put(saver(), "t", { ...log(9), parent: id(2), metadata })).rejects.toMatchObject(
      superseded("Nothing was written. "),
    );
    await expect(saver().getTuple(config("t", "", id(2)))).rejects.toMatchObject(superseded(""));
    const at = { config: config("t"), channels: ["log"] };
    const history = await saver().getDeltaChannelHistory(at);
    expect(history.log?.writes.map(([, , value]) => value)).toEqual(["entry 2", "entry 3", "entry 4"]);
    // With the whole history kept, older checkpoints are gone back to.
    expect((await saver({ history: "all" }).getTuple(config("t", "", id(2))))?.checkpoint.id).toBe(id(2));
  });

  test("put() of a later checkpoint with a smaller id, by a clock that is behind, goes on", async () => {
    const { saver } = await savers({ history: "latest" });
    await line(saver(), 1);
    const step = (n: number, parent: string, own: string) =>
      put(saver(), "t", { id: own, parent, values: { n }, versions: { n } });
    await step(2, id(1), "0a");
    await step(3, "0a", "0b");
    expect((await saver().getTuple(config("t", "", "0b")))?.checkpoint.channel_values).toEqual({ n: 3 });
    await step(4, "0b", id(2));
    expect(await listIds(saver(), config("t"))).toEqual([id(2)]);
  });

  test("put() of a copy of the newest one stores it, and of a copy of any other is refused", async () => {
    const { saver } = await savers({ history: "latest" });
    const copy = { metadata: { source: "fork" }, changed: [] };
    await line(saver(), 3);
    const state = async () => (await values(saver(), config("t"))) as { entries: string[] };
    const before = await state();
    await put(saver(), "t", { ...copy, id: id(4), parent: id(2), values: before, versions: { entries: 3 } });
    expect(await state()).toEqual(before);
    const old = { values: { entries: ["old"] }, versions: { entries: 2 } };
    const [beside, under] = [
      { ...copy, ...old, id: id(5), parent: id(2) },
      { ...copy, ...old, id: id(5), parent: id(1) },
    ];
    for (const each of [beside, under]) await expect(put(saver(), "t", each)).rejects.toMatchObject(notFound);
    expect(await state()).toEqual(before);
  });

  test("put() that is sent again after it was stored, and gone on from, is no error", async () => {
    const { saver } = await savers({ history: "latest" });
    await line(saver(), 3);
    const again = { id: id(3), parent: id(2), values: { entries: ["x"] }, versions: { entries: 3 } };
    await put(saver(), "t", again);
    await line(saver(), 4, { from: 4 });
    const latest = await values(saver(), config("t"));
    await put(saver(), "t", again);
    expect(await listIds(saver(), config("t"))).toEqual([id(4)]);
    expect(await values(saver(), config("t"))).toEqual(latest);
  });

  test("put() and getTuple() judge each namespace by itself", async () => {
    const { saver } = await savers({ history: "latest" });
    await line(saver(), 3);
    await line(saver(), 2, { ns: "child" });
    // The first one of a namespace may name a parent that was never stored.
    await put(saver(), "t", { id: id(9), parent: id(1), values: { a: 1 } }, "other");
    expect(await values(saver(), config("t", "other"))).toEqual({ a: 1 });
    const inChild = { name: "CheckpointNotFoundError", checkpointNs: "child", checkpointId: id(1) };
    await expect(put(saver(), "t", { id: id(9), parent: id(1) }, "child")).rejects.toMatchObject(inChild);
    await expect(saver().getTuple(config("t", "child", id(1)))).rejects.toMatchObject(inChild);
  });

  test("put() of a run that ends where it began is refused when others have gone on meanwhile", async () => {
    const { saver } = await savers({ history: "latest" });
    await line(saver(), 3);
    const again = { id: id(1), parent: id(1), values: { entries: ["late"] }, versions: { entries: 2 } };
    await expect(put(saver(), "t", again)).rejects.toMatchObject({ ...notFound, checkpointId: id(1) });
    expect(await listIds(saver(), config("t"))).toEqual([id(3)]);
  });

  test("putWrites() for a checkpoint that was superseded neither fails nor disturbs the newest one", async () => {
    const { saver } = await savers({ history: "latest" });
    await line(saver(), 3);
    await saver().putWrites(config("t", "", id(2)), [["entries", ["late"]]], "task");
    const tuple = await saver().getTuple(config("t"));
    expect([tuple?.checkpoint.id, tuple?.pendingWrites]).toEqual([id(3), []]);
  });

  test("putWrites() that comes before its checkpoint is kept, whatever the order of the ids", async () => {
    const { saver } = await savers({ history: "latest" });
    await line(saver(), 3);
    for (const [own, parent] of [
      [id(4), id(3)],
      ["0a", id(4)],
    ] as const) {
      await saver().putWrites(config("t", "", own), [[INTERRUPT, "go on?"]], "task");
      await put(saver(), "t", { id: own, parent });
      const tuple = await saver().getTuple(config("t", "", own));
      expect(tuple?.pendingWrites).toEqual([["task", INTERRUPT, "go on?"]]);
    }
  });
});
