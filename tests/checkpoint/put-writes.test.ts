import { INTERRUPT } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { rawHash, savers } from "./helpers.js";

/** A value that is stored as a chunk of its own. */
const large = (n: number) => ({ n, text: Array.from({ length: 600 }, (_, at) => (at * n) ** 3).join(" ") });

async function threadWithCheckpoint() {
  const all = await savers();
  const saver = all.saver();
  await put(saver, "t", { id: id(1) });
  const at = config("t", "", id(1));
  const pending = async () => (await all.saver().getTuple(at))?.pendingWrites;
  const chunks = async () => [...(await rawHash(all.client, all.key("chunks"))).keys()].sort();
  return { ...all, saver, at, pending, chunks };
}

test("putWrites of a special write in place of an earlier one frees what only that one referred to", async () => {
  const { saver, at, pending, chunks } = await threadWithCheckpoint();
  await saver.putWrites(at, [[INTERRUPT, large(1)]], "task");
  const before = await chunks();
  expect(before).toHaveLength(2);
  await saver.putWrites(at, [[INTERRUPT, large(2)]], "task");
  expect(await pending()).toEqual([["task", INTERRUPT, large(2)]]);
  expect(await chunks()).toHaveLength(2);
  expect(await chunks()).not.toEqual(before);
});

test("putWrites of a special write that is there already keeps it", async () => {
  const { saver, at, pending, chunks } = await threadWithCheckpoint();
  for (let time = 0; time < 3; time++) await saver.putWrites(at, [[INTERRUPT, large(1)]], "task");
  expect(await pending()).toEqual([["task", INTERRUPT, large(1)]]);
  expect(await chunks()).toHaveLength(2);
});

test("putWrites of writes some of which are there stores the others, each index once, and no chunk in vain", async () => {
  const { saver, at, pending, chunks } = await threadWithCheckpoint();
  await saver.putWrites(at, [["a", large(1)]], "task");
  await saver.putWrites(
    at,
    [
      ["a", large(2)],
      ["b", large(3)],
    ],
    "task",
  );
  expect(await pending()).toEqual([
    ["task", "a", large(1)],
    ["task", "b", large(3)],
  ]);
  expect(await chunks()).toHaveLength(3);
});
