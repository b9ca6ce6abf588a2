import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { type BaseCheckpointSaver, MemorySaver } from "@langchain/langgraph";
import { type Checkpoint, type CheckpointMetadata, uuid6 } from "@langchain/langgraph-checkpoint";
import type { RedisSaver } from "langgraph-redis";
import { copyThreads, verifyThreads } from "langgraph-redis/migrate";
import { expect, test } from "vitest";
import { on } from "../graphs/savers.js";
import { freshPrefix } from "../helpers/redis.js";
import { fromEverySource, openPostgres, openRedis } from "./sources.js";

const METADATA: CheckpointMetadata = { source: "loop", step: 0, parents: {} };

/** A checkpoint with one channel. */
function checkpoint(id: string, value: unknown, v = 4): Checkpoint {
  return {
    v,
    id,
    ts: "2026-01-01T00:00:00.000Z",
    channel_values: { value },
    channel_versions: { value: 1 },
    versions_seen: { node: { value: 1 } },
  };
}

/** Puts checkpoints one after the other. @returns their ids. */
async function fill(saver: BaseCheckpointSaver, thread: string, count: number, ns = ""): Promise<string[]> {
  const ids: string[] = [];
  let config: Parameters<typeof saver.put>[0] = on(thread, { checkpoint_ns: ns });
  for (let step = 0; step < count; step++) {
    const next = checkpoint(uuid6(step), `${thread} ${step}`);
    config = await saver.put(config, next, { ...METADATA, step }, next.channel_versions);
    ids.push(next.id);
  }
  return ids;
}

async function idsOf(saver: BaseCheckpointSaver, thread: string): Promise<string[]> {
  const ids: string[] = [];
  for await (const tuple of saver.list(on(thread), { limit: 1_000 })) ids.push(tuple.checkpoint.id);
  return ids;
}

/** Fails at a call of put, as a process that is killed stops there. */
function failingAt(target: RedisSaver, call: number): RedisSaver {
  let calls = 0;
  return new Proxy(target, {
    get(saver, name) {
      const member = Reflect.get(saver, name, saver);
      if (typeof member !== "function") return member;
      if (name !== "put") return member.bind(saver);
      return (...args: Parameters<RedisSaver["put"]>) => {
        if (++calls === call) throw new Error("killed");
        return saver.put(...args);
      };
    },
  });
}

fromEverySource((open) => {
  test("copies all of many threads, namespaces and pages, the thread that was written last coming last", async () => {
    const from = await open();
    const ids = new Map<string, string[]>();
    for (const thread of ["c", "long", "a", "7"])
      ids.set(thread, await fill(from, thread, thread === "long" ? 55 : 3));
    await fill(from, "long", 10, "sub");
    await fill(from, "c", 1);
    const to = await openRedis();
    const report = await copyThreads(from, to, { concurrency: 1, verify: true });
    expect(report).toMatchObject({ threads: 4, copied: 4, checkpoints: 75, errors: [], differences: [] });
    const listed = (await to.listThreads({ orderBy: "createdAt" })).map(({ threadId }) => threadId);
    expect(listed).toEqual(["c", "long", "7", "a"]);
    expect((await idsOf(to, "a")).reverse()).toEqual(ids.get("a"));
  });

  test("keeps the order of pending writes, special ones included", async () => {
    const from = await open();
    const config = await from.put(on("t", { checkpoint_ns: "" }), checkpoint(uuid6(0), 1), METADATA, {
      value: 1,
    });
    const tasks = ["00000000-0000-0000-0000-000000000009", "00000000-0000-0000-0000-000000000003"] as const;
    const writes = (n: number) =>
      [
        ["value", n],
        ["other", new Set([n])],
        ["value", -n],
      ] as [string, unknown][];
    await from.putWrites(config, writes(1), tasks[0], "~a");
    await from.putWrites(config, [["__interrupt__", [{ value: "?" }]]], tasks[0], "~a");
    await from.putWrites(config, writes(2), tasks[1], "~b");
    const to = await openRedis();
    expect(await copyThreads(from, to, { verify: true })).toMatchObject({
      writes: 7,
      errors: [],
      differences: [],
    });
    const [source, copy] = [await from.getTuple(config), await to.getTuple(config)];
    const order = (tuple: typeof copy) => tuple?.pendingWrites?.filter(([, channel]) => channel === "value");
    expect(order(copy)).toEqual(order(source));
  });

  test("a checkpoint of an old format keeps what its parent sent", async () => {
    const from = await open();
    const root = on("t", { checkpoint_ns: "" });
    const parent = await from.put(root, checkpoint(uuid6(0), 1, 3), METADATA, { value: 1 });
    await from.putWrites(parent, [["__pregel_tasks", { node: "work", args: 1 }]], "task");
    await from.put(parent, checkpoint(uuid6(1), 2, 3), METADATA, { value: 1 });
    const to = await openRedis();
    expect(await copyThreads(from, to, { verify: true })).toMatchObject({ errors: [], differences: [] });
    expect(await copyThreads(from, to)).toMatchObject({ unchanged: 1, checkpoints: 0 });
    const tuple = await to.getTuple(root);
    expect(tuple?.checkpoint.channel_values.__pregel_tasks).toEqual([{ node: "work", args: 1 }]);
  });
});

