import { deserialize, serialize } from "node:v8";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver, SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { CorruptRecordError, InvalidInputError, RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { expect, test } from "vitest";
import { tupleText } from "../conformance/saver/oracle.js";
import { config, id, list, listIds, put, values } from "../conformance/saver/steps.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";

/** How many ways of damaging are tried. Set FUZZ_RUNS for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 100);

/** Savers that share what they store and nothing else. */
async function savers(options: RedisSaverOptions = {}) {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const saver = (other: RedisSaverOptions = {}) =>
    new RedisSaver({ client, keyPrefix, ...options, ...other });
  const key = (name: string, thread = "t") => `${keyPrefix}:thread:{${thread}}:${name}`;
  return { client, keyPrefix, saver, key };
}

/** Of one length whatever n is. */
const entry = (n: number) => ({ n, text: "x".repeat(300) });
/** Large enough to end its run. */
const big = (n: number) => ({ n, text: "y".repeat(40_000) });

// What one client believes and another one did

for (const [name, last] of Object.entries({ "one more": entry(4), "one that ends the run": big(4) })) {
  test(`a list goes on with ${name} although its thread was deleted and written anew with values of the same length`, async () => {
    const { saver } = await savers();
    const [a, b] = [saver(), saver()];
    const write = async (by: BaseCheckpointSaver, n: number, l: unknown[]) =>
      put(by, "t", { id: id(n), parent: n > 1 ? id(n - 1) : undefined, values: { l }, versions: { l: n } });
    await write(a, 1, [entry(1)]);
    await write(a, 2, [entry(1), entry(2)]);
    await b.deleteThread("t");
    await write(b, 1, [entry(1)]);
    await write(b, 2, [entry(1), entry(3)]);
    await write(a, 3, [entry(1), entry(2), last]);
    expect(await values(b, config("t"))).toEqual({ l: [entry(1), entry(2), last] });
    expect(await values(b, config("t", "", id(2)))).toEqual({ l: [entry(1), entry(3)] });
  });
}

test("an unchanged list is stored again when its thread was deleted and holds only its beginning", async () => {
  const { saver } = await savers();
  const [a, b] = [saver(), saver()];
  await put(a, "t", { id: id(1), values: { l: [entry(1)] }, versions: { l: 1 } });
  await put(a, "t", { id: id(2), parent: id(1), values: { l: [entry(1), entry(2)] }, versions: { l: 2 } });
  await b.deleteThread("t");
  await b.putWrites(config("t", "", id(9)), [["l", entry(1)]], "task");
  await put(a, "t", {
    ...{ id: id(3), parent: id(2), values: { l: [entry(1), entry(2)] }, versions: { l: 2 } },
    changed: [],
  });
  expect(await values(b, config("t"))).toEqual({ l: [entry(1), entry(2)] });
});

test("two channels with one list part in one checkpoint: one grows, the other one ends the run", async () => {
  const { saver } = await savers();
  for (const [n, names] of [
    ["l", "m"],
    ["m", "l"],
  ].entries()) {
    const [grows, ends] = names as [string, string];
    const thread = `t${n}`;
    const a = saver();
    await put(a, thread, { id: id(1), values: { l: [entry(1)], m: [entry(1)] } });
    const next = { [grows]: [entry(1), entry(2)], [ends]: [entry(1), big(1)] };
    await put(a, thread, { id: id(2), parent: id(1), values: next, versions: { l: 2, m: 2 } });
    expect(await values(saver(), config(thread))).toEqual(next);
  }
});

test("a list in which a run that it continues comes again is stored", async () => {
  const { saver } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { l: [entry(1)] } });
  const next = [entry(1), big(1), entry(1), entry(2)];
  await put(a, "t", { id: id(2), parent: id(1), values: { l: next }, versions: { l: 2 } });
  expect(await values(saver(), config("t"))).toEqual({ l: next });
});

