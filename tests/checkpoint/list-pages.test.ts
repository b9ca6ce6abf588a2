import { randomBytes } from "node:crypto";
import type { CheckpointListOptions, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { CorruptRecordError, RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/checkpoint/limits.js";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { pagesOf, savers } from "./helpers.js";

/** What a page is bounded by, in bytes. */
const inBytes = (pageBytes: number, firstPageBytes = pageBytes) =>
  ({ [LIMITS]: { pageBytes, firstPageBytes } }) as RedisSaverOptions;

const EVERYWHERE = { configurable: { thread_id: "t" } };
const nameOf = ({ config: { configurable } }: CheckpointTuple) =>
  `${configurable?.checkpoint_ns}:${configurable?.checkpoint_id}`;

/** Text that no compression makes shorter. */
const noise = (bytes: number) =>
  randomBytes(Math.ceil(bytes / 2))
    .toString("hex")
    .slice(0, bytes);

describe.each([
  ["of a namespace", config("t"), undefined],
  ["of a namespace with a filter", config("t"), { even: true }],
  ["of all namespaces", EVERYWHERE, undefined],
  ["of all namespaces with a filter", EVERYWHERE, { even: true }],
] as const)("list %s", (_, at, filter) => {
  const options: CheckpointListOptions = filter ? { filter } : {};

  test("receives little more than the first checkpoint for the first one", async () => {
    const proxy = await proxied(plainRedisUrl());
    const client = await connect(proxy.url);
    const keyPrefix = freshPrefix();
    const writer = new RedisSaver({ client, keyPrefix });
    for (let n = 0; n < 20; n++) {
      const values = { large: noise(300_000) };
      const ns = n % 5 === 0 ? "child" : "";
      await put(writer, "t", { id: id(n), values, metadata: { even: n % 2 === 0 } }, ns);
    }
    proxy.reset();
    const reader = new RedisSaver({ client, keyPrefix });
    for await (const tuple of reader.list(at, options)) {
      expect(tuple.checkpoint.id).toBe(filter ? id(18) : id(19));
      break;
    }
    expect(proxy.replyBytes).toBeGreaterThan(300_000);
    expect(proxy.replyBytes).toBeLessThan(350_000);
  });

  test("receives what checkpoints have in common once", async () => {
    const proxy = await proxied(plainRedisUrl());
    const client = await connect(proxy.url);
    const keyPrefix = freshPrefix();
    const writer = new RedisSaver({ client, keyPrefix });
    const messages: string[] = [];
    for (let n = 0; n < 60; n++) {
      messages.push(noise(5_000));
      const parent = n === 0 ? undefined : id(n - 1);
      const step = { id: id(n), parent, values: { messages }, versions: { messages: n + 1 } };
      await put(writer, "t", { ...step, metadata: { even: n % 2 === 0 } });
    }
    // Each page has a few checkpoints.
    const reader = new RedisSaver({ client, keyPrefix, ...inBytes(2_000) });
    proxy.reset();
    const tuples = await list(reader, at, options);
    expect(tuples.map(({ checkpoint }) => (checkpoint.channel_values.messages as string[]).length)).toEqual(
      Array.from({ length: 60 }, (_, n) => 60 - n).filter((n) => !filter || n % 2 === 1),
    );
    for (const { checkpoint } of tuples) {
      const read = checkpoint.channel_values.messages as string[];
      expect(read).toEqual(messages.slice(0, read.length));
    }
    expect(proxy.roundTrips).toBeGreaterThan(4);
    expect(proxy.replyBytes).toBeGreaterThan(150_000);
    expect(proxy.replyBytes).toBeLessThan(350_000); // not in each page
  });

  test.each([1, 700, 2_000])("reads the same in pages of %i bytes", async (bytes) => {
    const { saver } = await savers();
    const writer = saver();
    const names: string[] = [];
    for (let n = 0; n < 12; n++) {
      const ns = ["", "a", "b"][n % 3] as string;
      const step = { id: id(n), values: { text: noise(n * 100), step: n } };
      await put(writer, "t", { ...step, metadata: { even: n % 2 === 0 } }, ns);
      const isWanted = (at === EVERYWHERE || ns === "") && (!filter || n % 2 === 0);
      if (isWanted) names.unshift(`${ns}:${id(n)}`);
    }
    const found = await list(saver(inBytes(bytes)), at, options);
    expect(found.map(nameOf)).toEqual(names);
    const two = await list(saver(inBytes(bytes)), at, { ...options, limit: 2 });
    expect(two.map(nameOf)).toEqual(names.slice(0, 2));
  });

  // What a second client does between any two commands of a list that takes several pages.
  const works: Record<string, (other: RedisSaver) => Promise<unknown>> = {
    "a checkpoint is removed": (other) => other.deleteForRuns(["run 4"]),
    "many checkpoints are removed": (other) => other.prune(["t"], { strategy: "keep_latest", keepLast: 2 }),
    "checkpoints are put": async (other) => {
      await put(other, "t", { id: id(100), metadata: { even: true } });
      await put(other, "t", { id: id(5), metadata: { even: true } }, "c");
      await put(other, "t", { id: id(101), metadata: { even: true } }, "c");
    },
    "the thread is deleted": (other) => other.deleteThread("t"),
    "the thread is deleted and begins anew": async (other) => {
      await other.deleteThread("t");
      await put(other, "t", { id: id(3), metadata: { even: true } });
    },
  };
  test.each(Object.entries(works))(
    "lists nothing twice and misses nothing that stays, when %s",
    async (_name, work) => {
      await atEveryGap(async () => {
        const client = await connect();
        const keyPrefix = freshPrefix();
        const other = new RedisSaver({ client, keyPrefix });
        for (let n = 0; n < 9; n++) {
          const ns = ["", "a", "b"][n % 3] as string;
          const metadata = { even: n % 2 === 0, run_id: `run ${n}` };
          await put(other, "t", { id: id(n), values: { n }, metadata }, ns);
        }
        const before = (await list(other, at, options)).map(nameOf);
        const connection = new SteppingConnection(client);
        const saver = new RedisSaver({ client: connection, keyPrefix, ...pagesOf(2) });
        return {
          connection,
          operation: () => list(saver, at, options),
          work: () => work(other),
          check: async (gap, outcome) => {
            if (outcome.status === "rejected") throw outcome.reason;
            const found = outcome.value as CheckpointTuple[];
            const names = found.map(nameOf);
            expect(new Set(names).size, gap).toBe(names.length);
            const after = (await list(other, at, options)).map(nameOf);
            const stayed = before.filter((name) => after.includes(name));
            expect(names, gap).toEqual(expect.arrayContaining(stayed));
            expect([...before, ...after], gap).toEqual(expect.arrayContaining(names));
            const ids = names.map((name) => name.slice(name.indexOf(":") + 1));
            expect(ids, gap).toEqual([...ids].sort().reverse());
          },
        };
      });
    },
  );
});

test("list of all namespaces reads each id once, however many namespaces there are", async () => {
  const commands = async (namespaces: number) => {
    const client = await connect();
    const keyPrefix = freshPrefix();
    const writer = new RedisSaver({ client, keyPrefix });
    const names: string[] = [];
    for (let n = 0; n < 5 * namespaces; n++) {
      const ns = `child:${(n * 7) % namespaces}`;
      await put(writer, "t", { id: id(n) }, ns);
      names.unshift(`${ns}:${id(n)}`);
    }
    const connection = new SteppingConnection(client);
    const limits = { idPage: 10, namespacePage: 10 };
    const reader = new RedisSaver({ client: connection, keyPrefix, ...{ [LIMITS]: limits } });
    expect((await list(reader, EVERYWHERE)).map(nameOf)).toEqual(names);
    return connection.sent.length;
  };
  const [few, many] = [await commands(20), await commands(80)];
  expect(many).toBeLessThan(4.5 * few);
});

test("list of all namespaces orders ids by their bytes", async () => {
  const { saver } = await savers(pagesOf(2));
  const writer = saver();
  const ids = ["a", "B", "é", "z", "\u{10000}", "\uffee", "10", "9", "a:b", "a%b", "A b"];
  for (const [n, each] of ids.entries()) await put(writer, "t", { id: each }, ["", "x", "é"][n % 3]);
  const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(b), Buffer.from(a)));
  const found = await list(saver(), EVERYWHERE);
  expect(found.map(({ checkpoint }) => checkpoint.id)).toEqual(sorted);
  for (const each of ids) {
    const at = { configurable: { thread_id: "t", checkpoint_id: each } };
    expect((await list(saver(), at)).map(({ checkpoint }) => checkpoint.id)).toEqual([each]);
    const older = await list(saver(), EVERYWHERE, { before: config("t", "", each) });
    expect(older.map(({ checkpoint }) => checkpoint.id)).toEqual(sorted.slice(sorted.indexOf(each) + 1));
  }
});

