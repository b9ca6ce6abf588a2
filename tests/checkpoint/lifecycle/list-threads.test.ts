import { RedisSaver, type ThreadInfo } from "langgraph-redis";
import { expect, it } from "vitest";
import { threadKeys } from "../../../src/checkpoint/keys.js";
import { LIST_THREADS } from "../../../src/checkpoint/scripts/index.js";
import { config, id, listIds, put } from "../../conformance/saver/steps.js";
import { HOSTILE_STRINGS } from "../../helpers/hostile.js";
import { connect, freshPrefix, type TestClient } from "../../helpers/redis.js";
import { SteppingConnection } from "../../helpers/stepping-connection.js";
import { enterExpired, PAGE_SIZES, pagesOf } from "../helpers.js";
import { keysOf, openSaver, threadsOfOnePartition } from "./helpers.js";

const ORDERS = ["updatedAt", "createdAt"] as const;

/** Enters a thread into the indexes as created and written at some times. */
async function enter(client: TestClient, prefix: string, name: string, created: number, updated = created) {
  const { threads, created: creation } = threadKeys(prefix, name).partition;
  await client.zAdd(threads, { value: name, score: updated });
  await client.zAdd(creation, { value: name, score: created });
}

async function allPages(saver: RedisSaver, limit: number, orderBy: (typeof ORDERS)[number]) {
  const paged: ThreadInfo[] = [];
  for (;;) {
    const page = await saver.listThreads({ limit, before: paged.at(-1), orderBy });
    paged.push(...page);
    if (page.length < limit) return paged;
  }
}

it.each(ORDERS)(
  "listThreads returns the newest first by %s, and each thread once whatever the page size",
  async (orderBy) => {
    const { saver, client, prefix } = await openSaver();
    const names = Array.from({ length: 250 }, (_, n) => `thread-${n}`);
    // Many of the same millisecond, as when threads are written at once.
    for (const [n, name] of names.entries()) {
      const times = [1_000 + Math.floor(n / 40), 2_000 + Math.floor((250 - n) / 40)] as const;
      await enter(client, prefix, name, ...times);
    }
    const all = await saver.listThreads({ limit: 1_000, orderBy });
    expect(new Set(all.map((thread) => thread.threadId))).toEqual(new Set(names));
    const times = all.map((thread) => thread[orderBy].getTime());
    expect(times).toEqual([...times].sort((a, b) => b - a));
    for (const limit of [7, 100]) expect(await allPages(saver, limit, orderBy)).toEqual(all);
    const first = orderBy === "createdAt" ? 1_000 : 2_000;
    expect(await saver.listThreads({ before: new Date(first + 3), orderBy, limit: 200 })).toHaveLength(
      times.filter((time) => time < first + 3).length,
    );
  },
);

it("listThreads tells when a thread was written first and last", async () => {
  const { saver, client, prefix } = await openSaver();
  await saver.putWrites(config("t", "", id(1)), [["a", 1]], "task");
  const { threads, created } = threadKeys(prefix, "t").partition;
  for (const key of [threads, created]) await client.zAdd(key, { value: "t", score: 1_000 });
  await put(saver, "t", { id: id(1) });
  const [thread] = await saver.listThreads();
  expect(thread?.createdAt).toEqual(new Date(1_000));
  expect(thread?.updatedAt.getTime()).toBeGreaterThan(1_000);
  // A thread that is deleted and comes again is another one.
  await saver.deleteThread("t");
  await put(saver, "t", { id: id(1) });
  expect((await saver.listThreads())[0]?.createdAt.getTime()).toBeGreaterThan(1_000);
});

it("listThreads keeps the time of a thread's last write when the server's clock goes back", async () => {
  const { saver, client, prefix } = await openSaver();
  const later = Date.now() + 3_600_000;
  await put(saver, "t", { id: id(1) });
  await client.zAdd(threadKeys(prefix, "t").partition.threads, { value: "t", score: later });
  await put(saver, "t", { id: id(2), parent: id(1) });
  expect((await saver.listThreads())[0]?.updatedAt).toEqual(new Date(later));
});