test("forks that grow one list at the same time from two clients each keep their own", async () => {
  const { saver } = await savers();
  const clients = [saver(), saver(), saver({ rememberStored: false })];
  await put(saver(), "t", { id: id(0), values: { l: [entry(0)] }, versions: { l: 1 } });
  for (const each of clients) await values(each, config("t"));
  const lists = clients.map(() => [entry(0)]);
  const parents = clients.map(() => id(0));
  for (let step = 1; step <= 25; step++) {
    await Promise.all(
      clients.map(async (each, n) => {
        lists[n]?.push(step % 8 === 0 ? big(n) : entry(step * 10 + n));
        const own = id(step * 10 + n);
        await put(each, "t", {
          id: own,
          parent: parents[n],
          values: { l: [...(lists[n] ?? [])] },
          versions: { l: step + 1 },
        });
        parents[n] = own;
      }),
    );
  }
  for (const each of [...clients, saver()]) {
    for (const [n, parent] of parents.entries()) {
      expect(await values(each, config("t", "", parent))).toEqual({ l: lists[n] });
    }
  }
  const steps = (await list(saver(), config("t"))).map(
    ({ checkpoint }) => checkpoint.channel_values.l as unknown[],
  );
  expect(steps).toHaveLength(76);
  expect(
    steps.every(
      (l) =>
        JSON.stringify(l) ===
        JSON.stringify(
          lists
            .find((own) => JSON.stringify(own.slice(0, l.length)) === JSON.stringify(l))
            ?.slice(0, l.length),
        ),
    ),
  ).toBe(true);
});

test("a list that was stored goes on after another client deleted the thread", async () => {
  const { saver } = await savers();
  const [a, b] = [saver(), saver()];
  const l = Array.from({ length: 200 }, (_, n) => (n % 9 === 0 ? big(n) : entry(n)));
  await put(a, "t", { id: id(1), values: { l, m: "kept ".repeat(50) }, versions: { l: 1, m: 1 } });
  await b.deleteThread("t");
  const next = [...l, entry(1_000)];
  await put(a, "t", {
    id: id(2),
    parent: id(1),
    values: { l: next, m: "kept ".repeat(50) },
    versions: { l: 2, m: 1 },
    changed: ["l"],
  });
  expect(await values(b, config("t"))).toEqual({ l: next, m: "kept ".repeat(50) });
});

test("deleting every thread that is listed leaves none", async () => {
  const { saver } = await savers();
  const a = saver();
  await Promise.all(Array.from({ length: 230 }, (_, n) => put(a, `t${n}`, { id: id(1) })));
  for await (const tuple of a.list({})) await a.deleteThread(tuple.config.configurable?.thread_id);
  expect(await list(saver(), {})).toEqual([]);
});

// Damage

test("chunks that are lost are sent again, and reading says until then what is missing", async () => {
  const { client, saver, key } = await savers();
  const l = [big(0), entry(1), big(1), entry(2)];
  const state = (n: number) => ({ l: [...l, entry(n)], m: big(7), o: n });
  const write = (by: BaseCheckpointSaver, n: number) =>
    put(by, "t", {
      ...{ id: id(n), parent: id(n - 1), values: state(n), versions: { l: n, m: 1, o: n } },
      changed: n === 1 ? ["l", "m", "o"] : ["l", "o"],
    });
  const a = saver();
  await write(a, 1);
  let lost = 0;
  for (let n = 1; n <= 12; n++) {
    const names = (await client.hKeys(key("chunks"))).sort();
    await client.hDel(key("chunks"), names[n % names.length] as string);
    const outcome = await values(saver(), config("t")).catch((error: unknown) => error);
    if (outcome instanceof CorruptRecordError) {
      const location = { threadId: "t", checkpointNs: "", checkpointId: id(n) };
      expect(outcome.location).toMatchObject({ ...location, channel: expect.stringMatching(/^[lm]$/) });
      lost += 1;
    } else {
      // It was part of an older checkpoint only.
      expect(outcome).toEqual(state(n));
    }
    await write(a, n + 1);
    expect(await values(saver(), config("t"))).toEqual(state(n + 1));
  }
  expect(lost).toBeGreaterThan(3);
});

test("a value that is inherited is sent again when the parent has lost its chunk", async () => {
  const { client, saver, key } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { l: [entry(1)], m: 1 } });
  await client.hDel(key("chunks"), await client.hKeys(key("chunks")));
  const next = { values: { l: [entry(1)], m: 2 }, versions: { l: 1, m: 2 }, changed: ["m"] };
  await put(a, "t", { id: id(2), parent: id(1), ...next });
  expect(await values(saver(), config("t"))).toEqual(next.values);
});

