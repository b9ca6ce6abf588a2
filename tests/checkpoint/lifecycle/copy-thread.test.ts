import { RedisSaver } from "langgraph-redis";
import { expect, it } from "vitest";
import { createConnection } from "../../../src/redis/connection.js";
import { config, id, list, listIds, put } from "../../conformance/saver/steps.js";
import { crossSlotConnection } from "../../helpers/cross-slot-connection.js";
import { connect, freshPrefix } from "../../helpers/redis.js";
import { openSaver, threadKeysOf } from "./helpers.js";

const text = (n: number) => `${n} `.repeat(200);

async function source(saver: Parameters<typeof put>[0]): Promise<void> {
  for (let n = 0; n < 12; n++) {
    const parent = n === 0 ? undefined : id(n - 1);
    const texts = Array.from({ length: n + 1 }, (_, at) => text(at));
    await put(saver, "source", {
      id: id(n),
      parent,
      values: { texts },
      versions: { texts: n },
      metadata: { run_id: "r" },
    });
  }
  await put(saver, "source", { id: id(50), values: { a: 1 } }, "child");
  await saver.putWrites(config("source", "", id(11)), [["texts", [text(99)]]], "task");
}

it("copyThread copies all checkpoints, namespaces and writes, independently of the original", async () => {
  const { saver } = await openSaver();
  await source(saver);
  await saver.copyThread("source", "target");
  const contents = async (thread: string) =>
    (await list(saver, { configurable: { thread_id: thread } })).map(
      ({ checkpoint, metadata, pendingWrites }) => ({
        checkpoint,
        metadata,
        pendingWrites,
      }),
    );
  const original = await contents("source");
  expect(await contents("target")).toEqual(original);
  await put(saver, "target", {
    id: id(60),
    parent: id(11),
    values: { texts: ["new"] },
    versions: { texts: 60 },
  });
  expect(await contents("source")).toEqual(original);
  await saver.deleteThread("source");
  expect((await contents("target")).slice(1)).toEqual(original);
});

it("copyThread makes a thread that listThreads returns and deleteForRuns finds", async () => {
  const { saver } = await openSaver();
  await source(saver);
  await saver.copyThread("source", "target");
  expect((await saver.listThreads()).map((thread) => thread.threadId)).toEqual(["target", "source"]);
  expect(await saver.deleteForRuns(["r"])).toBe(24);
});

it("copyThread refuses a target that exists and a source that does not", async () => {
  const { saver } = await openSaver();
  await source(saver);
  await put(saver, "target", { id: id(1) });
  await expect(saver.copyThread("source", "target")).rejects.toThrow('"target" exists');
  await expect(saver.copyThread("source", "source")).rejects.toThrow('"source" exists');
  await expect(saver.copyThread("nobody", "elsewhere")).rejects.toThrow('no thread "nobody"');
  expect(await listIds(saver, config("target"))).toEqual([id(1)]);
  expect(await saver.getTuple(config("elsewhere"))).toBeUndefined();
});

it.each(["one slot", "two slots"])(
  "copyThread between %s makes a thread that expires when the original would",
  async (slots) => {
    const client = await connect();
    const prefix = freshPrefix();
    const connection = createConnection(client);
    const saver = new RedisSaver({
      client: slots === "one slot" ? client : crossSlotConnection(connection),
      keyPrefix: prefix,
      ttl: { defaultTTL: 60 },
    });
    await source(saver);
    await saver.expire("source", 5);
    await saver.copyThread("source", "target");
    const lives = async (thread: string) =>
      Promise.all(Object.values(threadKeysOf(prefix, thread)).map((key) => client.pTTL(key)));
    for (const thread of ["source", "target"]) {
      for (const left of await lives(thread)) {
        expect(left).toBeGreaterThan(4 * 60_000);
        expect(left).toBeLessThanOrEqual(5 * 60_000);
      }
    }
    // Its own time to live holds for what is written later.
    await put(saver, "target", { id: id(60) });
    expect(Math.max(...(await lives("target")))).toBeLessThanOrEqual(5 * 60_000);
    await saver.persist("source");
    await saver.copyThread("source", "kept");
    expect(await lives("kept")).toEqual([-1, -1, -1]);
  },
);

it("copyThread between two slots copies everything, refuses what it refuses in one, and keeps its target", async () => {
  const client = await connect();
  const saver = new RedisSaver({
    client: crossSlotConnection(createConnection(client)),
    keyPrefix: freshPrefix(),
  });
  await source(saver);
  await saver.copyThread("source", "target");
  const contents = async (thread: string) =>
    (await list(saver, { configurable: { thread_id: thread } })).map(({ checkpoint, pendingWrites }) => [
      checkpoint,
      pendingWrites,
    ]);
  expect(await contents("target")).toEqual(await contents("source"));
  await expect(saver.copyThread("source", "target")).rejects.toThrow('"target" exists');
  await expect(saver.copyThread("nobody", "elsewhere")).rejects.toThrow('no thread "nobody"');
  expect(await saver.deleteForRuns(["r"])).toBe(24);
});

it.each(["checkpoints", "index", "chunks"])(
  "copyThread leaves a target alone that has lost its key %s",
  async (lost) => {
    const { saver, client, prefix } = await openSaver();
    for (const thread of ["t", "u"]) await put(saver, thread, { id: id(1), values: { thread } });
    const key = threadKeysOf(prefix, "u")[lost] as string;
    await client.unlink(key);
    await expect(saver.copyThread("t", "u")).rejects.toThrow("exists already");
    expect(await client.exists(key)).toBe(0);
  },
);
