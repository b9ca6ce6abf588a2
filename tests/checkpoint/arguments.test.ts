import { inspect } from "node:util";
import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  Checkpoint,
  CheckpointMetadata,
  PendingWrite,
  SerializerProtocol,
} from "@langchain/langgraph-checkpoint";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { InvalidInputError, JsonSerializer, RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { config, id, list, listIds, put, values } from "../conformance/saver/steps.js";
import { keysUnder, savers } from "./helpers.js";

const checkpointOf = (n: number, channel_values: Record<string, unknown>): Checkpoint => ({
  v: 4,
  id: id(n),
  ts: "2026-01-01T00:00:00.000Z",
  channel_values,
  channel_versions: Object.fromEntries(Object.keys(channel_values).map((channel) => [channel, n])),
  versions_seen: {},
});
const METADATA: CheckpointMetadata = { source: "loop", step: 1, parents: {} };

// What is refused

/** What untyped code may give; typed code cannot. */
const anything = (value: unknown) => value as never;

const BAD: Record<string, (saver: RedisSaver) => Promise<unknown>> = {
  "getTuple() without a config": (saver) => saver.getTuple(anything(undefined)),
  "getDeltaChannelHistory() without options": (saver) => saver.getDeltaChannelHistory(anything(undefined)),
  "getTuple(null)": (saver) => saver.getTuple(anything(null)),
  "put() without a config": (saver) => saver.put(anything(undefined), checkpointOf(1, {}), METADATA, {}),
  "put() without a checkpoint": (saver) => saver.put(config("t"), anything(undefined), METADATA, {}),
  "put() with new versions that are a list of names": (saver) =>
    saver.put(config("t"), checkpointOf(1, {}), METADATA, anything("a")),
  "putWrites() without a config": (saver) => saver.putWrites(anything(undefined), [["a", 1]], "task"),
  "putWrites() without writes": (saver) =>
    saver.putWrites(config("t", "", id(1)), anything(undefined), "task"),
  "putWrites() of writes that are no pairs": (saver) =>
    saver.putWrites(config("t", "", id(1)), anything(["a", 1]), "task"),
  "getDeltaChannelHistory() without a config": (saver) =>
    saver.getDeltaChannelHistory({ config: anything(undefined), channels: [] }),
  "list() with an option that does not exist": (saver) => list(saver, config("t"), anything({ limits: 1 })),
  "list() with a limit that is no number": (saver) => list(saver, config("t"), anything({ limit: "1" })),
  "listThreads() with an option that does not exist": (saver) => saver.listThreads(anything({ count: 1 })),
  "prune() with an option that does not exist": (saver) =>
    saver.prune(["t"], anything({ strategy: "keep_latest", keepLatest: 3 })),
  "prune() of a thread that is not in a list": (saver) => saver.prune(anything("t"), { strategy: "delete" }),
  "deleteForRuns() of a run that is not in a list": (saver) => saver.deleteForRuns(anything("run")),
  "deleteThread() without a thread": (saver) => saver.deleteThread(anything(undefined)),
  "getDeltaChannelHistory(null)": (saver) => saver.getDeltaChannelHistory(anything(null)),
  "getDeltaChannelHistory() with an option that does not exist": (saver) =>
    saver.getDeltaChannelHistory(anything({ config: config("t"), channels: [], channel: "a" })),
  "getDeltaChannelHistory() of channels that are no list": (saver) =>
    saver.getDeltaChannelHistory({ config: config("t"), channels: anything("a") }),
  "getDeltaChannelHistory() without channels": (saver) =>
    saver.getDeltaChannelHistory(anything({ config: config("t") })),
  "list() with a limit that is a symbol": (saver) => list(saver, config("t"), { limit: anything(Symbol()) }),
  "list() with a limit without prototype": (saver) =>
    list(saver, config("t"), { limit: anything(Object.create(null)) }),
  "list() of a config that is a string": (saver) => list(saver, anything("t")),
  "list() of a config whose configurable is a string": (saver) =>
    list(saver, anything({ configurable: "t" })),
};

const NO_NAMES = [
  5,
  Number.NaN,
  null,
  undefined,
  true,
  [],
  ["a"],
  {},
  new String("a"),
  Symbol("a"),
  "\ud800",
];
for (const name of NO_NAMES) {
  BAD[`getDeltaChannelHistory() of the channel ${inspect(name)}`] = (saver) =>
    saver.getDeltaChannelHistory({ config: config("t"), channels: ["a", anything(name)] });
}

const NO_OBJECTS = [
  5,
  0,
  Number.NaN,
  "x",
  "",
  true,
  false,
  [],
  ["a"],
  new Date(0),
  new Map(),
  new String("x"),
];
for (const value of NO_OBJECTS) {
  const what = `that is ${inspect(value)}`;
  BAD[`list() with a bound ${what}`] = (saver) => list(saver, config("t"), { before: anything(value) });
  BAD[`list() with a filter ${what}`] = (saver) => list(saver, config("t"), { filter: anything(value) });
  for (const part of ["channel_values", "channel_versions", "versions_seen"])
    BAD[`put() of a checkpoint with a ${part} ${what}`] = (saver) =>
      saver.put(config("t"), anything({ ...checkpointOf(3, { a: 1 }), [part]: value }), METADATA, {});
  BAD[`put() of metadata ${what}`] = (saver) =>
    saver.put(config("t"), checkpointOf(3, {}), anything(value), {});
  BAD[`put() with new versions ${what}`] = (saver) =>
    saver.put(config("t"), checkpointOf(3, {}), METADATA, anything(value));
}

for (const value of [5, 0, Number.NaN, true, false, [], {}, new String("x"), "\ud800"]) {
  const at = { configurable: { thread_id: "t", checkpoint_id: value } };
  BAD[`getTuple() of the checkpoint ${inspect(value)}`] = (saver) => saver.getTuple(at);
  BAD[`list() before the checkpoint ${inspect(value)}`] = (saver) => list(saver, config("t"), { before: at });
}

test.each(Object.entries(BAD))("%s is refused, and nothing is changed", async (_, attempt) => {
  const { saver, client, keyPrefix } = await savers();
  for (const n of [1, 2]) await put(saver(), "t", { id: id(n), parent: n > 1 ? id(n - 1) : undefined });
  const before = await keysUnder(client, keyPrefix);
  await expect(attempt(saver())).rejects.toThrow(InvalidInputError);
  expect(await keysUnder(client, keyPrefix)).toEqual(before);
  expect(await listIds(saver(), config("t"))).toEqual([id(2), id(1)]);
});

const BAD_OPTIONS: Record<string, [options: object, message: string]> = {
  "an option that does not exist": [{ keyprefix: "a" }, 'Did you mean "keyPrefix"'],
  "a ttl that is a number": [{ ttl: 60 }, "the options of ttl must be an object"],
  "a ttl that is null": [{ ttl: null }, "the options of ttl must be an object"],
  "a ttl that is misspelt": [{ ttl: { defaultTtl: 60 } }, 'Did you mean "defaultTTL"'],
  "a ttl without minutes": [{ ttl: { refreshOnRead: true } }, "ttl.defaultTTL must be a positive number"],
  "refreshOnRead that is a number": [{ ttl: { defaultTTL: 60, refreshOnRead: 30 } }, "true or false"],
  "a compression option that does not exist": [{ compression: { level: 3 } }, "compression has no option"],
  "trackChanges that is a number": [{ trackChanges: 0 }, "trackChanges must be true or false"],
  "a serde that is none": [{ serde: {} }, "dumpsTyped and loadsTyped"],
  "another history": [{ history: "newest" }, 'history must be "all" or "latest"'],
};

describe.each(Object.entries(BAD_OPTIONS))("%s", (_, [options, message]) => {
  test("is refused by the constructor", async () => {
    const { saver } = await savers();
    expect(() => saver(options as RedisSaverOptions)).toThrow(InvalidInputError);
    expect(() => saver(options as RedisSaverOptions)).toThrow(message);
  });

  test("is refused before a connection is opened", async () => {
    const opening = RedisSaver.fromConnString("redis://127.0.0.1:1", options);
    await expect(opening).rejects.toThrow(InvalidInputError);
  });
});

test("new RedisSaver() without options is refused", () => {
  expect(() => new RedisSaver(anything(undefined))).toThrow(InvalidInputError);
});

// What has a meaning

test.each([null, undefined, {}])("list(%s) lists the checkpoints of all threads", async (nothing) => {
  const { saver } = await savers();
  for (const thread of ["a", "b"]) await put(saver(), thread, { id: id(1) });
  const found = await list(saver(), nothing as RunnableConfig);
  expect(found.map((tuple) => tuple.config.configurable?.thread_id).sort()).toEqual(["a", "b"]);
});

test.each([undefined, null, {}, { configurable: {} }, { configurable: { thread_id: "t" } }])(
  "list() before %j, which names no checkpoint, lists all, as MemorySaver does",
  async (before) => {
    const { saver } = await savers();
    for (const each of [saver(), new MemorySaver()]) {
      for (const n of [1, 2]) await put(each, "t", { id: id(n) });
      expect(await listIds(each, config("t"), anything({ before }))).toEqual([id(2), id(1)]);
    }
  },
);

test.each([undefined, null])(
  "put() takes the parts of a checkpoint that are %s for empty",
  async (nothing) => {
    const { saver } = await savers();
    const parts = { channel_values: nothing, channel_versions: nothing, versions_seen: nothing };
    await saver().put(
      config("t"),
      anything({ ...checkpointOf(1, {}), ...parts }),
      METADATA,
      anything(nothing),
    );
    expect(await values(saver(), config("t"))).toEqual({});
  },
);

test("put() without metadata stores none, and list() with a filter passes it by", async () => {
  const { saver } = await savers();
  await saver().put(config("t"), checkpointOf(1, {}), anything(undefined), {});
  expect((await saver().getTuple(config("t")))?.metadata).toEqual({});
  expect(await listIds(saver(), config("t"), { filter: { source: "loop" } })).toEqual([]);
});

describe("put() without new versions", () => {
  test("stores all channels of a first checkpoint", async () => {
    const { saver } = await savers();
    await saver().put(config("t"), checkpointOf(1, { a: 1, b: [2] }), METADATA);
    expect(await values(saver(), config("t"))).toEqual({ a: 1, b: [2] });
  });

  test("stores all channels anew, whatever the parent has in their versions", async () => {
    const { saver } = await savers();
    await put(saver(), "t", { id: id(1), values: { a: "old" }, versions: { a: 2 } });
    await saver().put(config("t", "", id(1)), checkpointOf(2, { a: "new" }), METADATA);
    expect(await values(saver(), config("t"))).toEqual({ a: "new" });
  });

  test("differs from an empty object, which means that nothing is new", async () => {
    const { saver } = await savers();
    await saver().put(config("t"), checkpointOf(1, { a: 1 }), METADATA, {});
    expect(await values(saver(), config("t"))).toEqual({});
  });
});

test("put() stores the value of a channel that has no version, also when it is not said to be new", async () => {
  const { saver } = await savers();
  await put(saver(), "t", { id: id(1), values: { a: 1 }, versions: {}, changed: [] });
  await put(saver(), "t", { id: id(2), parent: id(1), values: { a: 2 }, versions: {}, changed: [] });
  expect(await values(saver(), config("t"))).toEqual({ a: 2 });
  expect(await values(saver(), config("t", "", id(1)))).toEqual({ a: 1 });
});

test("getTuple() gives the properties of a checkpoint in the order in which they were put", async () => {
  const { saver } = await savers();
  const {
    v,
    id: own,
    ts,
    channel_values,
    channel_versions,
    versions_seen,
  } = checkpointOf(1, { b: 1, a: { d: 1, c: 2 } });
  const orders: Record<string, unknown>[] = [
    { v, id: own, ts, channel_values, channel_versions, versions_seen },
    { channel_values, ts, versions_seen, id: own, channel_versions, v },
    {
      id: own,
      more: { z: 1, y: [2] },
      v,
      ts,
      channel_versions,
      versions_seen,
      pending_sends: [],
      channel_values,
    },
  ];
  for (const [n, checkpoint] of orders.entries()) {
    await saver().put(config(`t${n}`), checkpoint as unknown as Checkpoint, METADATA);
    const read = (await saver().getTuple(config(`t${n}`)))?.checkpoint;
    expect(JSON.stringify(read)).toBe(JSON.stringify(checkpoint));
  }
});

// What is changed after the call

/** A serializer of a user's own that takes its time, after it has taken the value. */
const slow: SerializerProtocol = {
  dumpsTyped: async (value) => {
    const data = new TextEncoder().encode(JSON.stringify(value));
    await new Promise((resolve) => setTimeout(resolve, 5));
    return ["slow", data];
  },
  loadsTyped: async (_, data) => JSON.parse(typeof data === "string" ? data : new TextDecoder().decode(data)),
};

describe.each([
  ["the usual serializer", {}],
  ["the usual serializer, remembering nothing", { trackChanges: false }],
  ["a serializer of one's own", { serde: slow }],
  ["a class derived from the usual serializer", { serde: new (class extends JsonSerializer {})() }],
])("with %s", (_, options) => {
  /** All that put() is given, and changes to all of it. */
  function everything(parent: string | undefined) {
    const at = config("t", "", parent);
    const checkpoint = checkpointOf(9, {
      list: Array.from({ length: 50 }, (__, n) => ({ n, deep: { text: "as it was ".repeat(20) } })),
      document: { text: "as it was", deep: { list: [1, { n: 2 }] } },
      unchanged: { text: "unchanged" },
    });
    const metadata = { ...METADATA, tag: "as it was", counters_since_delta_snapshot: {} };
    const newVersions = { list: 9, document: 9 };
    const change = () => {
      for (const value of Object.values(checkpoint.channel_values) as Record<string, unknown>[]) {
        if (Array.isArray(value)) for (const each of value) each.deep.text = "changed";
        else value.text = "changed";
      }
      (checkpoint.channel_values.document as { deep: { list: unknown[] } }).deep.list.push("changed");
      checkpoint.channel_values.more = "changed";
      Object.assign(checkpoint.channel_versions, { list: 99, more: 1 });
      Object.assign(checkpoint, { ts: "changed", id: id(99) });
      Object.assign(checkpoint.versions_seen, { node: { list: 1 } });
      Object.assign(metadata, { tag: "changed", source: "fork", run_id: "changed" });
      metadata.counters_since_delta_snapshot = { list: [1, 1] };
      Object.assign(newVersions, { unchanged: 9 });
      Object.assign(at.configurable ?? {}, { thread_id: "changed", checkpoint_id: "changed" });
    };
    return { at, checkpoint, metadata, newVersions, change };
  }

  test.each(["without a parent", "under a parent that it has read", "under one that is not there"])(
    "put() %s stores what it was given at the call",
    async (where) => {
      const { saver } = await savers(options);
      const parent = where === "without a parent" ? undefined : id(1);
      const given = everything(parent);
      const client = saver();
      if (where === "under a parent that it has read") {
        await saver().put(config("t"), { ...given.checkpoint, id: id(1) }, METADATA);
        await client.getTuple(config("t"));
      }
      const expected = structuredClone({ checkpoint: given.checkpoint, metadata: given.metadata });
      if (where === "without a parent") delete expected.checkpoint.channel_values.unchanged;
      const putting = client.put(given.at, given.checkpoint, given.metadata, given.newVersions);
      given.change();
      expect(await putting).toEqual(config("t", "", id(9)));
      const tuple = await saver().getTuple(config("t"));
      expect(tuple?.checkpoint).toEqual(expected.checkpoint);
      expect(tuple?.metadata).toEqual(expected.metadata);
      expect(tuple?.parentConfig?.configurable?.checkpoint_id).toBe(parent);
      expect((await saver().listThreads()).map(({ threadId }) => threadId)).toEqual(["t"]);
    },
  );

  test("putWrites() stores what it was given at the call", async () => {
    const { saver } = await savers(options);
    const at = await put(saver(), "t", { id: id(1) });
    const writes: PendingWrite[] = [
      ["a", { text: "as it was", deep: [1, { n: 2 }] }],
      ["b", [{ text: "as it was" }]],
    ];
    const expected = structuredClone(writes).map((write) => ["task", ...write]);
    const putting = saver().putWrites(at, writes, "task", "path");
    Object.assign(writes[0]?.[1] as object, { text: "changed" });
    ((writes[1] as PendingWrite)[1] as unknown[]).push("changed");
    (writes[0] as unknown[])[0] = "changed";
    writes.push(["c", "changed"]);
    Object.assign(at.configurable ?? {}, { thread_id: "changed" });
    await putting;
    expect((await saver().getTuple(config("t")))?.pendingWrites).toEqual(expected);
  });
});

test("list() lists what it was asked for at the call", async () => {
  const { saver } = await savers();
  for (const n of [1, 2, 3]) await put(saver(), "t", { id: id(n), metadata: { deep: { n: n % 2 } } });
  const [at, before] = [config("t"), config("t", "", id(3))];
  const options = { before, limit: 1, filter: { deep: { n: 1 } } };
  const listing = saver().list(at, options);
  Object.assign(at.configurable ?? {}, { thread_id: "changed" });
  Object.assign(before.configurable ?? {}, { checkpoint_id: id(2) });
  Object.assign(options, { limit: 9 });
  options.filter.deep.n = 0;
  const found: string[] = [];
  for await (const tuple of listing) found.push(tuple.checkpoint.id);
  expect(found).toEqual([id(1)]);
});

test("getDeltaChannelHistory(), prune() and deleteForRuns() do what they were asked for at the call", async () => {
  const { saver } = await savers();
  for (const n of [1, 2]) await put(saver(), "t", { id: id(n), parent: n > 1 ? id(1) : undefined });
  await put(saver(), "u", { id: id(1), metadata: { run_id: "run" } });
  const channels = ["a"];
  const history = saver().getDeltaChannelHistory({ config: config("t"), channels });
  channels.push("b");
  expect(Object.keys(await history)).toEqual(["a"]);
  const runs = ["run"];
  const deleting = saver().deleteForRuns(runs);
  runs.length = 0;
  expect(await deleting).toBe(1);
  const threads = ["t"];
  const pruning = saver().prune(threads, { strategy: "delete" });
  threads.length = 0;
  expect(await pruning).toBe(2);
  expect(await saver().listThreads()).toEqual([]);
});