test("copyThreads ends in the same state when it is killed and repeated, at whatever checkpoint", async () => {
  const from = new MemorySaver();
  await fill(from, "t", 4);
  await fill(from, "t", 2, "sub");
  for (let call = 1; call <= 6; call++) {
    const to = await openRedis();
    const killed = await copyThreads(from, failingAt(to, call));
    expect(killed.errors).toMatchObject([{ threadId: "t", error: { message: "killed" } }]);
    expect(killed.checkpoints).toBe(call - 1);
    expect(await copyThreads(from, to)).toMatchObject({ copied: 1, checkpoints: 7 - call, errors: [] });
    expect((await verifyThreads(from, to)).differences).toEqual([]);
  }
});

test("copyThreads copies again what the source has got meanwhile: checkpoints, and pending writes of those that were there", async () => {
  const from = new MemorySaver();
  const [id] = await fill(from, "t", 1);
  const config = on("t", { checkpoint_ns: "", checkpoint_id: id });
  await from.putWrites(config, [["value", 1]], "b");
  const to = await openRedis();
  await copyThreads(from, to);
  await from.putWrites(config, [["value", 2]], "a");
  await from.putWrites(config, [["__resume__", 1]], "b");
  const next = checkpoint(uuid6(9), "next");
  await from.put(config, next, METADATA);
  expect(await copyThreads(from, to)).toMatchObject({ copied: 1, checkpoints: 2, errors: [] });
  expect((await verifyThreads(from, to)).differences).toEqual([]);
});

test("copyThreads leaves a thread that goes on in the target, and goes on with the others", async () => {
  const from = new MemorySaver();
  for (const thread of ["one", "two"]) await fill(from, thread, 2);
  const to = await openRedis();
  await copyThreads(from, to);
  await to.put(
    (await to.getTuple(on("one")))?.config ?? {},
    checkpoint(uuid6(9), "after the switch"),
    METADATA,
  );
  expect(await copyThreads(from, to)).toMatchObject({ unchanged: 2, errors: [] });
  // Both sides have gone on now.
  await from.put((await from.getTuple(on("one")))?.config ?? {}, checkpoint(uuid6(9), "too late"), METADATA);
  const before = await idsOf(to, "one");
  const report = await copyThreads(from, to);
  expect(report).toMatchObject({ unchanged: 1, checkpoints: 0, errors: [{ threadId: "one" }] });
  expect(String(report.errors[0]?.error)).toMatch(/thread "one" is in the target with other content/);
  expect(await idsOf(to, "one")).toEqual(before);
});

test.each([
  ["error", { errors: [{ threadId: "t" }], checkpoints: 0 }, "there before"],
  ["skip", { skipped: 1, errors: [], checkpoints: 0 }, "there before"],
  ["replace", { copied: 1, errors: [], checkpoints: 3 }, "t 2"],
] as const)(
  "copyThreads with onExisting %s meets a thread of other content",
  async (onExisting, expected, value) => {
    const from = new MemorySaver();
    const ids = await fill(from, "t", 3);
    const to = await openRedis();
    await to.put(on("t"), checkpoint(ids[2] as string, "there before"), METADATA);
    expect(await copyThreads(from, to, { onExisting, dryRun: true })).toMatchObject(expected);
    expect((await idsOf(to, "t")).length).toBe(1);
    expect(await copyThreads(from, to, { onExisting })).toMatchObject(expected);
    expect((await to.getTuple(on("t")))?.checkpoint.channel_values).toEqual({ value });
    expect((await idsOf(to, "t")).length).toBe(onExisting === "replace" ? 3 : 1);
  },
);