it("listThreads returns a thread first that was just written", async () => {
  const { saver, client, prefix } = await openSaver();
  for (const [n, name] of ["a", "b", "c"].entries()) await enter(client, prefix, name, n);
  await put(saver, "a", { id: id(2) });
  const names = async (orderBy: (typeof ORDERS)[number]) =>
    (await saver.listThreads({ orderBy })).map((thread) => thread.threadId);
  expect(await names("updatedAt")).toEqual(["a", "c", "b"]);
});

it("listThreads by createdAt gives the pages that were there at the start, whatever is written meanwhile", async () => {
  const { saver, client, prefix } = await openSaver();
  for (let n = 0; n < 60; n++) await put(saver, `t${n}`, { id: id(1) });
  for (let n = 0; n < 60; n++) await enter(client, prefix, `t${n}`, 1_000 + (n >> 2));
  const before = await allPages(saver, 100, "createdAt");
  const paged: string[] = [];
  let last: ThreadInfo | undefined;
  for (let round = 0; ; round++) {
    const page = await saver.listThreads({ limit: 7, before: last, orderBy: "createdAt" });
    if (page.length === 0) break;
    paged.push(...page.map(({ threadId }) => threadId));
    last = page.at(-1);
    // Some are written, one is new, and one that has been listed goes, even the last one of the page.
    for (const n of [1, 20, 40, 59]) await put(saver, `t${n}`, { id: id(2 + round) });
    await put(saver, `new ${round}`, { id: id(1) });
    await saver.deleteThread(last?.threadId as string);
  }
  expect(paged).toEqual(before.map(({ threadId }) => threadId));
});

it("listThreads by updatedAt gives no thread twice while threads are written, and misses only these", async () => {
  const { saver, client, prefix } = await openSaver();
  for (let n = 0; n < 60; n++) await enter(client, prefix, `t${n}`, 1_000 + (n >> 2));
  const paged: string[] = [];
  const written = [1, 20, 40, 59].map((n) => `t${n}`);
  let last: ThreadInfo | undefined;
  for (let round = 0; ; round++) {
    const page = await saver.listThreads({ limit: 7, before: last });
    if (page.length === 0) break;
    paged.push(...page.map(({ threadId }) => threadId));
    last = page.at(-1);
    for (const name of written) await put(saver, name, { id: id(2 + round) });
  }
  expect(new Set(paged).size).toBe(paged.length);
  const missed = Array.from({ length: 60 }, (_, n) => `t${n}`).filter((name) => !paged.includes(name));
  expect(written).toEqual(expect.arrayContaining(missed));
  expect((await saver.listThreads({ limit: 4 })).map(({ threadId }) => threadId).sort()).toEqual(
    written.sort(),
  );
});

it("listThreads returns a page in one round trip, also of a partition that has all of its threads", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const connection = new SteppingConnection(client);
  const saver = new RedisSaver({ client: connection, keyPrefix });
  for (let n = 0; n < 1_000; n++) await enter(client, keyPrefix, `t${n}`, n);
  await saver.listThreads();
  for (const limit of [1, 10, 100]) {
    connection.reset();
    expect(await saver.listThreads({ limit })).toHaveLength(limit);
    expect(connection.sent).toHaveLength(256);
  }
  const lopsided = freshPrefix();
  const names = threadsOfOnePartition(50);
  for (const [n, name] of names.entries()) await enter(client, lopsided, name, n);
  const other = new RedisSaver({ client: connection, keyPrefix: lopsided });
  expect((await other.listThreads()).map(({ threadId }) => threadId)).toEqual(names.reverse());
});

it("listThreads returns threads of any name", async () => {
  const { saver } = await openSaver();
  const names = [...HOSTILE_STRINGS, "half \ud800", "half \udc00"];
  for (const name of names) await put(saver, name, { id: id(1) });
  for (const orderBy of ORDERS) {
    const listed = await allPages(saver, 3, orderBy);
    expect(new Set(listed.map((thread) => thread.threadId))).toEqual(new Set(names));
    expect(listed).toHaveLength(names.length);
  }
});

