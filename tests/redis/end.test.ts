import { OperationError, RedisSaver, RedisStore } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { connect, freshPrefix, plainRedisUrl } from "../helpers/redis.js";

const url = plainRedisUrl();

/** A model that takes its time. */
const slowModel = {
  embedDocuments: async (texts: string[]) => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    return texts.map(() => [1, 0]);
  },
  embedQuery: async () => [1, 0],
};

describe.each(["end", "stop", Symbol.asyncDispose] as const)("%s", (method) => {
  test("of a saver finishes puts that have not been sent yet", async () => {
    const keyPrefix = freshPrefix();
    const saver = await RedisSaver.fromConnString(url, { keyPrefix });
    const puts = Array.from({ length: 50 }, (_, n) => put(saver, "t", { id: id(n), values: { a: n } }));
    await saver[method]();
    await Promise.all(puts);

    const reader = new RedisSaver({ client: await connect(url), keyPrefix });
    expect(await list(reader, config("t"))).toHaveLength(50);
  });

  test("of a saver finishes a put whose script the server does not know", async () => {
    const keyPrefix = freshPrefix();
    const client = await connect(url);
    const saver = await RedisSaver.fromConnString(url, { keyPrefix });
    await client.scriptFlush();
    const putting = put(saver, "t", { id: id(1), values: { a: 1 } });
    await new Promise(setImmediate);
    await saver[method]();
    await putting;
    expect(await new RedisSaver({ client, keyPrefix }).getTuple(config("t"))).toBeDefined();
  });

  test("of a store finishes a put whose text is still being embedded", async () => {
    const keyPrefix = freshPrefix();
    const index = { dims: 2, embeddings: slowModel };
    const store = await RedisStore.fromConnString(url, { keyPrefix, index });
    const putting = store.put(["a"], "k", { text: "remember this" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await store[method]();
    await putting;

    const reader = new RedisStore({ client: await connect(url), keyPrefix, index });
    expect((await reader.get(["a"], "k"))?.value).toEqual({ text: "remember this" });
  });

  test("finishes what was called before although this process is busy for longer than the time-out", async () => {
    const keyPrefix = freshPrefix();
    const model = {
      embedDocuments: async (texts: string[]) => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        await new Promise(setImmediate);
        return texts.map(() => [1, 0]);
      },
      embedQuery: async () => [1, 0],
    };
    const index = { dims: 2, embeddings: model };
    const store = await RedisStore.fromConnString(url, { keyPrefix, index, commandTimeout: 200 });
    const putting = store.put(["a"], "k", { text: "remember this" });
    await new Promise(setImmediate);
    const closing = store[method]();
    const until = performance.now() + 500;
    while (performance.now() < until); // nothing else runs meanwhile
    await closing;
    await expect(putting).resolves.toBeUndefined();
  });

  test("can be called twice, and refuses what comes after it", async () => {
    const saver = await RedisSaver.fromConnString(url, { keyPrefix: freshPrefix() });
    const store = await RedisStore.fromConnString(url, { keyPrefix: freshPrefix() });
    await Promise.all([saver[method](), saver[method](), store[method](), store[method]()]);
    await Promise.all([saver[method](), store[method]()]);
    const late = [
      saver.getTuple(config("t")),
      put(saver, "t", { id: id(1), values: {} }),
      list(saver, config("t")),
      saver.listThreads(),
      saver.deleteThread("t"),
      store.get(["a"], "k"),
      store.batch([
        { namespace: ["a"], key: "k" },
        { namespace: ["a"], key: "l", value: {} },
      ]),
      store.setup(),
      store.reindex(),
      store.stats(),
      store.deleteNamespace(["a"]),
    ];
    for (const operation of late) {
      const error = await operation.then(
        () => undefined,
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(OperationError);
      expect(String(error)).toContain("closed by end() or stop()");
    }
  });

  test("with a client of the user's finishes what was called, and leaves the client open", async () => {
    const client = await connect(url);
    const keyPrefix = freshPrefix();
    const saver = new RedisSaver({ client, keyPrefix });
    const index = { dims: 2, embeddings: slowModel };
    const store = new RedisStore({ client, keyPrefix, index });
    const writes = [
      put(saver, "t", { id: id(1), values: { a: 1 } }),
      store.put(["a"], "k", { text: "remember this" }),
    ];
    await Promise.all([saver[method](), store[method]()]);
    expect(client.isOpen).toBe(true);
    await Promise.all(writes);
    await expect(saver.getTuple(config("t"))).rejects.toThrow("closed by end() or stop()");
    expect(await new RedisSaver({ client, keyPrefix }).getTuple(config("t"))).toBeDefined();
  });
});

test("stop gives up on a model that never answers", async () => {
  const never = { embedDocuments: () => new Promise<never>(() => {}), embedQuery: async () => [1, 0] };
  const store = await RedisStore.fromConnString(url, {
    keyPrefix: freshPrefix(),
    index: { dims: 2, embeddings: never },
    commandTimeout: 100,
  });
  void store.put(["a"], "k", { text: "remember this" });
  await store.stop();
});
