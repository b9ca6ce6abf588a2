import { InvalidInputError, type RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { config, id, listIds, put, values } from "../conformance/saver/steps.js";
import { allKeys, big, entry, keysUnder, rawHash, rawMembers, savers } from "./helpers.js";

test("put stores two channels that continue one list differently in one checkpoint", async () => {
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

test("put stores a list that contains its own beginning a second time", async () => {
  const { saver } = await savers();
  const a = saver();
  await put(a, "t", { id: id(1), values: { l: [entry(1)] } });
  const next = [entry(1), big(1), entry(1), entry(2)];
  await put(a, "t", { id: id(2), parent: id(1), values: { l: next }, versions: { l: 2 } });
  expect(await values(saver(), config("t"))).toEqual({ l: next });
});

test("put and putWrites leave what is stored unchanged when they are called again", async () => {
  const { client, saver, key } = await savers();
  const a = saver();
  const first = () => put(a, "t", { id: id(1), values: { l: [entry(1)], m: big(1) } });
  const second = () =>
    put(a, "t", {
      id: id(2),
      parent: id(1),
      values: { l: [entry(1), entry(2)], m: big(1) },
      versions: { l: 2, m: 1 },
      changed: ["l"],
    });
  const writes = () =>
    a.putWrites(
      config("t", "", id(2)),
      [
        ["l", entry(3)],
        ["m", big(5)],
      ],
      "task",
    );
  await first();
  await second();
  await writes();
  const state = async () => [
    await rawHash(client, key("checkpoints")),
    await rawMembers(client, key("index")),
    await rawHash(client, key("chunks")),
  ];
  const before = await state();
  for (const again of [writes, second, second, writes]) await again();
  expect(await state()).toEqual(before);
});

test("put in place of a checkpoint leaves nothing of it, and all that others share with it", async () => {
  const { client, saver, key } = await savers();
  const size = async () => (await client.hLen(key("chunks"))) + (await client.zCard(key("index")));
  const a = saver();
  const write = (by: RedisSaver, n: number, m: number, parent?: string) =>
    put(by, "t", {
      id: id(n),
      parent,
      values: { l: [big(1), entry(n)], m: big(m) },
      metadata: { run_id: `run ${m}` },
    });
  await write(a, 1, 100);
  await write(a, 2, 100, id(1));
  const before = await size();
  for (let m = 101; m < 106; m++) await write(m % 2 ? a : saver(), 2, m, id(1));
  await write(saver(), 2, 100, id(1));
  expect(await size()).toBe(before);
  expect(await values(saver(), config("t"))).toEqual({ l: [big(1), entry(2)], m: big(100) });
  expect(await values(saver(), config("t", "", id(1)))).toEqual({ l: [big(1), entry(1)], m: big(100) });
});

test("put and putWrites create three keys for a thread and two indexes of its partition, all of them below the prefix", async () => {
  const { client, keyPrefix, saver } = await savers();
  const others = new Set(await allKeys(client));
  const a = saver();
  const threads = ["t", "a{b}c", "*"];
  for (const thread of threads) {
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
  const expected = threads.flatMap((thread) => {
    const { own, partition } = threadKeys(keyPrefix, thread);
    return [...own, partition.threads, partition.created];
  });
  expect(keys.sort()).toEqual([...new Set(expected)].sort());
  const mine = (await allKeys(client)).filter((key) => !others.has(key) && key.includes(keyPrefix));
  expect(mine.sort()).toEqual([...keys].sort());
  for (const thread of threads) await a.deleteThread(thread);
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("put of a checkpoint that names itself as its parent, as a run that ends where it began, keeps its real one", async () => {
  const { saver } = await savers();
  await put(saver(), "t", { id: id(1), values: { l: [entry(1)] } });
  await put(saver(), "t", { id: id(2), parent: id(1), values: { l: [entry(2)] }, versions: { l: 2 } });
  for (const own of [id(2), id(1)]) {
    const before = await saver().getTuple(config("t", "", own));
    const same = { values: before?.checkpoint.channel_values, versions: before?.checkpoint.channel_versions };
    await put(saver(), "t", { ...same, id: own, parent: own, changed: [] });
    expect(await saver().getTuple(config("t", "", own))).toEqual(before);
  }
  const history = await saver().getDeltaChannelHistory({ config: config("t"), channels: ["none"] });
  expect(history).toEqual({ none: { writes: [] } });
});

test("put refuses a channel name with half of a surrogate pair, and writes nothing", async () => {
  const { client, keyPrefix, saver } = await savers();
  await expect(put(saver(), "t", { id: id(1), values: { "\ud800": 1 } })).rejects.toThrow(InvalidInputError);
  await expect(put(saver(), "t", { id: id(1), versions: { "\udc00": 1 } })).rejects.toThrow(
    InvalidInputError,
  );
  expect(await keysUnder(client, keyPrefix)).toEqual([]);
});

test("put stores a checkpoint without a format version, beside others", async () => {
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

test("put stores a value of 50 MB", async () => {
  const { saver } = await savers();
  const text = "0123456789abcdef".repeat(3_276_800);
  await put(saver(), "t", { id: id(1), values: { text, list: [1] } });
  const read = (await values(saver(), config("t"))) as { text: string; list: unknown };
  expect(read.text === text).toBe(true);
  expect(read.list).toEqual([1]);
});

test('put with history "latest" frees chunks: a thread of 300 steps holds no more than some dozens', async () => {
  const { client, saver, key } = await savers({ history: "latest" });
  const a = saver();
  let most = 0;
  for (let n = 1; n <= 300; n++) {
    const values = { l: [big(n)], m: `${n} `.repeat(200) };
    await put(a, "t", { id: id(n), parent: n > 1 ? id(n - 1) : undefined, values, versions: { l: n, m: n } });
    most = Math.max(most, await client.hLen(key("chunks")));
  }
  expect(most).toBeLessThan(80);
  expect(await values(saver(), config("t"))).toEqual({ l: [big(300)], m: "300 ".repeat(200) });
});

test("put takes the values of unchanged channels from the parent, not from another checkpoint of the same versions", async () => {
  const { saver } = await savers();
  const writer = saver();
  const [here, there] = ["here ".repeat(100), "there ".repeat(100)];
  const at = (n: number, parent: number | undefined, a: string, changed?: string[]) =>
    put(writer, "t", {
      ...{ id: id(n), parent: parent === undefined ? undefined : id(parent), changed },
      ...{ values: { a }, versions: { a: 2 } },
    });
  await at(1, undefined, here);
  await at(2, 1, here);
  await at(3, 1, there);
  await at(4, 2, here, []);
  expect(await values(saver(), config("t"))).toEqual({ a: here });
});

test.each(["fork", "update"])(
  "put of a %s stores the values that it is given, though no channel is called new",
  async (source) => {
    const { saver } = await savers();
    const writer = saver();
    await put(writer, "t", { id: id(1), values: { a: "before ".repeat(100) }, versions: { a: 1 } });
    await put(writer, "t", {
      ...{ id: id(2), parent: id(1), changed: [], metadata: { source } },
      ...{ values: { a: "after ".repeat(100) }, versions: { a: 1 } },
    });
    expect(await values(saver(), config("t"))).toEqual({ a: "after ".repeat(100) });
  },
);

test('put with history: "latest" keeps the newest checkpoint of a namespace that an earlier call has noted as superseded', async () => {
  const { client, key, saver } = await savers({ history: "latest" });
  await put(saver(), "t", { id: id(1), values: { a: 1 } });
  // As a call leaves it over of which the newer ones were then removed by their run.
  await client.zAdd(key("index"), { value: `g::${id(1)}`, score: 0 });
  await put(saver(), "t", { id: id(2) }, "child");
  expect(await values(saver(), config("t"))).toEqual({ a: 1 });
  expect(await client.zScore(key("index"), `g::${id(1)}`)).toBeNull();
});

test("put in place of a checkpoint keeps the chunks that it has in common with the one before, and counts them once", async () => {
  const { client, key, saver } = await savers();
  const writer = saver();
  const kept = { single: "kept ".repeat(100), l: [big(1), entry(1), entry(2)] };
  const at = async (n: number) => {
    await put(writer, "t", { id: id(1), values: { ...kept, n }, versions: { single: 1, l: 1, n } });
    return rawHash(client, key("chunks"));
  };
  const before = await at(1);
  expect(await at(2)).toEqual(before);
  expect(await values(saver(), config("t"))).toEqual({ ...kept, n: 2 });
});
