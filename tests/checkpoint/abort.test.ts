import { getEventListeners } from "node:events";
import type { CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { InvalidInputError, RedisSaver, type RedisSaverOptions } from "langgraph-redis";
import { describe, expect, onTestFinished, test } from "vitest";
import { config, id, list, put, values } from "../conformance/saver/steps.js";
import { connect, freshPrefix, proxied, redisUrl } from "../helpers/redis.js";
import { SteppingConnection } from "../helpers/stepping-connection.js";
import { keysUnder, pagesOf } from "./helpers.js";

const reason = new Error("the user left");
const METADATA: CheckpointMetadata = { source: "loop", step: 1, parents: {} };
const checkpoint = {
  v: 4,
  id: id(9),
  ts: "2026-01-01T00:00:00.000Z",
  channel_values: { a: ["new"] },
  channel_versions: { a: 2 },
  versions_seen: {},
};

type Operation = (saver: RedisSaver, signal: AbortSignal) => Promise<unknown>;

const READS: Record<string, Operation> = {
  getTuple: (saver, signal) => saver.getTuple({ ...config("t"), signal }),
  list: (saver, signal) => list(saver, { ...config("t"), signal }),
  "list with a filter": (saver, signal) => list(saver, { ...config("t"), signal }, { filter: { step: 0 } }),
  "list of all threads": (saver, signal) => list(saver, { signal }),
  getDeltaChannelHistory: (saver, signal) =>
    saver.getDeltaChannelHistory({ config: { ...config("t"), signal }, channels: ["delta"] }),
  listThreads: (saver, signal) => saver.listThreads({ signal }),
};
const WRITES: Record<string, Operation> = {
  put: (saver, signal) => saver.put({ ...config("t", "", id(3)), signal }, checkpoint, METADATA, { a: 2 }),
  putWrites: (saver, signal) => saver.putWrites({ ...config("t", "", id(3)), signal }, [["a", 1]], "task"),
  deleteThread: (saver, signal) => saver.deleteThread("t", { signal }),
  copyThread: (saver, signal) => saver.copyThread("t", "copy", { signal }),
  prune: (saver, signal) => saver.prune(["t", "u"], { strategy: "keep_latest", signal }),
  "prune of everything": (saver, signal) => saver.prune(["t", "u"], { strategy: "delete", signal }),
  deleteForRuns: (saver, signal) => saver.deleteForRuns(["run"], { signal }),
  expire: (saver, signal) => saver.expire("t", 60, { signal }),
  persist: (saver, signal) => saver.persist("t", { signal }),
};
const OPERATIONS = { ...READS, ...WRITES };

/** A saver whose connection a test can step through, two threads in it for the operations, and another one. */
async function prepared(options: RedisSaverOptions = {}) {
  const client = await connect();
  const connection = new SteppingConnection(client);
  const keyPrefix = freshPrefix();
  const saver = new RedisSaver({ client: connection, keyPrefix, ...options });
  for (const thread of ["t", "u", "other"]) {
    for (const n of [1, 2, 3]) {
      const metadata = thread === "other" ? {} : { run_id: "run" };
      await put(saver, thread, { id: id(n), parent: n > 1 ? id(n - 1) : "", values: { a: [n] }, metadata });
    }
  }
  connection.reset();
  return { client, connection, saver, keyPrefix };
}

/** All that is stored, but for times. */
async function stored({ client, keyPrefix }: Awaited<ReturnType<typeof prepared>>): Promise<unknown> {
  const keys = (await keysUnder(client, keyPrefix)).sort();
  return Promise.all(
    keys.map(async (key) => [key, (await client.pTTL(key)) > 0, await client.sendCommand(["DUMP", key])]),
  );
}

describe.each(Object.entries(OPERATIONS))("%s with a signal", (_, operation) => {
  test("that has aborted sends nothing, and rejects with the signal's reason", async () => {
    const { connection, saver } = await prepared();
    await expect(operation(saver, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(connection.sent).toEqual([]);
    await expect(operation(saver, AbortSignal.abort())).rejects.toMatchObject({ name: "AbortError" });
  });

  test("that aborts right before a command sends neither that one nor a later one", async () => {
    // Some ask each partition of the threads: those need not all be tried.
    for (let gap = 0; ; gap += gap < 8 ? 1 : 101) {
      const setup = await prepared(pagesOf(2));
      const { connection, saver } = setup;
      const controller = new AbortController();
      let before: unknown;
      connection.before(gap, async () => {
        before = await stored(setup);
        controller.abort(reason);
      });
      const outcome = await operation(saver, controller.signal).then(
        () => "done",
        (error: unknown) => error,
      );
      connection.reset();
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
      if (before === undefined) {
        expect(gap).toBeGreaterThan(0);
        expect(outcome).toBe("done");
        return;
      }
      expect(outcome).toBe(reason);
      expect(await stored(setup)).toEqual(before);
      // It can be done afterwards; a copy that was made is a copy.
      await saver.deleteThread("copy");
      await operation(saver, new AbortController().signal);
    }
  });

  test("that is no signal is refused", async () => {
    const { connection, saver } = await prepared();
    const refused = operation(saver, "5s" as never);
    await expect(refused).rejects.toBeInstanceOf(InvalidInputError);
    await expect(refused).rejects.toThrow("signal must be an AbortSignal, got a string of 2 characters.");
    expect(connection.sent).toEqual([]);
  });
});

test.each(Object.entries(OPERATIONS))(
  "%s that was sent is not waited for once its signal aborts, and others on the connection are answered",
  async (_, operation) => {
    const { keyPrefix } = await prepared();
    const proxy = await proxied(redisUrl());
    const saver = await RedisSaver.fromConnString(proxy.url, { keyPrefix, commandTimeout: 60_000 });
    onTestFinished(() => saver.end());
    await saver.getTuple(config("other"));
    proxy.stall();
    const controller = new AbortController();
    const before = values(saver, config("other", "", id(1)));
    const aborted = operation(saver, controller.signal);
    const after = values(saver, config("other", "", id(2)));
    setTimeout(() => controller.abort(reason), 10);
    await expect(aborted).rejects.toBe(reason);
    expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
    proxy.resume();
    expect([await before, await after]).toEqual([{ a: [1] }, { a: [2] }]);
  },
);

test("list notices that its signal aborts between two checkpoints of a page", async () => {
  const { connection, saver } = await prepared();
  const controller = new AbortController();
  const seen: string[] = [];
  const reading = async () => {
    for await (const { checkpoint } of saver.list({ ...config("t"), signal: controller.signal })) {
      seen.push(checkpoint.id);
      expect(getEventListeners(controller.signal, "abort")).toHaveLength(0);
      controller.abort(reason);
    }
  };
  await expect(reading()).rejects.toBe(reason);
  expect(seen).toEqual([id(3)]);
  expect(connection.sent).toHaveLength(1);
});

test("put that was aborted after it was sent may be stored, and can be repeated", async () => {
  const { keyPrefix, saver: other } = await prepared();
  const proxy = await proxied(redisUrl());
  const saver = await RedisSaver.fromConnString(proxy.url, { keyPrefix });
  onTestFinished(() => saver.end());
  await saver.getTuple(config("t"));
  const controller = new AbortController();
  proxy.stall();
  const aborted = (WRITES.put as Operation)(saver, controller.signal);
  await new Promise((resolve) => setTimeout(resolve, 20));
  controller.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  proxy.resume();
  await (WRITES.put as Operation)(saver, new AbortController().signal);
  expect(await values(other, config("t"))).toEqual({ a: ["new"] });
  expect(await values(saver, config("t"))).toEqual({ a: ["new"] });
});

test("put and putWrites of a graph's run are stored although the run's signal has aborted", async () => {
  const { saver } = await prepared();
  // As LangGraph completes the config of a run.
  const run = { recursionLimit: 25, signal: AbortSignal.abort(reason) };
  const config9 = await saver.put({ ...config("t", "", id(3)), ...run }, checkpoint, METADATA, { a: 2 });
  await saver.putWrites({ ...config9, ...run }, [["a", 1]], "task");
  const tuple = await saver.getTuple(config("t"));
  expect(tuple?.checkpoint.id).toBe(id(9));
  expect(tuple?.pendingWrites).toEqual([["task", "a", 1]]);
  await expect(saver.getTuple({ ...config("t"), ...run })).rejects.toBe(reason);
});

test("10,000 reads and writes with one signal leave it no listeners and no warning", async () => {
  const { saver } = await prepared();
  const warnings: Error[] = [];
  const note = (warning: Error) => warnings.push(warning);
  process.on("warning", note);
  onTestFinished(() => void process.off("warning", note));
  const { signal } = new AbortController();
  for (let batch = 0; batch < 100; batch++) {
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        await saver.putWrites({ ...config("t", "", id(3)), signal }, [["a", n]], `task-${batch % 10}`);
        await saver.getTuple({ ...config("t"), signal });
      }),
    );
  }
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  expect(warnings).toEqual([]);
});
