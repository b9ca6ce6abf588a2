import { EncryptionError, InvalidInputError } from "langgraph-redis";
import { expect, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { ENCRYPTION } from "../helpers/encryption.js";
import { PAGE_SIZES, pagesOf, savers } from "./helpers.js";

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

test.each(PAGE_SIZES)("listCheckpoints has what list has, without values, in pages of %s", async (size) => {
  const { saver } = await savers();
  for (let n = 1; n <= 7; n++) await put(saver(), "t", { id: id(n), values: { a: n } });
  for (let n = 3; n <= 5; n++) await put(saver(), "t", { id: id(n), values: { a: n } }, "child:1");
  await saver().putWrites(
    config("t", "", id(2)),
    [
      ["a", 1],
      ["__interrupt__", 2],
    ],
    "task-2",
    "path:1",
  );
  await saver().putWrites(config("t", "", id(2)), [["b", 3]], "task-1", "path:2");
  const reader = saver(pagesOf(size));
  const tuples = await all(reader.list({ configurable: { thread_id: "t" } }));
  const infos = await all(reader.listCheckpoints("t"));
  expect(infos.map(({ checkpointNs, checkpointId }) => [checkpointNs, checkpointId])).toEqual(
    tuples.map(({ config }) => [config.configurable?.checkpoint_ns, config.configurable?.checkpoint_id]),
  );
  expect(infos.map(({ metadata, ts, parentId }) => ({ metadata, ts, parentId }))).toEqual(
    tuples.map(({ metadata, checkpoint, parentConfig }) => {
      return { metadata, ts: checkpoint.ts, parentId: parentConfig?.configurable?.checkpoint_id };
    }),
  );
  expect(
    infos.map(({ pendingWrites }) => pendingWrites.map(({ taskId, channel }) => [taskId, channel])),
  ).toEqual(tuples.map(({ pendingWrites = [] }) => pendingWrites.map(([task, channel]) => [task, channel])));
  const writes = infos.find(({ pendingWrites }) => pendingWrites.length > 0)?.pendingWrites;
  expect(writes?.map(({ taskPath, index }) => [taskPath, index])).toEqual([
    ["path:1", -3],
    ["path:1", 0],
    ["path:2", 0],
  ]);
  for (const { bytes } of infos) expect(bytes).toBeGreaterThan(50);
});

test("listCheckpoints lists one namespace, ids before another one, and so many at most", async () => {
  const { saver } = await savers();
  for (let n = 1; n <= 5; n++) await put(saver(), "t", { id: id(n) });
  await put(saver(), "t", { id: id(3) }, "child:1");
  const ids = async (options: Parameters<ReturnType<typeof saver>["listCheckpoints"]>[1]) =>
    (await all(saver().listCheckpoints("t", options))).map(({ checkpointId }) => checkpointId);
  expect(await ids({ checkpointNs: "child:1" })).toEqual([id(3)]);
  expect(await ids({ before: id(3) })).toEqual([id(2), id(1)]);
  expect(await ids({ checkpointNs: "", limit: 2 })).toEqual([id(5), id(4)]);
  expect(await ids({ limit: 0 })).toEqual([]);
  expect(await all(saver().listCheckpoints("other"))).toEqual([]);
});

test("listCheckpoints refuses what it cannot use", async () => {
  const { saver } = await savers();
  for (const options of [{ limit: -1 }, { limit: 1.5 }, { before: 3 }, { checkpointNs: 1 }, { befor: "x" }]) {
    expect(() => saver().listCheckpoints("t", options as never)).toThrow(InvalidInputError);
  }
  expect(() => saver().listCheckpoints("")).toThrow(InvalidInputError);
});

test("threadStats says when a thread expires", async () => {
  const { saver } = await savers();
  await put(saver(), "t", { id: id(1) });
  expect((await saver().threadStats("t"))?.expiresAt).toBeUndefined();
  await saver().expire("t", 30);
  const left = Number((await saver().threadStats("t"))?.expiresAt) - Date.now();
  expect(left / 60_000).toBeGreaterThan(29);
  expect(left / 60_000).toBeLessThan(31);
});

test("listCheckpoints lists what is encrypted without what is encrypted of it, when the key is not there", async () => {
  const { saver } = await savers();
  const { encryption } = { encryption: ENCRYPTION };
  await put(saver({ encryption }), "t", { id: id(1) });
  await put(saver({ encryption }), "t", { id: id(2), parent: id(1) });
  await saver({ encryption }).putWrites(config("t", "", id(2)), [["__interrupt__", 2]], "task");
  const [second, first] = await all(saver({ encryption }).listCheckpoints("t"));
  expect(second?.encrypted).toBeUndefined();
  const without = await all(saver().listCheckpoints("t"));
  expect(without.map(({ encrypted }) => encrypted?.keyId)).toEqual(["new", "new"]);
  const hidden = { metadata: undefined, encrypted: expect.any(EncryptionError) };
  const write = { taskId: "task", index: -3, taskPath: undefined, channel: undefined };
  expect(without).toEqual([
    { ...second, ...hidden, pendingWrites: [write] },
    { ...first, ...hidden },
  ]);
});
