import { AsyncLocalStorage } from "node:async_hooks";
import { tracingChannel } from "node:diagnostics_channel";
import { type OperationMessage, RedisSaver, RedisStore } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { FakeEmbeddings } from "../store/fake-embeddings.js";
import { textIndex } from "../store/helpers.js";
import { recordOperations } from "./recorder.js";

async function openSaver() {
  const keyPrefix = freshPrefix();
  const saver = new RedisSaver({ client: await connect(plainRedisUrl()), keyPrefix });
  return { saver, keyPrefix, recorded: recordOperations(keyPrefix) };
}

async function openStore(options: Partial<ConstructorParameters<typeof RedisStore>[0]> = {}) {
  const keyPrefix = freshPrefix();
  const store = new RedisStore({ client: await connect(), keyPrefix, ...options });
  return { store, keyPrefix, recorded: recordOperations(keyPrefix) };
}

const checkpoints = (...ids: number[]) =>
  ids.map((n) => ({ id: id(n), parent: id(n - 1), values: { a: n } }));

test("every operation of a saver is reported with what it was about and how many results it had", async () => {
  const { saver, keyPrefix, recorded } = await openSaver();
  for (const step of checkpoints(1, 2, 3)) await put(saver, "t", step);
  const reported = async (work: () => Promise<unknown>) => {
    recorded.take();
    await work();
    const messages = recorded.take();
    return messages.map(({ operation, threadId, checkpointNs, checkpointId, results }) => [
      operation,
      ...(threadId === undefined ? [] : [threadId, checkpointNs, checkpointId]),
      results,
    ]);
  };
  const latest = config("t", "", id(3));
  const writes: [string, unknown][] = [
    ["a", 1],
    ["b", 2],
  ];
  expect({
    put: await reported(() => put(saver, "t", { id: id(4), values: { a: 4 } })),
    putWrites: await reported(() => saver.putWrites(latest, writes, "task")),
    getTuple: await reported(() => saver.getTuple(config("t"))),
    "getTuple of none": await reported(() => saver.getTuple(config("none", "ns"))),
    list: await reported(() => list(saver, config("t"))),
    getDeltaChannelHistory: await reported(() =>
      saver.getDeltaChannelHistory({ config: latest, channels: ["a", "b"] }),
    ),
    threadStats: await reported(() => saver.threadStats("t")),
    "threadStats of none": await reported(() => saver.threadStats("none")),
    listThreads: await reported(() => saver.listThreads()),
    expire: await reported(() => saver.expire("t", 10)),
    "persist of none": await reported(() => saver.persist("none")),
    copyThread: await reported(() => saver.copyThread("t", "copy")),
    prune: await reported(() => saver.prune(["copy"])),
    deleteForRuns: await reported(() => saver.deleteForRuns(["run"])),
    deleteThread: await reported(() => saver.deleteThread("t")),
  }).toEqual({
    put: [["put", "t", "", id(4), 1]],
    putWrites: [["putWrites", "t", "", id(3), 2]],
    getTuple: [["getTuple", "t", "", undefined, 1]],
    "getTuple of none": [["getTuple", "none", "ns", undefined, 0]],
    list: [["list", "t", undefined, undefined, 4]],
    getDeltaChannelHistory: [["getDeltaChannelHistory", "t", undefined, undefined, 0]],
    threadStats: [["threadStats", "t", undefined, undefined, 1]],
    "threadStats of none": [["threadStats", "none", undefined, undefined, 0]],
    listThreads: [["listThreads", 1]],
    expire: [["expire", "t", undefined, undefined, 1]],
    "persist of none": [["persist", "none", undefined, undefined, 0]],
    copyThread: [["copyThread", "t", undefined, undefined, undefined]],
    prune: [["prune", 3]],
    deleteForRuns: [["deleteForRuns", 0]],
    deleteThread: [["deleteThread", "t", undefined, undefined, 4]],
  });

  await saver.getTuple(config("none"));
  const { hostname, port } = new URL(plainRedisUrl());
  expect(recorded.take()).toEqual([
    {
      component: "saver",
      operation: "getTuple",
      keyPrefix,
      threadId: "none",
      checkpointNs: "",
      server: { address: hostname, port: Number(port) },
      duration: expect.any(Number),
      roundTrips: 1,
      bytesSent: expect.any(Number),
      bytesReceived: expect.any(Number),
      retries: 0,
      results: 0,
    },
  ]);
});

