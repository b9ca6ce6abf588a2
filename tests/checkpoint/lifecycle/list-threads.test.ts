import { RedisSaver, type ThreadInfo } from "langgraph-redis";
import { expect, it } from "vitest";
import { FORGET_THREADS } from "../../../src/checkpoint/scripts/index.js";
import { id, listIds, put } from "../../conformance/saver/steps.js";
import { HOSTILE_STRINGS } from "../../helpers/hostile.js";
import { connect, freshPrefix } from "../../helpers/redis.js";
import { SteppingConnection } from "../../helpers/stepping-connection.js";
import { PAGE_SIZES, pagesOf } from "../helpers.js";
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
    "got a string of 9 characters",
  );
  expect(await saver.listThreads({ limit: 0 })).toEqual([]);
});

it("listThreads keeps the entry of a thread that is put after it was found expired", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const connection = new SteppingConnection(client);
  const saver = new RedisSaver({ client: connection, keyPrefix });
  const other = new RedisSaver({ client, keyPrefix });
  // An entry of long ago, whose thread has expired.
  await client.zAdd(`${keyPrefix}:threads`, { value: "t", score: 1_000 });
  connection.before(FORGET_THREADS, () => put(other, "t", { id: id(1) }));
  expect(await saver.listThreads()).toEqual([]);
  expect((await saver.listThreads()).map((thread) => thread.threadId)).toEqual(["t"]);
  expect(await listIds(saver, {})).toEqual([id(1)]);
});

it.each(PAGE_SIZES)("listThreads returns what an oracle does, in pages of %s", async (size) => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const saver = new RedisSaver({ client, keyPrefix, ...pagesOf(size) });
  const registry = `${keyPrefix}:threads`;
  for (let count = 0; count <= 7; count++) {
    // Three threads a millisecond; every fourth has expired.
    const all = Array.from({ length: count }, (_, n) => ({ threadId: `t${n}`, score: Math.floor(n / 3) }));
    const alive = all
      .filter((_, n) => n % 4 !== 3)
      .sort((a, b) => b.score - a.score || (a.threadId < b.threadId ? 1 : -1))
      .map(({ threadId, score }) => ({ threadId, updatedAt: new Date(score) }));
    const restore = () =>
      client.zAdd(
        registry,
        all.map(({ threadId, score }) => ({ value: threadId, score })),
      );
    for (const { threadId } of alive) await put(saver, threadId, { id: id(1) });
    for (const limit of [1, 2, 3, 4, 5, 6, 7, 8]) {
      for (const before of [undefined, ...alive, ...[0, 1, 2, 3].map((time) => new Date(time))]) {
        if (count > 0) await restore();
        const found = await saver.listThreads({ limit, before });
        const at = before instanceof Date ? before : before?.updatedAt;
        const expected = alive.filter(({ threadId, updatedAt }) => {
          if (at === undefined || updatedAt < at) return true;
          return !(before instanceof Date) && updatedAt.getTime() === at.getTime()
            ? threadId < (before?.threadId ?? "")
            : false;
        });
        expect(found, JSON.stringify({ count, limit, before })).toEqual(expected.slice(0, limit));
      }
    }
  }
});
