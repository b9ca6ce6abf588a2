import type { ThreadInfo } from "langgraph-redis";
import { expect, it } from "vitest";
import { id, put } from "../../conformance/saver/steps.js";
import { HOSTILE_STRINGS } from "../../helpers/hostile.js";
import { openSaver } from "./helpers.js";

it("listThreads returns the newest first, and each thread once whatever the page size", async () => {
  const { saver, client, prefix } = await openSaver();
  const names = Array.from({ length: 250 }, (_, n) => `thread-${n}`);
  for (const name of names) await put(saver, name, { id: id(1) });
  // Many of the same millisecond, as when threads are written at once.
  for (const [n, name] of names.entries()) {
    await client.zAdd(`${prefix}:threads`, { value: name, score: 1_000 + Math.floor(n / 40) });
  }
  const all = await saver.listThreads({ limit: 1_000 });
  expect(new Set(all.map((thread) => thread.threadId))).toEqual(new Set(names));
  const times = all.map((thread) => thread.updatedAt.getTime());
  expect(times).toEqual([...times].sort((a, b) => b - a));
  for (const limit of [1, 7, 100]) {
    const paged: ThreadInfo[] = [];
    for (;;) {
      const page = await saver.listThreads({ limit, before: paged.at(-1) });
      paged.push(...page);
      if (page.length < limit) break;
    }
    expect(paged).toEqual(all);
  }
  expect(await saver.listThreads({ before: new Date(1_003) })).toHaveLength(100);
  expect(
    (await saver.listThreads({ before: new Date(1_001) })).every((t) => t.updatedAt.getTime() === 1_000),
  ).toBe(true);
});

it("listThreads returns a thread first that was just written", async () => {
  const { saver, client, prefix } = await openSaver();
  for (const [n, name] of ["a", "b", "c"].entries()) {
    await put(saver, name, { id: id(1) });
    await client.zAdd(`${prefix}:threads`, { value: name, score: n });
  }
  await put(saver, "a", { id: id(2) });
  expect((await saver.listThreads()).map((thread) => thread.threadId)).toEqual(["a", "c", "b"]);
});

it("listThreads returns threads of any name", async () => {
  const { saver } = await openSaver();
  const names = [...HOSTILE_STRINGS, "half \ud800", "half \udc00"];
  for (const name of names) await put(saver, name, { id: id(1) });
  const listed = await saver.listThreads({ limit: 1_000 });
  expect(new Set(listed.map((thread) => thread.threadId))).toEqual(new Set(names));
});

it("listThreads refuses bad options", async () => {
  const { saver } = await openSaver();
  await expect(saver.listThreads({ limit: -1 })).rejects.toThrow("got -1");
  await expect(saver.listThreads({ before: "yesterday" as unknown as Date })).rejects.toThrow(
    'got "yesterday"',
  );
  expect(await saver.listThreads({ limit: 0 })).toEqual([]);
});
