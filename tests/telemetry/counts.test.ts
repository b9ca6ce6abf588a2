import { Redis } from "ioredis";
import { type OperationMessage, type RedisClient, RedisSaver, RedisStore } from "langgraph-redis";
import { fromIoredis } from "langgraph-redis/ioredis";
import { expect, onTestFinished, test } from "vitest";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";
import { textIndex } from "../store/helpers.js";
import { recordOperations } from "./recorder.js";

const state = (n: number) => ({
  l: Array.from({ length: 20 * n }, (_, at) => `element ${at} – ${"x".repeat(at)}`),
  n,
});

/** What saver and store do in the order of a conversation, by the name that it is reported with. */
function operations(saver: RedisSaver, store: RedisStore): [name: string, work: () => Promise<unknown>][] {
  return [
    ["put", () => put(saver, "t", { id: id(1), values: state(1) })],
    ["put", () => put(saver, "t", { id: id(2), parent: id(1), values: state(2) })],
    ["putWrites", () => saver.putWrites(config("t", "", id(2)), [["l", "ü"]], "task")],
    ["getTuple", () => saver.getTuple(config("t", "", id(1)))],
    ["getTuple", () => saver.getTuple(config("none"))],
    ["list", () => list(saver, config("t"))],
    ["list", () => list(saver, {})],
    ["listThreads", () => saver.listThreads()],
    ["copyThread", () => saver.copyThread("t", "other")],
    ["threadStats", () => saver.threadStats("t")],
    ["prune", () => saver.prune(["t"])],
    ["deleteThread", () => saver.deleteThread("t")],
    ["setup", () => store.setup()],
    ["put", () => store.put(["a"], "k", { text: "one – two", n: 1.5 })],
    ["get", () => store.get(["a"], "k")],
    ["search", () => store.search(["a"], { query: "one" })],
    ["search", () => store.search(["a"], { query: "two", mode: "text", filter: { n: { $gt: 1 } } })],
    ["listNamespaces", () => store.listNamespaces()],
    ["deleteNamespace", () => store.deleteNamespace(["a"])],
  ];
}

/** Counts of the messages and of the proxy, operation by operation. */
async function compare(clientOf: (url: string) => Promise<RedisClient>, url?: string) {
  const proxy = await proxied(url);
  const client = await clientOf(proxy.url);
  const keyPrefix = freshPrefix();
  const recorded = recordOperations(keyPrefix);
  const saver = new RedisSaver({ client, keyPrefix });
  const store = new RedisStore({ client, keyPrefix, index: textIndex() });
  const counted: object[] = [];
  const real: object[] = [];
  for (const [name, work] of operations(saver, store)) {
    proxy.reset();
    await work();
    real.push({ name, roundTrips: proxy.roundTrips, sent: proxy.requestBytes, received: proxy.replyBytes });
    const [message, ...others] = recorded.take();
    expect(others).toEqual([]);
    const { operation, roundTrips, bytesSent, bytesReceived } = message as OperationMessage;
    counted.push({ name: operation, roundTrips, sent: bytesSent, received: bytesReceived });
  }
  return { counted, real };
}

test("round trips and bytes of each operation are those that go over the wire in RESP2", async () => {
  const { counted, real } = await compare((url) => connect(url, { RESP: 2 }));
  expect(counted).toEqual(real);
});

test("over RESP3 and with ioredis, the same is sent, and what is received is counted as in RESP2", async () => {
  const withoutReceived = (counts: object[]) => counts.map((count) => ({ ...count, received: 0 }));
  const resp3 = await compare((url) => connect(url, { RESP: 3 }));
  expect(withoutReceived(resp3.counted)).toEqual(withoutReceived(resp3.real));
  const ioredis = await compare(async (url) => {
    const redis = new Redis(url);
    onTestFinished(() => redis.disconnect());
    await redis.ping();
    return fromIoredis(redis);
  });
  expect(withoutReceived(ioredis.counted)).toEqual(withoutReceived(ioredis.real));
});

test("operations on one connection at the same time are each told their own counts", async () => {
  const keyPrefix = freshPrefix();
  const recorded = recordOperations(keyPrefix);
  const client = await connect(plainRedisUrl());
  const [saver, other] = [new RedisSaver({ client, keyPrefix }), new RedisSaver({ client, keyPrefix })];
  const threads = Array.from({ length: 10 }, (_, at) => `thread ${at}`);
  for (const [at, thread] of threads.entries()) await put(saver, thread, { id: id(1), values: state(at) });
  await other.getTuple(config("none"));
  recorded.take();
  const read = (by: RedisSaver, thread: string) => by.getTuple(config(thread));
  for (const thread of threads) await read(new RedisSaver({ client, keyPrefix }), thread);
  const alone = new Map(recorded.take().map((message) => [message.threadId, message]));
  await Promise.all(
    threads.map((thread, at) => read(at % 2 ? other : new RedisSaver({ client, keyPrefix }), thread)),
  );
  const together = recorded.take();
  expect(together).toHaveLength(threads.length);
  for (const message of together) {
    const { roundTrips, bytesSent, bytesReceived } = alone.get(message.threadId) as OperationMessage;
    expect(message).toMatchObject({ roundTrips, bytesSent, bytesReceived });
  }
  expect(new Set(together.map(({ bytesReceived }) => bytesReceived)).size).toBe(threads.length);
});

test("retries counts how often commands were sent again after a lost connection", async () => {
  const proxy = await proxied(plainRedisUrl());
  const keyPrefix = freshPrefix();
  const saver = await RedisSaver.fromConnString(proxy.url, { keyPrefix });
  onTestFinished(() => saver.end());
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  const recorded = recordOperations(keyPrefix);
  await saver.getTuple(config("t"));
  proxy.cutReplyAfter(1);
  await saver.getTuple(config("t"));
  const [undisturbed, cut] = recorded.take() as [OperationMessage, OperationMessage];
  expect(undisturbed).toMatchObject({ retries: 0, roundTrips: 1 });
  expect(cut).toMatchObject({ retries: 1, roundTrips: 2, bytesReceived: undisturbed.bytesReceived });
  expect(cut.bytesSent).toBe(2 * (undisturbed.bytesSent as number));
});
