import { type RedisSaver, ThreadConflictError } from "langgraph-redis";
import { expect, test } from "vitest";
import { threadKeys } from "../../../src/checkpoint/keys.js";
import { LIMITS } from "../../../src/checkpoint/limits.js";
import { execute } from "../../../src/checkpoint/scripts/execute.js";
import { REWRITE_BEGIN, REWRITE_FINISH, REWRITE_STAGE } from "../../../src/checkpoint/scripts/index.js";
import type { Arg, Command } from "../../../src/redis/command.js";
import { createConnection } from "../../../src/redis/connection.js";
import type { Script } from "../../../src/redis/script.js";
import { config, id, put } from "../../conformance/saver/steps.js";
import { DyingConnection } from "../../helpers/dying-connection.js";
import { connect, type TestClient } from "../../helpers/redis.js";
import { atEveryGap, SteppingConnection } from "../../helpers/stepping-connection.js";
import { expectConsistent } from "../consistency.js";
import { big, entry, keysUnder, savers } from "../helpers.js";
import { identity, rawThread, readThread, rewrite, unpacking } from "./helpers.js";

/** So that a small thread is several portions. */
const SMALL = { [LIMITS]: { pageBytes: 20_000, scriptBatch: 12 } } as object;

/** A thread with a table, a tail, an alias, pending writes and two namespaces. */
async function source(saver: RedisSaver, thread = "t") {
  for (let n = 1; n <= 4; n++) {
    const l = [...Array.from({ length: 2 + n }, (_, at) => (at === 3 ? big(at) : entry(at))), entry(90)];
    const parent = n === 1 ? {} : { parent: id(n - 1) };
    await put(saver, thread, {
      ...{ id: id(n), ...parent, values: { l: n > 2 ? [big(0), big(1), ...l] : l }, versions: { l: n } },
      metadata: { run_id: `r${n % 2}` },
    });
  }
  await put(saver, thread, { id: id(1), values: { l: [entry(1)] } }, "child");
  await saver.putWrites(config(thread, "", id(4)), [["l", "x".repeat(5_000)]], "task");
}

async function setting() {
  const { client, keyPrefix, saver } = await savers();
  const connection = new SteppingConnection(await connect());
  const rewriter = saver({ ...SMALL, client: connection } as object);
  return { client, keyPrefix, saver, connection, rewriter };
}

const isCallOf = (args: readonly Arg[], { sha, source: text }: Script) =>
  [sha, text].includes(String(args[1]));

const staged = async (client: TestClient, keyPrefix: string) =>
  (await keysUnder(client, keyPrefix)).filter((key) => key.includes(":rewrite:"));

type Work = (saver: RedisSaver, thread: string) => Promise<unknown>;

const others: Record<string, Work> = {
  put: (saver, thread) =>
    put(saver, thread, { id: id(5), parent: id(4), values: { l: [entry(7)] }, versions: { l: 5 } }),
  expire: (saver, thread) => saver.expire(thread, 60),
  deleteThread: (saver, thread) => saver.deleteThread(thread),
  "getTuple with a time to live": (saver, thread) => saver.getTuple(config(thread)),
};

const writers: Record<string, Work> = {
  ...others,
  putWrites: (saver, thread) => saver.putWrites(config(thread, "", id(4)), [["l", 1]], "late"),
  prune: (saver, thread) => saver.prune([thread]),
  deleteForRuns: (saver) => saver.deleteForRuns(["r1"]),
  persist: (saver, thread) => saver.persist(thread),
};

test("whatever writes to a thread gives it another state, and reading does not", async () => {
  const { client, keyPrefix, saver } = await setting();
  for (const [name, work] of Object.entries(writers)) {
    const { all, checkpoints } = threadKeys(keyPrefix, name);
    await source(saver(), name);
    await execute(createConnection(client), REWRITE_BEGIN.call(all, ["a state"]));
    expect([name, await client.hGet(checkpoints, "state")]).toEqual([name, "a state"]);
    await work(saver({ ttl: { defaultTTL: 10, refreshOnRead: true } }), name);
    expect([name, await client.hGet(checkpoints, "state")]).toEqual([
      name,
      name.startsWith("get") ? "a state" : null,
    ]);
  }
});

test.each(Object.entries(others))(
  "what %s does to a thread while it is rewritten is not lost",
  async (name, work) => {
    const control = await setting();
    const options = { ttl: { defaultTTL: 10, refreshOnRead: true } };
    await source(control.saver(options));
    await work(control.saver(options), "t");
    const expected = await readThread(control.saver(), "t");
    const lives = async (client: TestClient, keyPrefix: string) =>
      (await rawThread(client, keyPrefix, "t")).expires.map((moment) => moment > Date.now() + 11 * 60_000);
    const expectedLives = await lives(control.client, control.keyPrefix);
    // Before the last command only, where every gap would be alike.
    const isGap = ({ args }: Command) => name === "put" || isCallOf(args, REWRITE_FINISH);
    await atEveryGap(async () => {
      const { client, keyPrefix, saver, connection, rewriter } = await setting();
      const other = saver(options);
      await source(other);
      return {
        connection,
        operation: () => rewrite(rewriter, "t", unpacking()),
        work: () => work(other, "t"),
        check: async (gap, outcome) => {
          expect([gap, outcome.status]).toEqual([gap, "fulfilled"]);
          expect([gap, await readThread(saver(), "t")]).toEqual([gap, expected]);
          expect([gap, await lives(client, keyPrefix)]).toEqual([gap, expectedLives]);
          await expectConsistent(client, keyPrefix, gap);
          expect([gap, await staged(client, keyPrefix)]).toEqual([gap, []]);
        },
      };
    }, isGap);
  },
);

