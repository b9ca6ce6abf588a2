import { Annotation, entrypoint, Send, START, StateGraph, task } from "@langchain/langgraph";
import { RedisCache, RedisSaver } from "langgraph-redis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { startCluster, type TestCluster } from "../helpers/servers/index.js";

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

const SERVERS: Record<string, (keyPrefix: string) => Promise<RedisCache>> = {
  "one server": (keyPrefix) => RedisCache.fromConnString(plainRedisUrl(), { keyPrefix, onError: fail }),
  "a cluster": (keyPrefix) => RedisCache.fromCluster(cluster.rootNodes, { keyPrefix, onError: fail }),
};

function fail(error: Error): never {
  throw error;
}

const State = Annotation.Root({
  topic: Annotation<string>,
  user: Annotation<string>,
  texts: Annotation<string[]>({ reducer: (texts, added) => [...texts, ...added], default: () => [] }),
});
type Input = typeof State.State;

/** A graph of one node that counts how often it runs. */
function counting(cachePolicy: Parameters<StateGraph<typeof State.spec>["addNode"]>[2]) {
  const calls: string[] = [];
  const builder = new StateGraph(State)
    .addNode(
      "write",
      ({ topic }: Input) => {
        calls.push(topic);
        return { texts: [`about ${topic}, ${calls.length}`] };
      },
      cachePolicy,
    )
    .addEdge(START, "write");
  return { calls, builder };
}

describe.each(Object.keys(SERVERS))("on %s", (name) => {
  const open = (keyPrefix = freshPrefix()) => (SERVERS[name] as (typeof SERVERS)[string])(keyPrefix);

  test("a node is not run again for the same input, in another process either", async () => {
    const keyPrefix = freshPrefix();
    await using cache = await open(keyPrefix);
    await using other = await open(keyPrefix);
    const { calls, builder } = counting({ cachePolicy: true });
    const first = await builder.compile({ cache }).invoke({ topic: "tea" });
    expect(first.texts).toEqual(["about tea, 1"]);
    expect(await builder.compile({ cache: other }).invoke({ topic: "tea" })).toEqual(first);
    await builder.compile({ cache }).invoke({ topic: "wine" });
    expect(calls).toEqual(["tea", "wine"]);
  });

  test("a stream says which updates came from the cache", async () => {
    await using cache = await open();
    const graph = counting({ cachePolicy: true }).builder.compile({ cache });
    const updates = async () => {
      const all: unknown[] = [];
      for await (const update of await graph.stream({ topic: "tea" }, { streamMode: "updates" }))
        all.push(update);
      return all;
    };
    const write = { texts: ["about tea, 1"] };
    expect(await updates()).toEqual([{ write }]);
    expect(await updates()).toEqual([{ write, __metadata__: { cached: true } }]);
  });

  test("keyFunc says what makes inputs the same", async () => {
    await using cache = await open();
    const keyFunc = ([input]: unknown[]) => (input as Input).topic;
    const { calls, builder } = counting({ cachePolicy: { keyFunc } });
    const graph = builder.compile({ cache });
    await graph.invoke({ topic: "tea", user: "ann" });
    const { user, texts } = await graph.invoke({ topic: "tea", user: "bob" });
    expect({ user, texts, calls }).toEqual({ user: "bob", texts: ["about tea, 1"], calls: ["tea"] });
  });

  test("the ttl of a policy is in seconds", async () => {
    await using cache = await open();
    const { calls, builder } = counting({ cachePolicy: { ttl: 0.05 } });
    const graph = builder.compile({ cache });
    await graph.invoke({ topic: "tea" });
    await expect.poll(async () => (await graph.invoke({ topic: "tea" })).texts).not.toEqual(["about tea, 1"]);
    const long = counting({ cachePolicy: { ttl: 60 } });
    for (let n = 0; n < 2; n++) await long.builder.compile({ cache }).invoke({ topic: "long" });
    expect([calls.length > 1, long.calls.length]).toEqual([true, 1]);
  });

  test("after clear a node runs again", async () => {
    await using cache = await open();
    const { calls, builder } = counting({ cachePolicy: true });
    const graph = builder.compile({ cache });
    for (let n = 0; n < 2; n++) await graph.invoke({ topic: "tea" });
    await cache.clear([]);
    await graph.invoke({ topic: "tea" });
    expect(calls).toHaveLength(2);
  });

  test("tasks that are sent, and a checkpointer beside the cache", async () => {
    const keyPrefix = freshPrefix();
    await using cache = await open(keyPrefix);
    await using checkpointer = await RedisSaver.fromConnString(plainRedisUrl(), { keyPrefix });
    const calls: string[] = [];
    const graph = new StateGraph(State)
      .addNode(
        "write",
        ({ topic }: Input) => {
          calls.push(topic);
          return { texts: [topic] };
        },
        { cachePolicy: true },
      )
      .addConditionalEdges(START, ({ topic }) =>
        topic.split(" ").map((each) => new Send("write", { topic: each })),
      )
      .compile({ cache, checkpointer });
    const invoke = (topic: string, thread_id: string) =>
      graph.invoke({ topic }, { configurable: { thread_id } });
    expect((await invoke("a b c", "1")).texts).toEqual(["a", "b", "c"]);
    expect((await invoke("c d a", "2")).texts).toEqual(["c", "d", "a"]);
    expect((await invoke("b", "2")).texts).toEqual(["c", "d", "a", "b"]);
    expect(calls.sort()).toEqual(["a", "b", "c", "d"]);
  });

  test("a task of the functional API with a cache policy", async () => {
    await using cache = await open();
    const calls: number[] = [];
    const square = task({ name: "square", cachePolicy: { ttl: 60 } }, async (n: number) => {
      calls.push(n);
      return { n: n * n, bytes: Uint8Array.from([n]) };
    });
    const flow = entrypoint({ name: "flow", cache }, (numbers: number[]) =>
      Promise.all(numbers.map((n) => square(n))),
    );
    const result = (n: number) => ({ n: n * n, bytes: Uint8Array.from([n]) });
    expect(await flow.invoke([1, 2, 3])).toEqual([1, 2, 3].map(result));
    expect(await flow.invoke([3, 4])).toEqual([3, 4].map(result));
    expect(calls.sort()).toEqual([1, 2, 3, 4]);
    await cache.clear([]);
    await flow.invoke([4]);
    expect(calls).toHaveLength(5);
  });

  test("a node that fails is not cached", async () => {
    await using cache = await open();
    let calls = 0;
    const graph = new StateGraph(State)
      .addNode(
        "write",
        () => {
          if (calls++ === 0) throw new Error("not now");
          return { texts: ["done"] };
        },
        { cachePolicy: true },
      )
      .addEdge(START, "write")
      .compile({ cache });
    await expect(graph.invoke({ topic: "tea" })).rejects.toThrow("not now");
    for (let n = 0; n < 2; n++) expect((await graph.invoke({ topic: "tea" })).texts).toEqual(["done"]);
    expect(calls).toBe(2);
  });
});