test("every operation of a store is reported, and the setup that it begins with as a part of it", async () => {
  const { store, recorded } = await openStore();
  const reported = async (work: () => Promise<unknown>) => {
    await work();
    return recorded
      .take()
      .map(({ component, operation, namespace, key, results }) =>
        [component, operation, namespace?.join("/"), key, results].join(" "),
      );
  };
  const drain = async () => {
    for await (const _ of store.iterate(["a"]));
  };
  expect([
    await reported(() => store.put(["a", "b"], "k", { n: 1 })),
    await reported(() => store.putItem(["a", "c"], "l", { n: 2 })),
    await reported(() => store.get(["a", "b"], "k")),
    await reported(() => store.get(["a", "b"], "none")),
    await reported(() => store.search(["a"], { limit: 10 })),
    await reported(() => store.listNamespaces()),
    await reported(drain),
    await reported(() => store.stats()),
    await reported(() => store.setup()),
    await reported(() => store.reindex()),
    await reported(() => store.delete(["a", "c"], "l")),
    await reported(() => store.deleteWhere(["a"], { n: 5 })),
    await reported(() => store.deleteNamespace(["a"])),
  ]).toEqual([
    ["store put a/b k 1"],
    ["store put a/c l 1"],
    ["store get a/b k 1"],
    ["store get a/b none 0"],
    ["store search a  2"],
    ["store listNamespaces   2"],
    ["store iterate a  2"],
    ["store stats   1"],
    ["store setup   "],
    ["store reindex   2"],
    ["store delete a/c l 1"],
    ["store deleteWhere a  0"],
    ["store deleteNamespace a  1"],
  ]);
});

test("batch: a batch of several operations is one, with its results by kind", async () => {
  const { store, recorded } = await openStore();
  await store.put(["a"], "k", { n: 1 });
  recorded.take();
  await store.batch([
    { namespace: ["a"], key: "k" },
    { namespace: ["a"], key: "none" },
    { namespacePrefix: ["a"] },
    { namespace: ["b"], key: "k", value: { n: 2 } },
    { namespace: ["b"], key: "l", value: { n: 3 } },
    { namespace: ["a"], key: "k", value: null },
    { matchConditions: [], limit: 10, offset: 0 },
  ]);
  const [batch, ...others] = recorded.take();
  expect(others).toEqual([]);
  expect(batch).toMatchObject({
    operation: "batch",
    results: 6,
    batch: {
      get: { operations: 2, results: 1 },
      search: { operations: 1, results: 1 },
      put: { operations: 2, results: 2 },
      delete: { operations: 1, results: 1 },
      listNamespaces: { operations: 1, results: 1 },
    },
  });
  expect(batch).not.toHaveProperty("namespace");
});

test("events come in the order of Node's tracing channels, those of a failure with the code of the error", async () => {
  const { saver, recorded } = await openSaver();
  await saver.getTuple(config("t"));
  expect(recorded.takeEvents()).toEqual([
    "start getTuple",
    "end getTuple",
    "asyncStart getTuple",
    "asyncEnd getTuple",
  ]);
  await expect(saver.expire("t", -1)).rejects.toThrow();
  expect(recorded.takeEvents()).toEqual([
    "start expire",
    "end expire",
    "error expire",
    "asyncStart expire",
    "asyncEnd expire",
  ]);
});

test("errorCode is the code of an error of the package, and the name of any other", async () => {
  const { saver, recorded } = await openSaver();
  await expect(saver.expire("t", -1)).rejects.toThrow();
  const aborted = { ...config("t"), signal: AbortSignal.abort() };
  await expect(saver.getTuple(aborted)).rejects.toThrow();
  const unnamed = { ...config("t"), signal: AbortSignal.abort("secret reason") };
  await expect(saver.getTuple(unnamed)).rejects.toBe("secret reason");
  const hostile = Object.defineProperty(new Error("secret"), "name", { value: "secret name\n" });
  await expect(saver.getTuple({ ...config("t"), signal: AbortSignal.abort(hostile) })).rejects.toBe(hostile);
  await saver.end();
  await expect(saver.getTuple(config("t"))).rejects.toThrow("end()");
  expect(recorded.take().map(({ errorCode, results }) => [errorCode, results])).toEqual([
    ["INVALID_INPUT", undefined],
    ["AbortError", undefined],
    ["Error", undefined],
    ["Error", undefined],
    ["NOT_CONNECTED", undefined],
  ]);
});

