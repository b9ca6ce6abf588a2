import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { promisify } from "node:util";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { type LangGraphRedisError, RedisCache, type RedisCacheOptions } from "langgraph-redis";
import { ErrorReply } from "redis";
import { expect, onTestFinished, test, vi } from "vitest";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { bundleProgram } from "../helpers/bundle-program.js";
import { connect, freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { entry, key, listener } from "./helpers.js";

/** A cache on a server that does not answer any more, and what lets it answer again. */
async function unreachable(options: RedisCacheOptions = {}) {
  const proxy = await proxied(plainRedisUrl());
  const keyPrefix = freshPrefix();
  const client = await connect(proxy.url);
  const cache = new RedisCache({ client, keyPrefix, commandTimeout: 100, ...options });
  await cache.set([entry("1")]);
  proxy.stall();
  return { cache, proxy, keyPrefix };
}

/** A cache whose commands for some keys are refused by Redis. */
async function refusing(isRefused: (key: string) => boolean, options: RedisCacheOptions = {}) {
  const inner = createConnection(await connect(plainRedisUrl()));
  const client = asClient({
    pipeline: async (commands) => {
      const replies = await inner.pipeline(commands);
      return replies.map((reply, at) =>
        isRefused(String(commands[at]?.key)) ? new ErrorReply("OOM no memory") : reply,
      );
    },
  });
  return new RedisCache({ client, keyPrefix: freshPrefix(), ...options });
}

test("a graph whose Redis is killed while a cached node runs goes on, and so does its process", async () => {
  const server = await startServer({ own: true });
  onTestFinished(() => server.stop());
  const { directory, program } = await bundleProgram(
    new URL("dying-server.program.ts", import.meta.url),
    "cache",
  );
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [
    program,
    server.url,
    String(server.pid),
  ]);
  expect(JSON.parse(stdout)).toEqual([10, 10, 20, 20, 30]);
  expect(stderr.match(/\[COMMAND_TIMEOUT\] LangGraphRedisWarning: RedisCache goes on without/g)).toHaveLength(
    1,
  );
});

test("get finds nothing and set stores nothing when Redis does not answer, and onError is told of both", async () => {
  const { errors, onError } = listener();
  const { cache } = await unreachable({ onError });
  const [found, stored] = await Promise.all([cache.get([key("1")]), cache.set([entry("2")])]);
  expect([found, stored]).toEqual([[], undefined]);
  const told = errors.map(({ code, message }) => [code, message.split(":")[0]]).sort();
  expect(told).toEqual([
    ["COMMAND_TIMEOUT", 'get (namespace ["a"]) failed'],
    ["COMMAND_TIMEOUT", 'set (namespace ["a"]) failed'],
  ]);
});

test("get and set do without Redis for five seconds after it gave no answer, then try again", async () => {
  const { errors, onError } = listener();
  const { cache, proxy } = await unreachable({ onError });
  await cache.get([key("1")]);
  proxy.resume();
  expect(await cache.get([key("1")])).toEqual([]);
  await cache.set([entry("2")]);
  expect(errors).toHaveLength(1);
  const now = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => now + 5_100);
  onTestFinished(() => clock.mockRestore());
  expect(await cache.get([key("1"), key("2")])).toEqual([{ key: key("1"), value: "1" }]);
});

test("clear rejects when Redis does not answer, is tried at once, and ends the pause of get and set", async () => {
  const { onError } = listener();
  const { cache, proxy } = await unreachable({ onError });
  await expect(cache.clear([["a"]])).rejects.toMatchObject({
    code: "COMMAND_TIMEOUT",
    context: { operation: "clear" },
  });
  await cache.get([key("1")]);
  proxy.resume();
  await cache.clear([]);
  await cache.set([entry("2")]);
  expect(await cache.get([key("1"), key("2")])).toEqual([{ key: key("2"), value: "2" }]);
});

