import { RedisCache } from "langgraph-redis";
import { ErrorReply } from "redis";
import { expect, test } from "vitest";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { connect, freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { recordOperations } from "../telemetry/recorder.js";
import { entry, key } from "./helpers.js";

test("get, set and clear are reported as operations, with their results; what onError is told of as failed", async () => {
  const inner = createConnection(await connect(plainRedisUrl()));
  let isRefusing = false;
  const client = asClient({
    pipeline: async (commands) =>
      isRefusing ? commands.map(() => new ErrorReply("OOM no memory")) : inner.pipeline(commands),
  });
  const keyPrefix = freshPrefix();
  const cache = new RedisCache({ client, keyPrefix, onError: () => {} });
  const { take } = recordOperations(keyPrefix);
  await cache.set([entry("1"), entry("2")]);
  await cache.get([key("1"), key("2"), key("3")]);
  await cache.clear([]);
  isRefusing = true;
  await cache.get([key("1")]);
  await cache.set([entry("1")]);
  const reported = take().map(({ component, operation, namespace, results, errorCode }) => ({
    component,
    operation,
    namespace,
    results,
    errorCode,
  }));
  const common = { component: "cache", namespace: undefined, errorCode: undefined };
  const failed = { component: "cache", namespace: ["a"], results: undefined, errorCode: "OPERATION_FAILED" };
  expect(reported).toEqual([
    { ...common, operation: "set", results: 2 },
    { ...common, operation: "get", results: 2 },
    { ...common, operation: "clear", results: undefined },
    { ...failed, operation: "get" },
    { ...failed, operation: "set" },
  ]);
});