test("list with a filter and a limit reads no more checkpoints than the limit", async () => {
  const proxy = await proxied(plainRedisUrl());
  const client = await connect(proxy.url);
  const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
  for (let n = 0; n < 20; n++) {
    await put(saver, "t", { id: id(n), values: { text: noise(20_000) }, metadata: { topic: "a" } });
  }
  proxy.reset();
  expect(await list(saver, config("t"), { filter: { topic: "a" }, limit: 2 })).toHaveLength(2);
  expect(proxy.replyBytes).toBeLessThan(60_000);
});

test("list of one namespace, and of a thread that has only one, is one round trip for each page", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const writer = new RedisSaver({ client, keyPrefix });
  for (let n = 0; n < 30; n++) await put(writer, "t", { id: id(n), values: { n } }, "child");
  const connection = new SteppingConnection(client);
  const saver = new RedisSaver({ client: connection, keyPrefix });
  for (const at of [config("t", "child"), EVERYWHERE]) {
    expect(await list(saver, at, { limit: 10 })).toHaveLength(10);
    expect(await list(saver, at)).toHaveLength(30);
    expect(connection.sent).toHaveLength(2);
    connection.reset();
  }
  expect(await list(saver, config("t", "child", id(7)))).toHaveLength(1);
  expect(connection.sent).toHaveLength(1);
});