it("listThreads refuses bad options", async () => {
  const { saver } = await openSaver();
  await expect(saver.listThreads({ limit: -1 })).rejects.toThrow("got -1");
  await expect(saver.listThreads({ before: "yesterday" as unknown as Date })).rejects.toThrow(
    "got a string of 9 characters",
  );
  const entry = { threadId: "t", updatedAt: new Date() } as ThreadInfo;
  await expect(saver.listThreads({ before: entry, orderBy: "createdAt" })).rejects.toThrow("before must be");
  await expect(saver.listThreads({ orderBy: "name" as "createdAt" })).rejects.toThrow(
    'orderBy must be "updatedAt"',
  );
  expect(await saver.listThreads({ limit: 0 })).toEqual([]);
});

it("listThreads keeps the entry of a thread that is put again after it has expired", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const connection = new SteppingConnection(client);
  const saver = new RedisSaver({ client: connection, keyPrefix });
  const other = new RedisSaver({ client, keyPrefix });
  await enterExpired(client, keyPrefix, "t");
  connection.before(LIST_THREADS, () => put(other, "t", { id: id(1) }));
  await saver.listThreads();
  expect((await saver.listThreads()).map((thread) => thread.threadId)).toEqual(["t"]);
  expect(await listIds(saver, {})).toEqual([id(1)]);
});

it.each(PAGE_SIZES)("listThreads returns what an oracle does, in pages of %s", async (size) => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const saver = new RedisSaver({ client, keyPrefix, ...pagesOf(size) });
  const names = [...threadsOfOnePartition(5), "u1", "u2"];
  for (const count of [0, 3, 4, 7]) {
    // Three threads a millisecond; every fourth has expired.
    const all = names.slice(0, count).map((threadId, n) => {
      const updatedAt = new Date(Math.floor(n / 3));
      return { threadId, createdAt: new Date(7 - Math.floor(n / 3)), updatedAt };
    });
    const { expires } = threadKeys(keyPrefix, "t0").partition;
    for (const [n, { threadId, createdAt, updatedAt }] of all.entries()) {
      await enter(client, keyPrefix, threadId, createdAt.getTime(), updatedAt.getTime());
      // A moment ago: it is not listed, and not yet removed.
      const score = n % 4 === 3 ? Date.now() - 1 : Date.now() + 60_000;
      await client.zAdd(threadKeys(keyPrefix, threadId).partition.expires, { value: threadId, score });
    }
    for (const orderBy of ORDERS) {
      const alive = all
        .filter((_, n) => n % 4 !== 3)
        .sort((a, b) => b[orderBy].getTime() - a[orderBy].getTime() || (a.threadId < b.threadId ? 1 : -1));
      for (const limit of [1, 2, 5, 8]) {
        for (const before of [undefined, ...alive, ...[0, 2, 6, 8].map((time) => new Date(time))]) {
          if (count > 3) await client.zAdd(expires, { value: names[3] as string, score: Date.now() - 1 });
          const found = await saver.listThreads({ limit, before, orderBy });
          const at = before instanceof Date ? before : before?.[orderBy];
          const expected = alive.filter((thread) => {
            if (at === undefined || thread[orderBy] < at) return true;
            return !(before instanceof Date) && thread[orderBy].getTime() === at.getTime()
              ? thread.threadId < (before?.threadId ?? "")
              : false;
          });
          expect(found, JSON.stringify({ count, limit, before, orderBy })).toEqual(expected.slice(0, limit));
        }
      }
    }
  }
});

it("listThreads keeps the time of a thread's last write when the server's clock goes back", async () => {
  const { saver, client, prefix } = await openSaver();
  await put(saver, "t", { id: id(1) });
  const ahead = Date.now() + 3_600_000;
  await client.zAdd(threadKeys(prefix, "t").partition.threads, { value: "t", score: ahead });
  await put(saver, "t", { id: id(2), parent: id(1) });
  await saver.putWrites(config("t", "", id(2)), [["a", 1]], "task");
  expect((await saver.listThreads())[0]?.updatedAt.getTime()).toBe(ahead);
});

it("listThreads does not return a thread of which putWrites was given no writes", async () => {
  const { saver, client, prefix } = await openSaver({ ttl: { defaultTTL: 60 } });
  await saver.putWrites(config("t", "", id(1)), [], "task");
  expect(await saver.listThreads()).toEqual([]);
  expect(await keysOf(client, prefix)).toEqual([]);
});