test("no byte of a chunk can be altered without being noticed", async () => {
  const { client, saver, key } = await damageable();
  const expected = await everything(saver());
  const stored = await raw(client, key("chunks"));
  expect([...stored.values()].map((chunk) => chunk.toString("latin1", 0, 1))).toEqual(
    expect.arrayContaining(["j", "t", "@"]),
  );
  let noticed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...stored.entries()),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom("alter", "cut", "grow"),
      async ([field, chunk], where, bits, how) => {
        const damaged = Buffer.concat([chunk, Buffer.from(how === "grow" ? "x" : "")]);
        const at = Math.floor(where * chunk.length);
        if (how === "alter") damaged[at] = (damaged[at] as number) ^ bits;
        await client.hSet(key("chunks"), field, how === "cut" ? damaged.subarray(0, at) : damaged);
        try {
          const found = await everything(saver());
          // What is appended to a run is taken for a later version of it.
          expect(found).toEqual(expected);
        } catch (error) {
          if (!(error instanceof CorruptRecordError)) throw error;
          expect(error.location).toMatchObject({ threadId: "t", checkpointId: expect.any(String) });
          noticed += 1;
        } finally {
          await client.hSet(key("chunks"), field, chunk);
        }
      },
    ),
    { numRuns: RUNS },
  );
  expect(noticed).toBeGreaterThan(RUNS / 4);
  expect(await everything(saver())).toEqual(expected);
});

test.each(["checkpoints", "writes"])(
  "no byte of the %s can be altered without being noticed",
  async (name) => {
    const { client, saver, key } = await damageable();
    for (const [field, record] of await raw(client, key(name))) {
      if (!field.includes(":")) continue;
      for (let at = 0; at < record.length; at += Math.ceil(record.length / 12)) {
        const altered = Buffer.from(record);
        altered[at] = (altered[at] as number) ^ 1;
        const parts = [altered, record.subarray(0, at), Buffer.concat([record, Buffer.from("x")])];
        for (const damaged of parts) {
          await client.hSet(key(name), field, damaged);
          // The writes of a checkpoint that is not there are nobody's.
          if (name === "writes" && field.endsWith(id(0))) continue;
          const error = await everything(saver()).catch((thrown: unknown) => thrown);
          expect(error).toBeInstanceOf(CorruptRecordError);
          expect(error).toMatchObject({ location: { threadId: "t", checkpointId: expect.any(String) } });
        }
      }
      await client.hSet(key(name), field, record);
    }
  },
);

test("what is damaged is not built upon: writes, history and pruning name the thread's key", async () => {
  const { client, saver, key } = await damageable();
  const a = saver();
  const at = config("t", "", id(5));
  const damage = async (name: string) => {
    for (const [field, value] of await raw(client, key(name))) {
      await client.hSet(key(name), field, Buffer.concat([value, Buffer.from("x")]));
    }
  };
  await damage("writes");
  const damagedWrites = { name: "CorruptRecordError", message: expect.stringContaining("pending writes") };
  await expect(a.putWrites(at, [["s", 1]], "late")).rejects.toMatchObject(damagedWrites);
  await expect(a.getDeltaChannelHistory({ config: at, channels: ["s"] })).rejects.toMatchObject(
    damagedWrites,
  );
  await damage("checkpoints");
  const damagedRecord = { name: "CorruptRecordError", location: { key: key("checkpoints") } };
  await expect(a.prune(["t"], { strategy: "keep_latest" })).rejects.toMatchObject(damagedRecord);
  await put(a, "t", { id: id(9), parent: id(6), values: { l: [entry(1)] }, versions: { l: 9 } });
  expect(await values(a, config("t"))).toEqual({ l: [entry(1)] });
});