test("copyThreads with dryRun counts what would be written, and writes nothing", async () => {
  const from = new MemorySaver();
  for (const thread of ["one", "two"]) await fill(from, thread, 3);
  const to = await openRedis();
  const expected = { threads: 2, copied: 2, checkpoints: 6, errors: [] };
  expect(await copyThreads(from, to, { dryRun: true, verify: true })).toMatchObject({
    ...expected,
    differences: [],
  });
  expect(await to.listThreads()).toEqual([]);
  expect(await copyThreads(from, to)).toMatchObject(expected);
});

test("copyThreads takes a selection of threads, and names one that is not there", async () => {
  const from = new MemorySaver();
  for (const thread of ["one", "two", "three"]) await fill(from, thread, 1);
  const to = await openRedis();
  async function* selected() {
    yield* ["three", "one", "nobody"];
  }
  const progress: unknown[] = [];
  const report = await copyThreads(from, to, {
    threads: selected(),
    concurrency: 1,
    onProgress: (each) => progress.push([each.threads, each.total, each.checkpoints, each.errors]),
  });
  expect(report).toMatchObject({ threads: 3, copied: 2, errors: [{ threadId: "nobody" }] });
  expect(progress).toEqual([
    [1, undefined, 1, 0],
    [2, undefined, 2, 0],
    [3, undefined, 2, 1],
  ]);
  expect((await to.listThreads()).map(({ threadId }) => threadId).sort()).toEqual(["one", "three"]);
});

test("copyThreads and verifyThreads wait for an onProgress that is async, and end with the error of one that rejects", async () => {
  const from = new MemorySaver();
  for (let n = 0; n < 3; n++) await fill(from, `t${n}`, 1);
  const to = await openRedis();
  const reason = new Error("enough");
  const onProgress = async () => {
    throw reason;
  };
  await expect(copyThreads(from, to, { concurrency: 1, onProgress })).rejects.toBe(reason);
  expect(await to.listThreads()).toHaveLength(1);
  await expect(verifyThreads(from, to, { onProgress })).rejects.toBe(reason);
});

test("copyThreads does not count a thread as copied that is deleted in the source before it was read", async () => {
  const from = new MemorySaver();
  await fill(from, "t", 60);
  const getTuple = from.getTuple.bind(from);
  from.getTuple = async (config) => {
    await from.deleteThread("t");
    return getTuple(config);
  };
  const to = await openRedis();
  const report = await copyThreads(from, to, { threads: ["t"] });
  expect(report).toMatchObject({ copied: 0, checkpoints: 0, errors: [{ threadId: "t" }] });
  expect(String(report.errors[0]?.error)).toContain('thread "t" was deleted in the source');
});

test("copyThreads is aborted with the reason of its signal, and gone on with", async () => {
  const from = new MemorySaver();
  for (let n = 0; n < 5; n++) await fill(from, `t${n}`, 2);
  const to = await openRedis();
  const controller = new AbortController();
  const reason = new Error("enough");
  const onProgress = ({ threads }: { threads: number }) => {
    if (threads === 2) controller.abort(reason);
  };
  const copying = copyThreads(from, to, { concurrency: 1, signal: controller.signal, onProgress });
  await expect(copying).rejects.toBe(reason);
  expect((await to.listThreads()).length).toBe(2);
  expect(await copyThreads(from, to)).toMatchObject({ unchanged: 2, copied: 3 });
});

test("copyThreads copies a thread that is written to, and the rest of it the next time", async () => {
  const from = await openPostgres();
  await fill(from, "t", 55);
  const to = await openRedis();
  let config = (await from.getTuple(on("t")))?.config ?? {};
  let isCopied = false;
  const writing = (async () => {
    for (let step = 55; !isCopied || step < 60; step++) {
      const next = checkpoint(uuid6(step), `t ${step}`);
      config = await from.put(config, next, { ...METADATA, step }, next.channel_versions);
    }
  })();
  const first = await copyThreads(from, to);
  isCopied = true;
  await writing;
  expect(first.errors).toEqual([]);
  expect(first.checkpoints).toBeGreaterThanOrEqual(55);
  await copyThreads(from, to, { verify: true });
  expect((await verifyThreads(from, to)).differences).toEqual([]);
});