test.each([
  ["", {}],
  [" with a filter", { filter: { step: 0 } }],
])("list%s tells a record that is gone while its thread has it listed", async (_, options) => {
  const { client, saver, key } = await savers();
  for (let n = 0; n < 3; n++) await put(saver(), "t", { id: id(n) });
  await put(saver(), "t", { id: id(3) }, "child");
  await client.hDel(key("checkpoints"), `:${id(1)}`);
  await expect(list(saver(), config("t"), options)).rejects.toBeInstanceOf(CorruptRecordError);
  await expect(list(saver(), EVERYWHERE, options)).rejects.toBeInstanceOf(CorruptRecordError);
  expect(await list(saver(), config("t", "child"), options)).toHaveLength(1);
});

test("list tells each altered byte of a record and of its chunks, with a filter and without", async () => {
  const { client, saver, key } = await savers();
  const values = { messages: [noise(200), noise(200)], large: noise(200) };
  await put(saver(), "t", { id: id(1), values, metadata: { topic: "a" } });
  const bytes = { typeMapping: { 36: Buffer } };
  for (const hash of ["checkpoints", "chunks"]) {
    for (const field of await client.hKeys(key(hash))) {
      if (field === "!") continue;
      const stored = (await client.sendCommand(["HGET", key(hash), field], bytes)) as unknown as Buffer;
      for (let at = 0; at < stored.length; at += 1 + (at % 7)) {
        const altered = Buffer.from(stored);
        altered[at] = (altered[at] as number) ^ 1;
        await client.hSet(key(hash), field, altered);
        for (const options of [{}, { filter: { topic: "a" } }]) {
          await expect(list(saver(), config("t"), options), `${field} ${at}`).rejects.toBeInstanceOf(
            CorruptRecordError,
          );
        }
      }
      await client.hSet(key(hash), field, stored);
    }
  }
  expect(await list(saver(), config("t"))).toHaveLength(1);
});

test("list returns nothing twice when a thread gets its second namespace between two pages", async () => {
  const client = await connect();
  const keyPrefix = freshPrefix();
  const other = new RedisSaver({ client, keyPrefix });
  for (let n = 0; n < 5; n++) await put(other, "t", { id: id(n) });
  const connection = new SteppingConnection(client);
  const saver = new RedisSaver({ client: connection, keyPrefix, ...pagesOf(2) });
  await list(saver, { configurable: { thread_id: "warm" } });
  connection.reset();
  connection.before(1, () => put(other, "t", { id: id(1) }, "child"));
  const found = (await list(saver, EVERYWHERE)).filter(
    ({ config }) => config.configurable?.checkpoint_ns === "",
  );
  expect(found.map(({ checkpoint }) => checkpoint.id)).toEqual([4, 3, 2, 1, 0].map(id));
});