test("list and iterate are one operation, whose end comes with the last result, or when the loop is left", async () => {
  const { saver, recorded } = await openSaver();
  for (const step of checkpoints(1, 2, 3)) await put(saver, "t", step);
  recorded.take();
  for await (const { config: found } of saver.list(config("t"))) {
    expect(recorded.take(), found.configurable?.checkpoint_id).toEqual([]);
  }
  expect(recorded.take()).toMatchObject([{ operation: "list", results: 3, roundTrips: 1 }]);
  for await (const _ of saver.list(config("t"))) break;
  expect(recorded.take()).toMatchObject([{ operation: "list", results: 1, roundTrips: 1 }]);

  const listing = saver.list(config("t"));
  expect(recorded.takeEvents()).toEqual([]);
  await listing.next();
  expect(recorded.takeEvents()).toEqual(["start list", "end list"]);
  await saver.end();
  await expect(listing.next()).rejects.toThrow("end()");
  expect(recorded.take()).toMatchObject([{ errorCode: "NOT_CONNECTED" }]);
});

test("a message holds no value of the user's", async () => {
  const { saver, recorded } = await openSaver();
  const store = await openStore({ index: textIndex() });
  const secret = "s3cret";
  await put(saver, "t", { id: id(1), values: { a: secret }, metadata: { note: secret } });
  await saver.putWrites(config("t", "", id(1)), [["a", secret]], "task");
  await list(saver, config("t"), { filter: { note: secret } });
  await store.store.put(["a"], "k", { text: secret });
  await store.store.search(["a"], { query: secret, filter: { text: secret } });
  await store.store.deleteWhere(["a"], { text: secret });
  const batch = [
    { namespace: ["a"], key: "k", value: { text: secret } },
    { namespace: [], key: "k", value: { text: secret } },
  ];
  await expect(store.store.batch(batch)).rejects.toThrow();
  const refused = { configurable: { thread_id: { secret }, checkpoint_ns: "" } };
  await expect(saver.getTuple(refused as never)).rejects.toThrow();
  await expect(list(saver, refused as never)).rejects.toThrow();
  const messages = [...recorded.take(), ...store.recorded.take()];
  expect(messages.map(({ operation }) => operation)).toContain("batch");
  expect(JSON.stringify(messages)).not.toContain(secret);
  const all = messages.flatMap((message) =>
    Reflect.ownKeys(message).map((name) => Reflect.get(message, name)),
  );
  expect(all.filter((value) => value instanceof Error)).toEqual([]);
});

test("an operation that a callback of another one calls is one of its own", async () => {
  const { saver, recorded: savers } = await openSaver();
  class Calling extends FakeEmbeddings {
    override async embedDocuments(texts: string[]) {
      await saver.getTuple(config("t"));
      return super.embedDocuments(texts);
    }
  }
  const { store, recorded } = await openStore({ index: textIndex(new Calling()) });
  await store.setup();
  recorded.take();
  await store.put(["a"], "k", { text: "one" });
  expect(savers.take()).toMatchObject([{ operation: "getTuple", roundTrips: 1 }]);
  expect(recorded.take()).toMatchObject([{ operation: "put", roundTrips: 1 }]);
});

test("what a listener binds to the start is there in all of the operation, and nowhere else", async () => {
  const bound = new AsyncLocalStorage<string>();
  const { start } = tracingChannel("langgraph-redis:operation");
  start.bindStore(bound, (message) => (message as OperationMessage).operation);
  onTestFinished(() => void start.unbindStore(bound));
  const seen: (string | undefined)[] = [];
  class Looking extends FakeEmbeddings {
    override async embedDocuments(texts: string[]) {
      seen.push(bound.getStore());
      return super.embedDocuments(texts);
    }
  }
  const { store } = await openStore({ index: textIndex(new Looking()) });
  await store.put(["a"], "k", { text: "one" });
  seen.push(bound.getStore());
  expect(seen).toEqual(["put", undefined]);
});

test("nothing is published when nobody listens, and one who begins to listen gets what begins then", async () => {
  const { saver, recorded } = await openSaver();
  const running = list(saver, config("t"));
  recorded.stop();
  await running;
  await saver.getTuple(config("t"));
  const { takeEvents } = recorded;
  expect(takeEvents()).toEqual(["start list", "end list"]);
});

test("a store that connects reports its setup", async () => {
  const keyPrefix = freshPrefix();
  const recorded = recordOperations(keyPrefix);
  const store = await RedisStore.fromConnString(redisUrl(), { keyPrefix });
  await store.stop();
  const { hostname, port } = new URL(redisUrl());
  expect(recorded.take()).toMatchObject([
    { operation: "setup", server: { address: hostname, port: Number(port) } },
  ]);
});