test("a copy is of one moment, before or after a put", async () => {
  const work = others.put as Work;
  const control = await setting();
  await source(control.saver());
  const before = (await readThread(control.saver(), "t")).tuples.map(({ checkpoint }) => checkpoint);
  await work(control.saver(), "t");
  const after = (await readThread(control.saver(), "t")).tuples.map(({ checkpoint }) => checkpoint);
  await atEveryGap(async () => {
    const { client, keyPrefix, saver, connection, rewriter } = await setting();
    await source(saver());
    return {
      connection,
      operation: () => rewrite(rewriter, "t", unpacking(), { target: "copy" }),
      work: () => work(saver(), "t"),
      check: async (gap) => {
        const copied = (await readThread(saver(), "copy")).tuples.map(({ checkpoint }) => checkpoint);
        expect([gap, [before, after]]).toEqual([gap, expect.arrayContaining([copied])]);
        const left = (await readThread(saver(), "t")).tuples.map(({ checkpoint }) => checkpoint);
        expect([gap, left]).toEqual([gap, after]);
        await expectConsistent(client, keyPrefix, gap);
      },
    };
  });
});

test("a process that is killed at any point leaves the thread as it was, and nothing that does not expire", async () => {
  for (let left = 0; ; left++) {
    const { client, keyPrefix, saver } = await setting();
    await source(saver());
    const before = await rawThread(client, keyPrefix, "t");
    const connection = new DyingConnection(await connect(), left);
    await rewrite(saver({ ...SMALL, client: connection } as object), "t", unpacking()).catch(() => {});
    if (!connection.isDead) break;
    expect([left, await rawThread(client, keyPrefix, "t")]).toEqual([left, before]);
    for (const key of await staged(client, keyPrefix)) expect(await client.pTTL(key)).toBeGreaterThan(0);
  }
});

test("a thread that is written to all the time is left alone, and the error says why", async () => {
  const { client, keyPrefix, saver, connection, rewriter } = await setting();
  await source(saver());
  const before = (await rawThread(client, keyPrefix, "t")).chunks;
  let writes = 0;
  const writeEachTime = async () => {
    writes += 1;
    await saver().putWrites(config("t", "", id(4)), [["n", writes]], `task ${writes}`);
    if (writes < 5) connection.before(REWRITE_FINISH, writeEachTime);
  };
  connection.before(REWRITE_FINISH, writeEachTime);
  const error = await rewrite(rewriter, "t", unpacking()).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ThreadConflictError);
  expect((error as Error).message).toContain(
    'rewriting of thread "t" was given up: each time the thread was written to',
  );
  expect((await rawThread(client, keyPrefix, "t")).chunks).toEqual(before);
  expect(await staged(client, keyPrefix)).toEqual([]);
});

test.each(["a key", "a chunk", "everything"])(
  "when %s of what was prepared is evicted, it is prepared again",
  async (lost) => {
    const { client, keyPrefix, saver, connection, rewriter } = await setting();
    await source(saver());
    const read = await readThread(saver(), "t");
    const evict = async () => {
      const keys = await staged(client, keyPrefix);
      const chunks = keys.find((key) => key.endsWith(":chunks")) as string;
      const [name = ""] = (await client.hKeys(chunks)).filter((field) => field !== "!");
      if (lost === "a key") await client.unlink(chunks);
      else if (lost === "a chunk") await client.hDel(chunks, name);
      else await client.unlink(keys);
    };
    connection.before(REWRITE_FINISH, evict);
    let stages = 0;
    connection.before(({ args }) => isCallOf(args, REWRITE_STAGE) && ++stages === 2, evict);
    await rewrite(rewriter, "t", unpacking());
    expect(await readThread(saver(), "t")).toEqual(read);
    await expectConsistent(client, keyPrefix);
  },
);

test("two who rewrite a thread at the same time do not hinder each other", async () => {
  const { client, keyPrefix, saver, connection, rewriter } = await setting();
  await source(saver());
  const read = await readThread(saver(), "t");
  connection.before(REWRITE_FINISH, () => rewrite(saver(), "t", unpacking()));
  connection.before(REWRITE_BEGIN, () => rewrite(saver(), "t", identity()));
  await rewrite(rewriter, "t", unpacking());
  const copies = await Promise.all(
    ["c1", "c2", "c3"].map((target) => rewrite(saver(), "t", identity(), { target })),
  );
  expect(copies).toEqual(copies.map(() => expect.objectContaining({ checkpoints: 5 })));
  for (const thread of ["t", "c1", "c2", "c3"]) {
    const { tuples } = await readThread(saver(), thread);
    expect(tuples.map(({ checkpoint }) => checkpoint)).toEqual(
      read.tuples.map(({ checkpoint }) => checkpoint),
    );
  }
  await expectConsistent(client, keyPrefix);
});

test("a list of many tables keeps its structure, also where a part of it is still to be freed", async () => {
  const { client, keyPrefix, saver, key } = await savers();
  const elements = Array.from({ length: 20_000 }, (_, n) => `element ${n} ${"x".repeat(500)}`);
  await put(saver(), "t", { id: id(1), values: { elements } });
  await put(saver(), "t", { id: id(1), values: { elements: elements.slice(0, 9_000) } });
  expect((await client.zRange(key("index"), 0, -1)).filter((member) => member.startsWith("h:"))).not.toEqual(
    [],
  );
  const before = await rawThread(client, keyPrefix, "t");
  await rewrite(saver(), "t", identity());
  expect(await rawThread(client, keyPrefix, "t")).toEqual(before);
  await expectConsistent(client, keyPrefix);
});