/** A thread with chunks of all kinds: runs, open and finished, tables, pointers, and single values. */
async function damageable() {
  const all = await savers();
  const a = all.saver();
  let l: unknown[] = [];
  for (let n = 1; n <= 6; n++) {
    const added =
      n === 3 ? Array.from({ length: 24 }, (_, at) => ({ at, text: "z".repeat(8_400) })) : [entry(n)];
    await a.putWrites(
      config("t", "", id(n - 1)),
      [
        ["l", added[0]],
        ["s", n],
        ["m", "text"],
      ],
      `task-${n}`,
    );
    l = [...l, ...added];
    await put(a, "t", {
      ...{ id: id(n), parent: id(n - 1), changed: n === 1 ? ["l", "m", "s"] : ["l", "s"] },
      values: { l, m: new HumanMessage({ content: "z".repeat(200), id: "m" }), s: n },
      versions: { l: n, m: 1, s: n },
    });
  }
  return all;
}

async function everything(saver: BaseCheckpointSaver): Promise<string[]> {
  const texts = (await list(saver, config("t"))).map(tupleText);
  const latest = await saver.getTuple(config("t"));
  return [...texts, latest ? tupleText(latest) : "none"];
}

async function raw(client: TestClient, key: string): Promise<Map<string, Buffer>> {
  const fields = await client.hKeys(key);
  const entries = await Promise.all(
    fields.map(async (field): Promise<[string, Buffer]> => {
      const reply = await client.sendCommand(["HGET", key, field], { typeMapping: { 36: Buffer } });
      return [field, reply as unknown as Buffer];
    }),
  );
  return new Map(entries);
}

// What is refused

test("a channel whose name is no text is refused, and nothing is written", async () => {
  const { client, keyPrefix, saver } = await savers();
  await expect(put(saver(), "t", { id: id(1), values: { "\ud800": 1 } })).rejects.toThrow(InvalidInputError);
  await expect(put(saver(), "t", { id: id(1), versions: { "\udc00": 1 } })).rejects.toThrow(
    InvalidInputError,
  );
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("a checkpoint that does not say its format version is read back, and disturbs no other", async () => {
  const { saver } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { a: 1 } });
  const checkpoint = {
    id: id(2),
    ts: "",
    channel_values: { a: 2 },
    channel_versions: { a: 2 },
    versions_seen: {},
  };
  await a.put(
    config("t", "", id(1)),
    checkpoint as never,
    { source: "loop", step: 1, parents: {} },
    { a: 2 },
  );
  expect(await values(a, config("t"))).toEqual({ a: 2 });
  expect(await listIds(a, config("t"))).toEqual([id(2), id(1)]);
});

// What is stored

test("the same calls again leave everything as it was", async () => {
  const { client, saver, key } = await savers();
  const a = saver();
  const first = () => put(a, "t", { id: id(1), values: { l: [entry(1)], m: 1 } });
  const second = () =>
    put(a, "t", {
      id: id(2),
      parent: id(1),
      values: { l: [entry(1), entry(2)], m: 1 },
      versions: { l: 2, m: 1 },
      changed: ["l"],
    });
  const writes = () =>
    a.putWrites(
      config("t", "", id(2)),
      [
        ["l", entry(3)],
        ["m", 5],
      ],
      "task",
    );
  await first();
  await second();
  await writes();
  const state = async () =>
    Promise.all(["checkpoints", "writes", "chunks"].map((name) => raw(client, key(name))));
  const before = await state();
  for (const again of [writes, second, first, second, writes]) await again();
  expect(await state()).toEqual(before);
});

