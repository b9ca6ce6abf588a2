import { InvalidInputError, RedisSaver, RedisStore } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { freshPrefix, plainRedisUrl } from "../helpers/redis.js";

const secret = "s3cret";
const node = { host: "127.0.0.1", port: 1 };

async function expectRefusal(opening: Promise<unknown>, message: string) {
  const error = await opening.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(InvalidInputError);
  expect(String(error)).toContain(message);
  expect(String(error)).not.toContain(secret);
}

describe.each([
  ["RedisSaver", RedisSaver],
  ["RedisStore", RedisStore],
] as const)("%s", (_, Class) => {
  test.each([
    ["redis://127.0.0.1:1?db=3", 'parameters after a "?"'],
    [`redis://127.0.0.1:1/0?password=${secret}`, 'parameters after a "?"'],
    [`redis://user#${secret}@127.0.0.1:1`, "%23"],
    [`redis://127.0.0.1:1/0#${secret}`, "%23"],
  ])("fromConnString refuses a URL with parameters: %s", async (url, message) => {
    await expectRefusal(Class.fromConnString(url), message);
    await expectRefusal(Class.fromCluster([url]), message);
  });

  test.each(["/abc", "/-1", "/0/1", `/${secret}@127.0.0.1:1`])(
    "fromConnString refuses a path that is no number of a database: %s",
    async (path) => {
      await expectRefusal(Class.fromConnString(`redis://127.0.0.1:1${path}`), "the number of a database");
      await expectRefusal(Class.fromCluster([`redis://127.0.0.1:1${path}`]), "the number of a database");
    },
  );

  test("fromConnString and fromCluster refuse TLS options for an address without TLS", async () => {
    const tls = { servername: secret };
    await expectRefusal(
      Class.fromConnString("redis://127.0.0.1:1", { tls }),
      "Use rediss://, or leave tls out",
    );
    await expectRefusal(
      Class.fromCluster(["redis://127.0.0.1:1"], { tls }),
      "Use rediss://, or leave tls out",
    );
    const mixed = ["rediss://127.0.0.1:1", "redis://127.0.0.1:2"];
    await expectRefusal(Class.fromCluster(mixed), "all redis:// or all rediss://");
  });

  test("refuses TLS options that do not exist", async () => {
    const tls = { rejectUnauthorised: false } as object;
    const message = 'tls has no option "rejectUnauthorised". Did you mean "rejectUnauthorized"?';
    await expectRefusal(Class.fromConnString("rediss://127.0.0.1:1", { tls }), message);
    await expectRefusal(Class.fromCluster(["rediss://127.0.0.1:1"], { tls }), message);
    await expectRefusal(Class.fromSentinel({ name: "m", sentinelRootNodes: [node] }, { tls }), message);
    await expectRefusal(
      Class.fromConnString("rediss://127.0.0.1:1", { tls: true as unknown as object }),
      "the options of tls must be an object",
    );
  });

  test.each([
    [undefined, "must be an object"],
    [{ name: "", sentinelRootNodes: [node] }, "needs the name of the group"],
    [{ name: "m" }, "needs some Sentinels"],
    [{ name: "m", sentinelRootNodes: [] }, "needs some Sentinels"],
    [{ name: "m", sentinelRootNodes: [`redis://:${secret}@h:26379`] }, '{ host: "10.0.0.1", port: 26379 }'],
    [{ name: "m", sentinelRootNodes: ["127.0.0.1:26379"] }, '{ host: "10.0.0.1", port: 26379 }'],
    [{ name: "m", sentinelRootNodes: [{ host: "127.0.0.1" }] }, '{ host: "10.0.0.1", port: 26379 }'],
    [{ name: "m", sentinelRootNodes: [node, { ...node, port: "1" }] }, "an object with a host and a port"],
    [{ name: "m", sentinelRootNodes: [{ ...node, port: 65_536 }] }, "an object with a host and a port"],
    [{ name: "m", sentinelRootNodes: [node], database: "1" }, "database must be a number"],
    [
      { name: "m", sentinelRootNodes: [node], username: 5 },
      "username of the Sentinel group must be a string",
    ],
    [
      { name: "m", sentinelRootNodes: [node], password: { secret } },
      "password of the Sentinel group must be",
    ],
    [
      { name: "m", sentinelRootNodes: [node], sentinelPassword: null },
      "sentinelPassword of the Sentinel group",
    ],
    [{ name: "m", sentinelRootNodes: [node], passwort: secret }, 'Did you mean "password"?'],
  ])("fromSentinel refuses %j", async (group, message) => {
    await expectRefusal(Class.fromSentinel(group as never), message);
  });

  test.each(["", "a{b}", "a}", "a\0", "\ud800", "a\udfff", "\udc00\ud800"])(
    "refuses the key prefix %j",
    async (keyPrefix) => {
      await expectRefusal(Class.fromConnString(plainRedisUrl(), { keyPrefix }), "keyPrefix must be");
    },
  );
});

test("a key prefix may hold any other characters", async () => {
  const keyPrefix = `${freshPrefix()} é😀:*[]?\ufffd\u{10ffff}`;
  const saver = await RedisSaver.fromConnString(plainRedisUrl(), { keyPrefix });
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  expect(await saver.getTuple(config("t"))).toBeDefined();
  await saver.end();
});

test("commandTimeout: 0 does not let connecting wait for ever for Sentinels that are not there", async () => {
  const group = { name: "m", sentinelRootNodes: [node, { ...node, port: 2 }] };
  await expect(RedisSaver.fromSentinel(group, { commandTimeout: 0 })).rejects.toThrow("ECONNREFUSED");
});
