import { createRequire } from "node:module";
import { connect as connectSocket } from "node:net";
import { describe, expect, test } from "vitest";
import { isErrorReply } from "../../src/redis/clients/error-reply.js";

const require = createRequire(import.meta.url);

type ErrorClass = new (...args: unknown[]) => Error;

/** All classes of errors among the exports of a module. */
function errorClasses(exported: object): [string, ErrorClass][] {
  return Object.entries(exported).filter(
    ([, value]) => typeof value === "function" && value.prototype instanceof Error,
  );
}

const nodeRedis: object = require("redis");
const redisErrors: object = require("redis-errors");
const ofIoredis: [string, object][] = ["ioredis", "ioredis-6"].map((name) => [
  name,
  {
    ...redisErrors,
    ...require(`${name}/built/errors/index.js`),
    ClusterAllFailedError: require(`${name}/built/errors/ClusterAllFailedError.js`).default,
  },
]);

const REPLIES = [
  "NOSCRIPT No matching script.",
  "SEARCH_SYNTAX Syntax error",
  "No such index a",
  "a: no such index",
];

describe("node-redis", () => {
  const classes = errorClasses(nodeRedis);
  const derived = (name: string) => ["SimpleError", "BlobError"].includes(name);

  test.each(classes.filter(([name]) => derived(name)))("a %s is a reply", (_, Class) => {
    for (const message of REPLIES) expect(isErrorReply(new Class(message)), message).toBe(true);
  });

  test.each(classes.filter(([name]) => !derived(name) && !["ErrorReply", "MultiErrorReply"].includes(name)))(
    "a %s is no reply",
    (_, Class) => {
      expect(isErrorReply(new Class(new Error("read ECONNRESET"), 1))).toBe(false);
    },
  );

  test("what a full queue is refused with is no reply", () => {
    expect(isErrorReply(new Error("The queue is full"))).toBe(false);
  });
});

describe.each(ofIoredis)("%s", (name, errors) => {
  const replies: [string, ErrorClass][] = errorClasses(
    name === "ioredis" ? redisErrors : require(`${name}/built/resp/errors.js`),
  ).filter(([each]) => /^(ReplyError|SimpleError|BlobError)$/.test(each));

  test.each(replies)("a %s is a reply", (_, Class) => {
    for (const message of REPLIES) expect(isErrorReply(new Class(message)), message).toBe(true);
  });

  // What ioredis gives these of its own accord.
  const MESSAGES: Record<string, unknown[]> = {
    AbortError: ["Command aborted due to connection close"],
    MaxRetriesPerRequestError: [20],
    ClusterAllFailedError: ["Failed to refresh slots cache.", new Error("read ECONNRESET")],
    ParserError: ['Protocol error, got "x" as reply type byte', Buffer.from("x"), 0],
    RedisError: ["Connection is aborted"],
  };

  test.each(Object.entries(MESSAGES))("a %s is no reply", (each, args) => {
    const Class = (errors as Record<string, ErrorClass>)[each] as ErrorClass;
    expect(isErrorReply(new Class(...args))).toBe(false);
  });
});

test("errors of Node, of an AbortSignal, and what is no error, are no replies", async () => {
  const refused = await new Promise((resolve) => connectSocket(1, "127.0.0.1").once("error", resolve));
  const aborted = AbortSignal.abort().reason;
  for (const error of [
    refused,
    aborted,
    new TypeError("Invalid argument"),
    new AggregateError([], "All promises were rejected"),
    "ERR a",
  ]) {
    expect(isErrorReply(error), String(error)).toBe(false);
  }
  expect(isErrorReply(new Error("ERR looks like a reply"))).toBe(false);
});

test("minified and transpiled classes are told like the originals", () => {
  const a = class extends Error {};
  const b = class extends a {};
  const c = class extends a {};
  expect(isErrorReply(new b("Unknown Index name"))).toBe(true);
  expect(isErrorReply(new c("Socket timeout during maintenance. Expecting data"))).toBe(false);
  expect(isErrorReply(new a("Socket closed unexpectedly"))).toBe(false);
});