test("a thread is at most four keys with one hash tag, all of them below the prefix", async () => {
  const { client, keyPrefix, saver } = await savers();
  const others = new Set(await allKeys(client));
  const a = saver();
  for (const thread of ["t", "a{b}c", "*"]) {
    for (let n = 1; n < 20; n++) {
      const at = await put(
        a,
        thread,
        { id: id(n), parent: id(n - 1), values: { l: [big(n)] }, versions: { l: n } },
        n % 2 ? "child" : "",
      );
      await a.putWrites(at, [["l", entry(n)]], "task");
    }
  }
  const keys = await keysUnder(client, keyPrefix);
  expect(keys).toHaveLength(3 * 4 + 1);
  const tags = keys.map((key) => /\{(.+?)\}/.exec(key)?.[1]);
  expect(new Set(tags).size).toBe(3 + 1);
  expect(tags.filter((tag) => tag === "t")).toHaveLength(4);
  const mine = (await allKeys(client)).filter((key) => !others.has(key) && key.includes(keyPrefix));
  expect(mine.sort()).toEqual([...keys].sort());
  for (const thread of ["t", "a{b}c", "*"]) await a.deleteThread(thread);
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

const allKeys = (client: TestClient) => client.keys("*");
const keysUnder = async (client: TestClient, prefix: string) =>
  (await allKeys(client)).filter((key) => key.startsWith(prefix));

// Serializers

const binary: SerializerProtocol = {
  dumpsTyped: async (value) => ["v8", new Uint8Array(serialize(value))],
  loadsTyped: async (type, data) => {
    if (type !== "v8") throw new Error(`unknown type ${type}`);
    return deserialize(data as Uint8Array);
  },
};

test("a serializer of one's own, also a binary one, is used for everything", async () => {
  const { saver } = await savers({ serde: binary });
  const a = saver();
  let l: unknown[] = [];
  for (let n = 1; n <= 60; n++) {
    l = [
      ...l,
      n % 5 === 0
        ? { big: 10n ** 20n, text: "x".repeat(9_000) }
        : { n, at: new Date(n), bytes: new Uint8Array([n, 10, 13]) },
    ];
    const at = await put(a, "t", {
      id: id(n),
      parent: id(n - 1),
      values: { l, m: -0 },
      versions: { l: n, m: n },
      metadata: { n, at: new Date(n) },
    });
    await a.putWrites(at, [["l", new Map([[n, undefined]])]], "task\n:1");
  }
  for (const each of [a, saver()]) {
    const tuple = await each.getTuple(config("t"));
    expect(tuple?.checkpoint.channel_values).toEqual({ l, m: -0 });
    expect(tuple?.metadata).toMatchObject({ n: 60, at: new Date(60) });
    expect(tuple?.pendingWrites).toEqual([["task\n:1", "l", new Map([[60, undefined]])]]);
    expect(await listIds(each, config("t"), { filter: { at: new Date(7) } })).toEqual([id(7)]);
    expect(
      (await list(each, config("t"))).map(
        ({ checkpoint }) => (checkpoint.channel_values.l as unknown[]).length,
      ),
    ).toEqual(Array.from({ length: 60 }, (_, n) => 60 - n));
  }
});

test("what is written with LangGraph's serializer is read with ours, and the other way round", async () => {
  const { saver } = await savers();
  const theirs = () => saver({ serde: new MemorySaver().serde });
  const state = (n: number) => ({
    l: [
      new HumanMessage({ content: "hi", id: "1" }),
      new AIMessage({
        content: "x".repeat(9_000),
        id: "2",
        tool_calls: [{ id: "c", name: "t", args: { n }, type: "tool_call" }],
      }),
    ],
    m: new Map<unknown, unknown>([["a", new Set([undefined, n])]]),
    small: n,
  });
  for (const [n, [writer, reader]] of [
    [theirs(), saver()],
    [saver(), theirs()],
    [theirs(), theirs()],
  ].entries()) {
    const at = await put(writer as RedisSaver, `t${n}`, { id: id(1), values: state(n) });
    await (writer as RedisSaver).putWrites(at, [["l", state(n).l]], "task");
    const tuple = await (reader as RedisSaver).getTuple(at);
    expect(tuple?.checkpoint.channel_values).toEqual(state(n));
    expect(tuple?.pendingWrites).toEqual([["task", "l", state(n).l]]);
    // Each goes on where the other one stopped.
    const next = { ...state(n), l: [...state(n).l, new HumanMessage({ content: "more", id: "3" })] };
    await put(reader as RedisSaver, `t${n}`, {
      id: id(2),
      parent: id(1),
      values: next,
      versions: { l: 2, m: 1, small: 1 },
      changed: ["l"],
    });
    expect(await values(writer as RedisSaver, config(`t${n}`))).toEqual(next);
  }
});

test("a value of 50 MB is stored and read back", async () => {
  const { saver } = await savers();
  const text = "0123456789abcdef".repeat(3_276_800);
  await put(saver(), "t", { id: id(1), values: { text, list: [1] } });
  const read = (await values(saver(), config("t"))) as { text: string; list: unknown };
  expect(read.text === text).toBe(true);
  expect(read.list).toEqual([1]);
});
