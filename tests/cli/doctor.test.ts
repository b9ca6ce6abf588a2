import { RedisStore } from "langgraph-redis";
import { beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { connect as connectServer } from "../../cli/src/connection.js";
import { checkServer } from "../../cli/src/inspect/doctor/server.js";
import { diagnose, type Finding, openContext } from "../../cli/src/inspect/index.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";
import { englishLocale, startServer, type TestServer } from "../helpers/servers/index.js";
import { FakeEmbeddings } from "../store/fake-embeddings.js";
import { cli, parsed } from "./helpers.js";

/** A server whose settings may be changed. */
let server: TestServer;
let admin: TestClient;
beforeAll(async () => {
  server = await startServer({ own: true, args: ["--save", ""] });
  admin = await connect(server.url);
  return () => server.stop();
});

async function findings(keyPrefix = freshPrefix(), url = server.url): Promise<Finding[]> {
  const connection = await connectServer({ url }, {});
  onTestFinished(() => connection.close());
  return (await diagnose(openContext(connection, keyPrefix))).findings;
}

const finding = async (code: string, keyPrefix?: string, url?: string) =>
  (await findings(keyPrefix, url)).find((each) => each.code === code);

async function setting(name: string, value: string): Promise<void> {
  const before = (await admin.configGet(name))[name] as string;
  await admin.configSet(name, value);
  onTestFinished(async () => void (await admin.configSet(name, before)));
}

test("doctor ends with 1 when there is an error, and says how to mend it", async () => {
  const output = await cli(["doctor", "--url", server.url, "--prefix", freshPrefix()]);
  expect(output.code).toBe(1);
  expect(output.stdout).toMatch(/✗ Nothing is written to disk\n.*\n {4}→ CONFIG SET appendonly yes/);
  expect(output.stdout).toMatch(/\n1 error, /);
  await setting("appendonly", "yes");
  const mended = await cli(["doctor", "--url", server.url, "--prefix", freshPrefix(), "--json"]);
  expect(mended.code).toBe(0);
  expect(parsed(mended)).toMatchObject({ level: "info" });
});

test("doctor tells an append-only file from snapshots, and from neither", async () => {
  expect(await finding("appendonly")).toMatchObject({ level: "error" });
  await setting("save", "3600 1");
  expect(await finding("appendonly")).toMatchObject({ level: "warning" });
  await setting("appendonly", "yes");
  expect(await finding("appendonly")).toMatchObject({ level: "ok", title: /everysec/ });
  await setting("appendfsync", "no");
  expect(await finding("appendonly")).toMatchObject({ level: "warning", fix: /everysec/ });
});

test("doctor warns of every maxmemory-policy but noeviction", async () => {
  expect(await finding("maxmemory-policy")).toMatchObject({ level: "ok" });
  await setting("maxmemory-policy", "volatile-lru");
  expect(await finding("maxmemory-policy")).toMatchObject({ level: "warning", fix: /noeviction/ });
  await setting("maxmemory-policy", "allkeys-lru");
  await setting("maxmemory", "200mb");
  expect(await finding("maxmemory-policy")).toMatchObject({ level: "error" });
  expect(await finding("maxmemory")).toMatchObject({ level: "ok", title: /of 200 MB/ });
});

test("doctor says when memory is nearly full, and when keys were evicted", async () => {
  await admin.flushAll();
  await admin.configResetStat();
  onTestFinished(async () => {
    await admin.flushAll();
    await admin.configResetStat();
  });
  expect(await finding("evictions")).toBeUndefined();
  const used = Number(/used_memory:(\d+)/.exec(await admin.info("memory"))?.[1]);
  await setting("maxmemory-policy", "allkeys-random");
  await setting("maxmemory", String(used + 2_000_000));
  for (let n = 0; n < 40; n++) await admin.set(`filling-${n}`, "x".repeat(100_000));
  expect(await finding("maxmemory")).toMatchObject({ level: expect.stringMatching(/warning|error/) });
  expect(await finding("evictions")).toMatchObject({ level: "error", title: /keys were evicted/ });
});

test("doctor names the commands that the user may not send", async () => {
  const keyPrefix = freshPrefix();
  const allowed = ["on", ">secret", "~*", "+@all"];
  const url = server.url.replace("redis://", "redis://agent:secret@");
  await admin.sendCommand(["ACL", "SETUSER", "agent", "reset", ...allowed, "-hdel", "-zadd", "-info"]);
  const denied = await findings(keyPrefix, url);
  expect(denied.find(({ code }) => code === "rights")).toMatchObject({
    level: "error",
    title: "The user may not send hdel, zadd",
    fix: "ACL SETUSER <user> +hdel +zadd",
  });
  expect(denied.find(({ code }) => code === "info-denied")).toMatchObject({ level: "info" });
  await admin.sendCommand(["ACL", "SETUSER", "agent", "reset", ...allowed, "-memory"]);
  expect(await finding("rights", keyPrefix, url)).toMatchObject({ level: "info", title: /memory\|usage/ });
  await admin.sendCommand(["ACL", "SETUSER", "agent", "reset", "on", ">secret", "~other:*", "+@all"]);
  expect(await finding("rights", keyPrefix, url)).toMatchObject({
    level: "error",
    fix: `ACL SETUSER <user> ~${keyPrefix}:*`,
  });
  await admin.sendCommand(["ACL", "SETUSER", "agent", "reset", ...allowed, "-eval", "-evalsha"]);
  expect(await finding("scripts", keyPrefix, url)).toMatchObject({
    level: "error",
    title: /does not run scripts/,
  });
  await admin.sendCommand(["ACL", "SETUSER", "agent", "reset", ...allowed]);
  expect(await finding("rights", keyPrefix, url)).toMatchObject({ level: "ok" });
  const output = await cli(["doctor", "--url", url]);
  expect(output.stdout + output.stderr).not.toContain("secret");
});

test("doctor says that a replica is none to write to", async () => {
  const replica = await startServer({
    own: true,
    search: false,
    args: ["--replicaof", "127.0.0.1", new URL(server.url).port],
  });
  onTestFinished(() => replica.stop());
  expect(await finding("replica", undefined, replica.url)).toMatchObject({
    level: "error",
    fix: new RegExp(new URL(server.url).port),
  });
});

test("doctor tells the locale that a server compares texts by, and that it has no search engine", async () => {
  const other = await startServer({ search: false, env: await englishLocale() });
  onTestFinished(() => other.stop());
  const found = await findings(undefined, other.url);
  expect(found.find(({ code }) => code === "locale")).toMatchObject({ level: "info", fix: /LC_ALL=C/ });
  expect(found.find(({ code }) => code === "search-engine")).toMatchObject({
    level: "info",
    title: /no search engine/,
  });
  expect(await finding("locale")).toBeUndefined();
  expect(await finding("search-engine")).toMatchObject({ level: "ok", title: /Redis Search \d/ });
});

test("doctor says when the clocks differ", () => {
  const at = (clockSkew: number) => {
    const node = { name: "test", send: () => Promise.reject(new Error("not asked")) };
    const info = new Map([["redis_version", "7.0.15"]]);
    return checkServer({ node, info, clockSkew }).find(({ code }) => code === "clock");
  };
  expect(at(300)).toMatchObject({ level: "ok" });
  expect(at(65_000)).toMatchObject({ level: "warning", title: /65\.0 s ahead of/ });
  expect(at(-65_000)).toMatchObject({ level: "warning", title: /65\.0 s behind/ });
});

test("doctor refuses servers that are too old", () => {
  const version = (redis_version: string) => {
    const node = { name: "test", send: () => Promise.reject(new Error("not asked")) };
    const info = new Map([["redis_version", redis_version]]);
    return checkServer({ node, info, clockSkew: 0 }).find(({ code }) => code === "version")?.level;
  };
  expect(["6.0.16", "6.2.0", "7.0.15", "8.4.0"].map(version)).toEqual(["error", "ok", "ok", "ok"]);
});

describe("the index", () => {
  test("of a prefix that holds nothing is no finding, and is not made", async () => {
    const keyPrefix = freshPrefix();
    expect(await finding("index", keyPrefix)).toMatchObject({ level: "ok", title: /Nothing was put/ });
    expect(await admin.keys(`${keyPrefix}*`)).toEqual([]);
  });

  test("is described, and compared with what is stored", async () => {
    const keyPrefix = freshPrefix();
    const index = { dims: 3, embeddings: new FakeEmbeddings(3), model: "fake", text: true };
    const store = new RedisStore({ client: await connect(server.url), keyPrefix, index });
    for (let n = 0; n < 20; n++) await store.put(["a"], `k${n}`, { text: "hello" });
    expect(await finding("index", keyPrefix)).toMatchObject({
      level: "ok",
      title: expect.stringMatching(/vectors of 3 dimensions \(fake\), words, 20 items/),
    });
    expect(await finding("index-failures", keyPrefix)).toBeUndefined();
    expect(await finding("foreign-documents", keyPrefix)).toBeUndefined();

    const [document = ""] = await admin.keys(`${keyPrefix}:store:doc:*k0`);
    await admin.hSet(`${keyPrefix}:store:doc:{0}:other`, { a: "b" });
    expect(await finding("foreign-documents", keyPrefix)).toMatchObject({
      level: "warning",
      title: /^1 document/,
    });

    const vector = (await admin.hKeys(document)).find((field) => field.startsWith("vector:"));
    await admin.hSet(document, { [vector as string]: "too short" });
    expect(await finding("index-failures", keyPrefix)).toMatchObject({ level: "error" });

    for (const key of await admin.keys(`${keyPrefix}:store:doc:*k1?`)) await admin.del(key);
    for (const key of await admin.keys(`${keyPrefix}:store:doc:*k[23456]`)) await admin.del(key);
    expect(await finding("index-count", keyPrefix)).toMatchObject({ level: "error", fix: /reindex/ });

    expect(await finding("reindexing", keyPrefix)).toBeUndefined();
    await admin.hSet(`${keyPrefix}:store:{index}:reindex`, { plan: "{}", phase: "building" });
    expect(await finding("reindexing", keyPrefix)).toMatchObject({ level: "warning", fix: /reindex/ });

    const { name = "" } = (await store.inspectIndex()) ?? {};
    await admin.sendCommand(["FT.DROPINDEX", name]);
    expect(await finding("index", keyPrefix)).toMatchObject({ level: "error", title: /is not there/ });
  });
});
