import { HumanMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { CorruptRecordError, type RedisSaver } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { tupleText } from "../conformance/saver/oracle.js";
import { config, id, list, put, values } from "../conformance/saver/steps.js";
import { big, entry, rawHash, rawMembers, replaceMember, savers } from "./helpers.js";

/** How many ways of damaging are tried. Set FUZZ_RUNS for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 100);

test("getTuple names the channel whose chunk is lost, until a client that does not know the thread puts the chunk again", async () => {
  const { client, saver, key } = await savers();
  const l = [big(0), entry(1), big(1), entry(2)];
  const state = (n: number) => ({ l: [...l, entry(n)], m: big(7), o: n });
  const write = (by: BaseCheckpointSaver, n: number) =>
    put(by, "t", {
      ...{ id: id(n), parent: id(n - 1), values: state(n), versions: { l: n, m: 1, o: n } },
      changed: n === 1 ? ["l", "m", "o"] : ["l", "o"],
    });
  await write(saver(), 1);
  let lost = 0;
  for (let n = 1; n <= 12; n++) {
    const names = (await client.hKeys(key("chunks"))).filter((name) => name.length === 20).sort();
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
    await write(saver(), n + 1);
    expect(await values(saver(), config("t"))).toEqual(state(n + 1));
  }
  expect(lost).toBeGreaterThan(3);
});

test("put sends an unchanged value again when the thread has lost its chunk", async () => {
  const { client, saver, key } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { l: [entry(1)], m: 1 } });
  await loseChunks(client, key("chunks"));
  const next = { values: { l: [entry(1)], m: 2 }, versions: { l: 1, m: 2 }, changed: ["m"] };
  await put(a, "t", { id: id(2), parent: id(1), ...next });
  expect(await values(saver(), config("t"))).toEqual(next.values);
});

test("getTuple of a client that has read the thread before notices that the chunks of the checkpoint are lost", async () => {
  const { client, saver, key } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { l: [entry(1)], m: big(1) } });
  await loseChunks(client, key("chunks"));
  await expect(a.getTuple(config("t"))).rejects.toThrow(CorruptRecordError);
});

test.each(["checkpoints", "index", "chunks"])(
  "every operation on a thread that has lost its key of %s is refused and names the key, and deleteThread makes the thread new",
  async (name) => {
    const { client, saver, key } = await damageable();
    const warm = saver();
    await warm.getTuple(config("t"));
    await client.del(key(name));
    const lost = {
      name: "CorruptRecordError",
      message: expect.stringContaining("lost"),
      location: { key: key(name), threadId: "t" },
    };
    const at = config("t", "", id(6));
    for (const by of [saver(), warm]) {
      await expect(by.getTuple(config("t"))).rejects.toMatchObject(lost);
      await expect(by.getTuple(at)).rejects.toMatchObject(lost);
      await expect(list(by, config("t"))).rejects.toMatchObject(lost);
      await expect(by.getDeltaChannelHistory({ config: at, channels: ["s"] })).rejects.toMatchObject(lost);
      await expect(put(by, "t", { id: id(7), parent: id(6), values: { s: 1 } })).rejects.toMatchObject(lost);
      await expect(by.putWrites(at, [["s", 1]], "late")).rejects.toMatchObject(lost);
      await expect(by.prune(["t"], { strategy: "keep_latest" })).rejects.toMatchObject(lost);
    }
    expect(await client.exists(key(name))).toBe(0);
    await warm.deleteThread("t");
    expect(await warm.getTuple(config("t"))).toBeUndefined();
    await put(warm, "t", { id: id(1), values: { l: [entry(1)] } });
    expect(await values(saver(), config("t"))).toEqual({ l: [entry(1)] });
  },
);

test("getTuple and list notice every altered byte of a chunk", async () => {
  const { client, saver, key } = await damageable();
  const expected = await everything(saver());
  const stored = await chunksIn(client, key("chunks"));
  expect([...stored.values()].map((chunk) => chunk.toString("latin1", 0, 1))).toEqual(
    expect.arrayContaining(["z", "y", "t", "@"]),
  );
  let noticed = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...stored.entries()),
      fc.nat({ max: 100_000 }),
      fc.integer({ min: 1, max: 255 }),
      fc.constantFrom("alter", "cut", "grow"),
      async ([field, chunk], where, bits, how) => {
        const damaged = Buffer.concat([chunk, Buffer.from(how === "grow" ? "x" : "")]);
        const at = where % chunk.length;
        if (how === "alter") damaged[at] = (damaged[at] as number) ^ bits;
        await client.hSet(key("chunks"), field, how === "cut" ? damaged.subarray(0, at) : damaged);
        try {
          const found = await everything(saver());
          // What is appended to a tail is taken for a later version of it.
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

test("getTuple and list notice an altered byte at the edges and in the middle of every chunk", async () => {
  const { client, saver, key } = await damageable();
  const read = () => everything(saver()).catch(corruptOnly);
  const kinds = new Set<string>();
  for (const [field, chunk] of await chunksIn(client, key("chunks"))) {
    const kind = chunk.toString("latin1", 0, 1);
    await client.hDel(key("chunks"), field);
    // What nobody misses belongs to the writes of a checkpoint that is not there.
    if ((await read()) === "corrupt") {
      kinds.add(kind);
      for (const at of [0, 1, 2, chunk.length >> 1, chunk.length - 2, chunk.length - 1]) {
        const altered = Buffer.from(chunk);
        altered[at] = (altered[at] as number) ^ 1;
        await client.hSet(key("chunks"), field, altered);
        expect([field, at, await read()]).toEqual([field, at, "corrupt"]);
      }
    }
    await client.hSet(key("chunks"), field, chunk);
  }
  expect([...kinds].sort()).toEqual(["@", "t", "y", "z"]);
});

test("getTuple of a client that has read a thread before does not read its chunks again", async () => {
  const { client, saver, key } = await damageable();
  const warm = saver();
  const read = async () => {
    const tuple = await warm.getTuple(config("t"));
    return tuple && tupleText(tuple);
  };
  const expected = await read();
  for (const [field, chunk] of await chunksIn(client, key("chunks"))) {
    const altered = Buffer.from(chunk);
    altered[chunk.length - 1] = (altered[chunk.length - 1] as number) ^ 1;
    await client.hSet(key("chunks"), field, altered);
  }
  expect(await read()).toBe(expected);
  await expect(saver().getTuple(config("t"))).rejects.toThrow(CorruptRecordError);
});

test("getTuple and list notice every altered byte of a checkpoint", async () => {
  const { client, saver, key } = await damageable();
  for (const [field, record] of await rawHash(client, key("checkpoints"))) {
    if (!field.startsWith(":")) continue;
    for (const damaged of damages(record)) {
      await client.hSet(key("checkpoints"), field, damaged);
      await expect(everything(saver())).rejects.toMatchObject({
        name: "CorruptRecordError",
        location: { threadId: "t", checkpointId: expect.any(String) },
      });
    }
    await client.hSet(key("checkpoints"), field, record);
  }
});

test("getTuple and list notice every altered byte of a pending write", async () => {
  const { client, saver, key } = await damageable();
  const members = await rawMembers(client, key("index"));
  let tried = 0;
  for (const member of members) {
    const beginning = /^w::[^:]*:/.exec(member.toString("latin1"))?.[0];
    // The writes of a checkpoint that is not there are nobody's.
    if (beginning === undefined || beginning === `w::${id(0)}:`) continue;
    for (const damaged of damages(member, beginning.length)) {
      await replaceMember(client, key("index"), member, damaged);
      await expect(everything(saver())).rejects.toMatchObject({
        name: "CorruptRecordError",
        location: { threadId: "t", checkpointId: expect.any(String) },
      });
      await replaceMember(client, key("index"), damaged, member);
      tried += 1;
    }
  }
  expect(tried).toBeGreaterThan(50);
});

test("getTuple and list notice that a checkpoint is lost that the index names", async () => {
  const { client, saver, key } = await damageable();
  await client.hDel(key("checkpoints"), `:${id(6)}`);
  const lost = { name: "CorruptRecordError", message: expect.stringContaining("lost") };
  await expect(saver().getTuple(config("t"))).rejects.toMatchObject(lost);
  await expect(saver().getTuple(config("t", "", id(6)))).rejects.toMatchObject(lost);
  await expect(list(saver(), config("t"))).rejects.toMatchObject(lost);
});

test("putWrites of a task refuses damaged writes of that task", async () => {
  const { client, saver, key } = await damageable();
  for (const member of await rawMembers(client, key("index"))) {
    if (!member.toString("latin1").startsWith("w:")) continue;
    await replaceMember(client, key("index"), member, Buffer.concat([member, Buffer.from("x")]));
  }
  const at = config("t", "", id(5));
  const damagedWrites = { name: "CorruptRecordError", message: expect.stringContaining("pending write") };
  await expect(saver().putWrites(at, [["s", 1]], "task-6")).rejects.toMatchObject(damagedWrites);
  await saver().putWrites(at, [["s", 1]], "another");
});

test("getDeltaChannelHistory refuses damaged records and names the thread's key", async () => {
  const { client, saver, key } = await damageable();
  const a = saver();
  for (const [field, value] of await rawHash(client, key("checkpoints"))) {
    await client.hSet(key("checkpoints"), field, Buffer.concat([Buffer.from("x"), value]));
  }
  const damagedRecord = { name: "CorruptRecordError", location: { key: key("checkpoints") } };
  const at = config("t", "", id(5));
  await expect(a.getDeltaChannelHistory({ config: at, channels: ["s"] })).rejects.toMatchObject(
    damagedRecord,
  );
  await put(a, "t", { id: id(9), parent: id(6), values: { l: [entry(1)] }, versions: { l: 9 } });
  expect(await values(a, config("t"))).toEqual({ l: [entry(1)] });
});

describe.each(["checkpoints", "index", "chunks"])(
  "where another program has put a string at the key of the %s",
  (name) => {
    const at = config("t", "", id(6));
    const operations: Record<string, (saver: RedisSaver) => Promise<unknown>> = {
      getTuple: (saver) => saver.getTuple(config("t")),
      "getTuple of a client that has read it before": (saver) => saver.getTuple(config("t")),
      list: (saver) => list(saver, config("t")),
      "list with a filter": (saver) => list(saver, config("t"), { filter: { source: "loop" } }),
      getDeltaChannelHistory: (saver) => saver.getDeltaChannelHistory({ config: at, channels: ["s"] }),
      put: (saver) =>
        put(saver, "t", {
          ...{ id: id(7), parent: id(6), values: { l: [big(8)] }, versions: { l: 7 } },
          metadata: { run_id: "run" },
        }),
      putWrites: (saver) => saver.putWrites(at, [["s", big(9)]], "late"),
      prune: (saver) => saver.prune(["t"], { strategy: "keep_latest" }),
      "prune with delete": (saver) => saver.prune(["t"], { strategy: "delete" }),
    };

    test("deleteThread deletes the thread, which can be put again", async () => {
      const { client, saver, key } = await damageable();
      await client.set(key(name), "a value of somebody else's");
      await saver().deleteThread("t");
      expect(await saver().getTuple(config("t"))).toBeUndefined();
      await put(saver(), "t", { id: id(1), values: { l: [entry(1)] } });
      expect(await values(saver(), config("t"))).toEqual({ l: [entry(1)] });
    });

    test.each(Object.keys(operations))("%s does its work or names the key", async (operation) => {
      const { client, saver, key } = await damageable();
      const a = saver();
      if (operation.includes("before")) await a.getTuple(config("t"));
      await client.set(key(name), "a value of somebody else's");
      const error = await operations[operation]?.(a).catch((thrown: unknown) => thrown);
      const isUsed = AFFECTED[name]?.includes(operation.split(" ")[0] as string);
      if (isUsed) expect(error).toBeInstanceOf(CorruptRecordError);
      if (error instanceof Error) {
        expect(error).toBeInstanceOf(CorruptRecordError);
        expect((error as CorruptRecordError).location.key).toBe(key(name));
        expect(error.message).not.toContain("somebody");
      }
    });
  },
);

/** The operations that cannot go on without a key. */
const AFFECTED: Record<string, string[]> = {
  checkpoints: ["getTuple", "list", "getDeltaChannelHistory", "put", "putWrites"],
  index: ["getTuple", "list", "getDeltaChannelHistory", "put", "putWrites"],
  chunks: ["getTuple", "list", "put", "putWrites"],
};

/** A thread with chunks of all kinds: segments, tails that grow and that were sealed, tables, and single values. */
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

/** A stored text altered, cut and grown in a dozen places, none before `from`. */
function damages(stored: Buffer, from = 0): Buffer[] {
  const damaged: Buffer[] = [];
  for (let at = from; at < stored.length; at += Math.ceil((stored.length - from) / 12)) {
    const altered = Buffer.from(stored);
    altered[at] = (altered[at] as number) ^ 1;
    damaged.push(altered, stored.subarray(0, at));
  }
  return [...damaged, Buffer.concat([stored, Buffer.from("x")])];
}

/** The chunks of a thread, without the counters of references to them and the marker. */
async function chunksIn(client: Parameters<typeof rawHash>[0], key: string): Promise<Map<string, Buffer>> {
  return new Map([...(await rawHash(client, key))].filter(([name]) => name.length === 20));
}

async function loseChunks(client: Parameters<typeof rawHash>[0], key: string): Promise<void> {
  await client.hDel(key, [...(await chunksIn(client, key)).keys()]);
}

function corruptOnly(error: unknown): "corrupt" {
  if (error instanceof CorruptRecordError) return "corrupt";
  throw error;
}

async function everything(saver: BaseCheckpointSaver): Promise<string[]> {
  const texts = (await list(saver, config("t"))).map(tupleText);
  const latest = await saver.getTuple(config("t"));
  return [...texts, latest ? tupleText(latest) : "none"];
}
