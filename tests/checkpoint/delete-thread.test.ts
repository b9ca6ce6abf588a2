import { expect, test } from "vitest";
import { id, list, put } from "../conformance/saver/steps.js";
import { savers } from "./helpers.js";

test("deleteThread can be called for every thread while list returns them", async () => {
  const { saver } = await savers();
  const a = saver();
  await Promise.all(Array.from({ length: 230 }, (_, n) => put(a, `t${n}`, { id: id(1) })));
  for await (const tuple of a.list({})) await a.deleteThread(tuple.config.configurable?.thread_id);
  expect(await list(saver(), {})).toEqual([]);
});