test("copyThreads never holds more of a long thread than a page", async () => {
  const from = await openPostgres();
  await fill(from, "t", 105);
  let largest = 0;
  const watched = new Proxy(from, {
    get(saver, name) {
      const member = Reflect.get(saver, name, saver);
      if (name === "list") {
        return (config: object, options: { limit: number }) => {
          largest = Math.max(largest, options.limit);
          return saver.list(config, options);
        };
      }
      return typeof member === "function" ? member.bind(saver) : member;
    },
  });
  expect(await copyThreads(watched, await openRedis())).toMatchObject({ checkpoints: 105, errors: [] });
  expect(largest).toBeLessThanOrEqual(50);
});

test("copyThreads pages through checkpoints of one id in many threads", async () => {
  const from = await openPostgres();
  const id = uuid6(0);
  const threads = Array.from({ length: 60 }, (_, n) => `t${n}`);
  for (const thread of threads) await from.put(on(thread), checkpoint(id, thread), METADATA, { value: 1 });
  const report = await copyThreads(from, await openRedis(), { concurrency: 8 });
  expect(report).toMatchObject({ threads: 60, copied: 60, errors: [] });
});

test("verifyThreads names the thread, the checkpoint and the channel that differ, and no value", async () => {
  const from = new MemorySaver();
  const to = await openRedis();
  const [first, second, third] = [uuid6(0), uuid6(1), uuid6(2)];
  const put = async (saver: BaseCheckpointSaver, id: string, value: unknown, metadata = METADATA) =>
    saver.put(on("t", { checkpoint_ns: "" }), checkpoint(id, value), metadata, { value: 1 });
  await put(from, first, [new HumanMessage({ id: "m", content: "secret" })]);
  await put(to, first, [new AIMessage({ id: "m", content: "secret" })]);
  await put(from, second, new Map([["a", 1]]));
  await to.putWrites(
    await put(to, second, new Map([["a", 1]]), { ...METADATA, step: 7 }),
    [["value", "secret"]],
    "task",
  );
  await put(to, third, 1);
  const [elsewhere] = await fill(from, "elsewhere", 1);
  const { differences, ...counts } = await verifyThreads(from, to);
  expect(counts).toEqual({ threads: 2, checkpoints: 3 });
  const found = differences.map(({ threadId, checkpointId, part, channel }) => [
    threadId,
    checkpointId,
    part,
    channel,
  ]);
  expect(found.filter(([thread]) => thread === "t").sort()).toEqual(
    [
      ["t", first, "channel", "value"],
      ["t", second, "metadata", undefined],
      ["t", second, "writes", undefined],
      ["t", third, "extra", undefined],
    ].sort(),
  );
  expect(found.find(([thread]) => thread === "elsewhere")).toEqual([
    "elsewhere",
    elsewhere,
    "missing",
    undefined,
  ]);
  expect(JSON.stringify(differences)).not.toContain("secret");
});

test("copyThreads encrypts for a target that does", async () => {
  const from = new MemorySaver();
  await fill(from, "t", 3);
  const keyPrefix = freshPrefix();
  const encryption = { keys: { today: new Uint8Array(32).fill(1) }, current: "today" };
  const to = await openRedis({ keyPrefix, encryption });
  expect(await copyThreads(from, to, { verify: true })).toMatchObject({
    copied: 1,
    errors: [],
    differences: [],
  });
  const without = await openRedis({ keyPrefix });
  await expect(without.getTuple(on("t"))).rejects.toMatchObject({ code: "ENCRYPTION" });
});

test("copyThreads refuses options that cannot be used, before anything is read", async () => {
  const saver = new MemorySaver();
  const refused: [unknown, RegExp][] = [
    [{ concurency: 1 }, /has no option "concurency". Did you mean "concurrency"/],
    [{ concurrency: 0 }, /concurrency must be a whole number/],
    [{ onExisting: "merge" }, /onExisting must be one of "error", "skip", "replace"/],
    [{ threads: 5 }, /threads must be a list or an async iterable/],
    [{ dryRun: 1 }, /dryRun must be true or false/],
    [{ signal: {} }, /signal must be an AbortSignal/],
  ];
  for (const [options, message] of refused) {
    await expect(copyThreads(saver, saver, options as object)).rejects.toThrow(message);
  }
  await expect(copyThreads({} as BaseCheckpointSaver, saver)).rejects.toThrow(/from must be a checkpointer/);
});
