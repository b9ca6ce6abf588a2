import { randomBytes } from "node:crypto";
import { DeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { CorruptRecordError, RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/checkpoint/limits.js";
import { config, id, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { PAGE_SIZES, pagesOf, savers } from "./helpers.js";

/** What a checkpoint adds to a channel: now a chunk of its own, now a part of the pending write. */
const entry = (channel: string, n: number) => `${channel}${n} `.repeat(n % 3 === 0 ? 300 : 1);

test.each(PAGE_SIZES)("getDeltaChannelHistory returns what an oracle does, in pages of %s", async (size) => {
  const { saver } = await savers(pagesOf(size));
  // For each pair of places where the two channels were stored last, -1 for never.
  for (let count = 0; count <= 7; count++) {
    for (const [a, b] of [
      [-1, -1],
      [0, count - 1],
      [count - 2, 1],
      [count >> 1, -1],
    ] as [number, number][]) {
      const thread = `${count} ${a} ${b}`;
      const writer = saver();
      for (let n = 0; n <= count; n++) {
        const values: Record<string, unknown> = {};
        if (n === a) values.a = new DeltaSnapshot([`a before ${n}`]);
        if (n === b) values.b = new DeltaSnapshot([`b before ${n}`]);
        const metadata = { counters_since_delta_snapshot: { a: [1, 1], b: [1, 1] } };
        const versions = { a: n + 1, b: n + 1 };
        const parent = n === 0 ? undefined : id(n - 1);
        const at = await put(writer, thread, { id: id(n), parent, values, versions, metadata });
        await writer.putWrites(at, [["a", entry("a", n)]], "task");
        if (n % 2 === 0) await writer.putWrites(at, [["b", entry("b", n)]], "task b");
      }
      const channels = ["a", "b"];
      for (const at of [config(thread, "", id(count)), config(thread)]) {
        const history = await saver().getDeltaChannelHistory({ config: at, channels });
        const since = (from: number, step: number, name: string) =>
          Array.from({ length: count }, (_, n) => n)
            .filter((n) => n >= from && n % step === 0)
            .map((n) => [step === 1 ? "task" : "task b", name, entry(name, n)]);
        const seed = (from: number, name: string) =>
          from >= 0 && from < count ? { seed: new DeltaSnapshot([`${name} before ${from}`]) } : {};
        expect(history, thread).toEqual({
          a: { writes: since(a < count ? a : -1, 1, "a"), ...seed(a, "a") },
          b: { writes: since(b < count ? b : -1, 2, "b"), ...seed(b, "b") },
        });
      }
    }
  }
});

test("getDeltaChannelHistory returns the writes of more ancestors than one page has", async () => {
  const { saver } = await savers();
  const writer = saver();
  const count = 1_010;
  const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
  for (let n = 0; n <= count; n++) {
    const parent = n === 0 ? undefined : id(n - 1);
    const versions = { log: n + 1 };
    const [at] = await Promise.all([
      put(writer, "t", { id: id(n), parent, values: {}, versions, metadata }),
      writer.putWrites(config("t", "", id(n)), [["log", n]], "task"),
    ]);
    if (n < count) continue;
    const history = await saver().getDeltaChannelHistory({ config: at, channels: ["log"] });
    expect(history.log?.writes.map(([, , value]) => value)).toEqual(
      Array.from({ length: count }, (_, each) => each),
    );
  }
});

/** A thread whose channel "log" was stored at the first checkpoint and has two writes at each. */
async function putLog(saver: RedisSaver, count: number, value: (n: number) => unknown = (n) => n) {
  const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
  for (let n = 0; n < count; n++) {
    const parent = n === 0 ? undefined : id(n - 1);
    const values = n === 0 ? { log: new DeltaSnapshot(["before"]), other: n } : { other: n };
    const at = await put(saver, "t", {
      id: id(n),
      parent,
      values,
      versions: { log: n + 1, other: n + 1 },
      metadata,
    });
    const writes: [string, unknown][] = [
      ["log", value(n)],
      ["other", n],
      ["log", `again ${n}`],
    ];
    await saver.putWrites(at, writes, `task ${n}`);
  }
}

const CHANNELS = ["log"];
const written = (count: number, value: (n: number) => unknown = (n) => n) => ({
  log: {
    writes: Array.from({ length: count }, (_, n) => [
      [`task ${n}`, "log", value(n)],
      [`task ${n}`, "log", `again ${n}`],
    ]).flat(),
    seed: new DeltaSnapshot(["before"]),
  },
});

/** Text that no compression makes shorter. */
const noise = (bytes: number) => randomBytes(bytes / 2).toString("hex");

describe.each([[1_000], [2], [3]])("getDeltaChannelHistory in pages of %i", (size) => {
  test("tells when a checkpoint is its own ancestor", async () => {
    const { saver } = await savers(pagesOf(size));
    const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
    for (const [n, parent] of [
      [1, 2],
      [2, 1],
      [3, 2],
    ] as [number, number][]) {
      await put(saver(), "t", { id: id(n), parent: id(parent), values: {}, versions: { log: n }, metadata });
    }
    for (const n of [1, 2, 3]) {
      const reading = saver().getDeltaChannelHistory({ config: config("t", "", id(n)), channels: CHANNELS });
      await expect(reading).rejects.toThrow(CorruptRecordError);
      await expect(reading).rejects.toThrow("its own ancestor");
    }
  });

  test.each([0, 1, 4])("tells when the ancestor %i is lost that the channel is read from", async (lost) => {
    const { client, saver, key } = await savers(pagesOf(size));
    await putLog(saver(), 6);
    const read = () => saver().getDeltaChannelHistory({ config: config("t"), channels: CHANNELS });
    expect(await read()).toEqual(written(5));
    await client.hDel(key("checkpoints"), `:${id(lost)}`);
    await expect(read()).rejects.toBeInstanceOf(CorruptRecordError);
    // Also when nothing of it is left.
    await client.zRem(key("index"), `c::${id(lost)}`);
    await expect(read()).rejects.toBeInstanceOf(CorruptRecordError);
  });

  test("tells each altered byte of what it reads", async () => {
    const { client, saver, key } = await savers(pagesOf(size));
    const large = noise(3_000);
    const value = (n: number) => (n === 1 ? large : n);
    await putLog(saver(), 3, value);
    const read = () => saver().getDeltaChannelHistory({ config: config("t"), channels: CHANNELS });
    expect(await read()).toEqual(written(2, value));
    const bytes = { typeMapping: { 36: Buffer } };
    for (const [hash, fields] of [
      ["checkpoints", [`:${id(0)}`, `:${id(1)}`]],
      ["chunks", (await client.hKeys(key("chunks"))).filter((field) => field !== "!")],
    ] as const) {
      for (const field of fields) {
        const stored = (await client.sendCommand(["HGET", key(hash), field], bytes)) as unknown as Buffer;
        for (let at = 0; at < stored.length; at += 1 + (at % 11)) {
          const altered = Buffer.from(stored);
          altered[at] = (altered[at] as number) ^ 1;
          await client.hSet(key(hash), field, altered);
          await expect(read(), `${hash} ${field} ${at}`).rejects.toBeInstanceOf(CorruptRecordError);
        }
        await client.hSet(key(hash), field, stored);
      }
    }
    expect(await read()).toEqual(written(2, value));
  });

  test("ends at a parent that was never there", async () => {
    const { saver } = await savers(pagesOf(size));
    const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
    for (let n = 5; n < 8; n++) {
      const step = { id: id(n), parent: id(n - 1), values: {}, versions: { log: n }, metadata };
      const at = await put(saver(), "t", step);
      await saver().putWrites(at, [["log", n]], `task ${n}`);
    }
    const history = await saver().getDeltaChannelHistory({ config: config("t"), channels: CHANNELS });
    expect(history).toEqual({
      log: {
        writes: [
          ["task 5", "log", 5],
          ["task 6", "log", 6],
        ],
      },
    });
  });
});

test("getDeltaChannelHistory reads writes and values of any size, in pages of so many bytes", async () => {
  const { saver } = await savers();
  const texts = Array.from({ length: 8 }, (_, n) => noise(n % 2 === 0 ? 20_000 : 100));
  const value = (n: number) => texts[n];
  await putLog(saver(), 8, value);
  for (const pageBytes of [1, 3_000, 30_000]) {
    const reader = saver({ [LIMITS]: { pageBytes } } as RedisSaverOptions);
    const history = await reader.getDeltaChannelHistory({ config: config("t"), channels: CHANNELS });
    expect(history).toEqual(written(7, value));
  }
});

test("getDeltaChannelHistory reads a channel that was stored as a plain value before it became a delta channel", async () => {
  for (const size of [1_000, 2]) {
    const { saver } = await savers(pagesOf(size));
    const list = Array.from({ length: 30 }, (_, n) => ({ n, text: noise(1_000) }));
    const metadata = { counters_since_delta_snapshot: { log: [1, 1] } };
    await put(saver(), "t", { id: id(0), values: { log: list, unrelated: noise(5_000) } });
    for (let n = 1; n < 4; n++) {
      const step = { id: id(n), parent: id(n - 1), values: {}, versions: { log: n + 1 }, metadata };
      const at = await put(saver(), "t", step);
      await saver().putWrites(at, [["log", n]], "task");
    }
    const history = await saver().getDeltaChannelHistory({ config: config("t"), channels: CHANNELS });
    expect(history).toEqual({
      log: {
        writes: [
          ["task", "log", 1],
          ["task", "log", 2],
        ],
        seed: list,
      },
    });
  }
});

test.each([1, 2_000, 1_000_000])(
  "getDeltaChannelHistory reads the values of several channels that were plain ones, %i bytes at a time",
  async (pageBytes) => {
    const client = new SteppingConnection(await connect());
    const saver = new RedisSaver({ client, keyPrefix: freshPrefix(), ...{ [LIMITS]: { pageBytes } } });
    const channels = ["a", "b", "c", "d"];
    const values = Object.fromEntries(
      channels.map((channel) => [channel, [noise(3_000), noise(12_000), noise(100)]]),
    );
    await put(saver, "t", { id: id(0), values });
    const counters_since_delta_snapshot = Object.fromEntries(channels.map((channel) => [channel, [1, 1]]));
    const versions = Object.fromEntries(channels.map((channel) => [channel, 2]));
    const metadata = { counters_since_delta_snapshot };
    await put(saver, "t", { id: id(1), parent: id(0), values: {}, versions, metadata });
    client.reset();
    const history = await saver.getDeltaChannelHistory({ config: config("t"), channels });
    expect(history).toEqual(
      Object.fromEntries(channels.map((channel) => [channel, { writes: [], seed: values[channel] }])),
    );
    // The page, and at a byte each value by itself: what its tree and its tail are made of comes together.
    if (pageBytes === 1) expect(client.sent.length).toBeGreaterThanOrEqual(5);
    if (pageBytes === 1_000_000) expect(client.sent).toHaveLength(2);
  },
);

test("getDeltaChannelHistory is never shorter than it was or is, whatever a second client removes between two commands", async () => {
  const works: Record<string, (other: RedisSaver) => Promise<unknown>> = {
    prune: (other) => other.prune(["t"], { strategy: "keep_latest" }),
    deleteForRuns: (other) => other.deleteForRuns(["run"]),
    deleteThread: (other) => other.deleteThread("t"),
    "deleteThread and a new beginning": async (other) => {
      await other.deleteThread("t");
      await putLog(other, 1, value);
    },
  };
  const large = noise(3_000);
  const value = (n: number) => (n % 2 === 0 ? large : n);
  for (const work of Object.values(works)) {
    for (const at of [config("t"), config("t", "", id(5))]) {
      await atEveryGap(async () => {
        const client = await connect();
        const keyPrefix = freshPrefix();
        const other = new RedisSaver({ client, keyPrefix });
        await putLog(other, 6, value);
        const connection = new SteppingConnection(client);
        const saver = new RedisSaver({ client: connection, keyPrefix, ...pagesOf(2) });
        return {
          connection,
          operation: () => saver.getDeltaChannelHistory({ config: at, channels: CHANNELS }),
          work: () => work(other),
          check: async (gap, outcome) => {
            // As it was before, or as it is now: a history, or the same error.
            const [now] = await Promise.allSettled([
              other.getDeltaChannelHistory({ config: at, channels: CHANNELS }),
            ]);
            const outcomes = [now, { status: "fulfilled", value: written(5, value) }];
            expect(outcomes, gap).toContainEqual(outcome);
          },
        };
      });
    }
  }
});

test.each(["all", "latest"] as const)(
  'getDeltaChannelHistory returns all writes to a channel after an update that stores another one whole, with history "%s"',
  async (history) => {
    const { saver } = await savers({ history });
    const metadata = { counters_since_delta_snapshot: { log: [1, 1], other: [1, 1] } };
    const versions = { log: 1, other: 1 };
    const first = await put(saver(), "t", { id: id(1), values: {}, versions, metadata });
    await saver().putWrites(first, [["log", "entry"]], "task");
    // Versions of LangGraph before 1.7 do not name the delta channels of updates.
    const values = { other: new DeltaSnapshot(["whole"]) };
    const update = {
      id: id(2),
      parent: id(1),
      values,
      versions,
      changed: [],
      metadata: { source: "update" },
    };
    const at = await put(saver(), "t", update);
    await saver().prune(["t"], { strategy: "keep_latest" });
    const found = await saver().getDeltaChannelHistory({ config: at, channels: ["log"] });
    expect(found).toEqual({ log: { writes: [["task", "log", "entry"]] } });
  },
);
