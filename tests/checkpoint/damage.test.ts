import { HumanMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { CorruptRecordError, type RedisSaver } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { tupleText } from "../conformance/saver/oracle.js";
import { config, id, list, put, values } from "../conformance/saver/steps.js";
import { big, entry, rawHash, savers } from "./helpers.js";

/** How many ways of damaging are tried. Set FUZZ_RUNS for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 100);

test("getTuple names the channel whose chunk is lost, until a put sends the chunk again", async () => {
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

test("put sends an inherited value again when the parent has lost its chunk", async () => {
  const { client, saver, key } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { l: [entry(1)], m: 1 } });
  await client.hDel(key("chunks"), await client.hKeys(key("chunks")));
  const next = { values: { l: [entry(1)], m: 2 }, versions: { l: 1, m: 2 }, changed: ["m"] };
  await put(a, "t", { id: id(2), parent: id(1), ...next });
  expect(await values(saver(), config("t"))).toEqual(next.values);
});

test("getTuple and list notice every altered byte of a chunk", async () => {
  const { client, saver, key } = await damageable();
  const expected = await everything(saver());
  const stored = await rawHash(client, key("chunks"));
  expect([...stored.values()].map((chunk) => chunk.toString("latin1", 0, 1))).toEqual(
    expect.arrayContaining(["j", "t", "@"]),
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

test("getTuple and list notice an altered byte at the edges and in the middle of every chunk", async () => {
  const { client, saver, key } = await damageable();
  const expected = await everything(saver());
  const read = () => everything(saver()).catch(corruptOnly);
  const kinds = new Set<string>();
  for (const [field, chunk] of await rawHash(client, key("chunks"))) {
    const kind = chunk.toString("latin1", 0, 1);
    await client.hDel(key("chunks"), field);
    // What nobody misses belongs to the writes of a checkpoint that is not there.
    if ((await read()) === "corrupt") {
      kinds.add(kind);
      for (const at of [0, 1, 2, chunk.length >> 1, chunk.length - 2, chunk.length - 1]) {
        const altered = Buffer.from(chunk);
        altered[at] = (altered[at] as number) ^ 1;
        await client.hSet(key("chunks"), field, altered);
        const found = await read();
        // A pointer to a longer part still gives the beginning that is referenced.
        if (kind !== "@" || found === "corrupt") expect([field, at, found]).toEqual([field, at, "corrupt"]);
        else expect(found).toEqual(expected);
      }
    }
    await client.hSet(key("chunks"), field, chunk);
  }
  expect([...kinds].sort()).toEqual(["@", "j", "t"]);
});

test("getTuple notices an altered byte of a chunk that it has read before", async () => {
  const { client, saver, key } = await damageable();
  const warm = saver();
  const read = async (by: RedisSaver) => {
    const tuple = await by.getTuple(config("t")).catch(corruptOnly);
    return tuple === "corrupt" ? tuple : tuple && tupleText(tuple);
  };
  const expected = await read(warm);
  let used = 0;
  for (const [field, chunk] of await rawHash(client, key("chunks"))) {
    if (chunk.toString("latin1", 0, 1) !== "j") continue;
    await client.hDel(key("chunks"), field);
    if ((await read(saver())) === "corrupt") {
      used += 1;
      for (const at of [1, chunk.length >> 1, chunk.length - 1]) {
        const altered = Buffer.from(chunk);
        altered[at] = (altered[at] as number) ^ 1;
        await client.hSet(key("chunks"), field, altered);
        expect([field, at, await read(warm)]).toEqual([field, at, "corrupt"]);
        await client.hSet(key("chunks"), field, chunk);
        expect(await read(warm)).toBe(expected);
      }
    }
    await client.hSet(key("chunks"), field, chunk);
  }
  expect(used).toBeGreaterThan(2);
});

test.each(["checkpoints", "writes"])(
  "getTuple and list notice every altered byte of the %s",
  async (name) => {
    const { client, saver, key } = await damageable();
    for (const [field, record] of await rawHash(client, key(name))) {
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

test("putWrites, getDeltaChannelHistory and prune refuse damaged records and name the thread's key", async () => {
  const { client, saver, key } = await damageable();
  const a = saver();
  const at = config("t", "", id(5));
  const damage = async (name: string) => {
    for (const [field, value] of await rawHash(client, key(name))) {
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

describe.each(["checkpoints", "order", "writes", "chunks", "runs"])(
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
  order: ["getTuple", "list", "put"],
  writes: ["getTuple", "list", "getDeltaChannelHistory", "putWrites"],
  chunks: ["getTuple", "list", "put", "putWrites"],
  runs: ["put"],
};

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

function corruptOnly(error: unknown): "corrupt" {
  if (error instanceof CorruptRecordError) return "corrupt";
  throw error;
}

async function everything(saver: BaseCheckpointSaver): Promise<string[]> {
  const texts = (await list(saver, config("t"))).map(tupleText);
  const latest = await saver.getTuple(config("t"));
  return [...texts, latest ? tupleText(latest) : "none"];
}