test("without onError the first failure of each code is a process warning", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const cache = await refusing(() => true);
  await cache.get([key("1")]);
  await cache.set([entry("1")]);
  await cache.set([{ key: key("1"), value: () => {} }]);
  const warnings = warn.mock.calls.map(([message, options]) => [options, String(message)]);
  expect(warnings).toEqual([
    [
      { type: "LangGraphRedisWarning", code: "OPERATION_FAILED" },
      expect.stringMatching(
        /^RedisCache goes on without what failed: get \(namespace \["a"\]\) failed: OOM no memory/,
      ),
    ],
    [
      { type: "LangGraphRedisWarning", code: "SERIALIZATION_FAILED" },
      expect.stringContaining('cache entry "1" in namespace ["a"] cannot be serialized'),
    ],
  ]);
});

test("get rejects with what onError throws, so that a run fails; set never does", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const onError = (error: LangGraphRedisError) => {
    throw error;
  };
  const cache = await refusing(() => true, { onError });
  await expect(cache.get([key("1")])).rejects.toMatchObject({
    code: "OPERATION_FAILED",
    context: { operation: "get", namespace: ["a"] },
  });
  await cache.set([entry("1")]);
  const graph = new StateGraph(Annotation.Root({ n: Annotation<number> }))
    .addNode("node", ({ n }) => ({ n }), { cachePolicy: true })
    .addEdge(START, "node")
    .compile({ cache });
  await expect(graph.invoke({ n: 1 })).rejects.toThrow("OOM no memory");
  expect(warn).not.toHaveBeenCalled();
});

test.each([
  [
    "throws",
    () => {
      throw new TypeError("of the listener");
    },
  ],
  [
    "rejects",
    async () => {
      throw new TypeError("of the listener");
    },
  ],
])("an onError that %s by itself is a process warning where nobody waits", async (_, onError) => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => {});
  onTestFinished(() => warn.mockRestore());
  const cache = await refusing(() => true, { onError });
  await cache.set([entry("1")]);
  await expect
    .poll(() => warn.mock.calls.map(([message]) => message))
    .toEqual(["onError of RedisCache failed: TypeError"]);
});

test("what Redis refuses for one namespace leaves the others alone", async () => {
  const { errors, onError } = listener();
  let isRefusing = false;
  const cache = await refusing((redisKey) => isRefusing && redisKey.includes(":bad:"), { onError });
  const entries = ["a", "bad", "b"].map((label) => entry("1", undefined, [label]));
  await cache.set(entries);
  isRefusing = true;
  const found = await cache.get(entries.map((each) => each.key));
  expect(found.map((each) => each.key[0])).toEqual([["a"], ["b"]]);
  await cache.set(entries);
  const contexts = errors.map((error) => "context" in error && error.context);
  expect(contexts).toEqual([
    { operation: "get", namespace: ["bad"] },
    { operation: "set", namespace: ["bad"] },
  ]);
});

test("a value that cannot be serialized is not stored, and its neighbours are", async () => {
  const { errors, onError } = listener();
  await using cache = await RedisCache.fromConnString(plainRedisUrl(), { keyPrefix: freshPrefix(), onError });
  await cache.set([entry("1"), { key: key("2"), value: () => {} }, entry("3")]);
  expect((await cache.get([key("1"), key("2"), key("3")])).map(({ value }) => value)).toEqual(["1", "3"]);
  expect(errors).toMatchObject([{ code: "SERIALIZATION_FAILED" }]);
});

test("get and set after stop fail like anything else; clear rejects", async () => {
  const { errors, onError } = listener();
  const cache = await RedisCache.fromConnString(plainRedisUrl(), { keyPrefix: freshPrefix(), onError });
  const setting = cache.set([entry("1")]);
  await cache.stop();
  await cache.stop();
  await setting;
  expect(errors).toEqual([]);
  expect(await cache.get([key("1")])).toEqual([]);
  expect(errors).toMatchObject([{ code: "NOT_CONNECTED" }]);
  await expect(cache.clear([])).rejects.toThrow("closed by end() or stop()");
});
