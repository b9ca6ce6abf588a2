import { readFileSync } from "node:fs";
import { RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import { cacheConformance } from "../conformance/cache/suite.js";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { saverConformance } from "../conformance/saver/suite.js";
import { storeConformance } from "../conformance/store/suite.js";
import { expectFailure } from "../faults/ledger.js";
import { connect } from "../helpers/redis.js";
import { startCluster, startSentinel, startServer, type TestServer } from "../helpers/servers/index.js";

/** The lines of the documentation, as they stand there. */
const text = readFileSync("docs/security.md", "utf8");
const [CORE, SEARCH] = lines(/^(ACL SETUSER agents .*)$/gm) as [string[], string[]];
const [WATCHER] = lines(/^(ACL SETUSER watcher .*)$/gm) as [string[]];
const [CLUSTER] = lines(/^\| Redis Cluster.*`(.*)`/gm) as [string[]];
const [DATABASE] = lines(/^\| a database.*`(.*)`/gm) as [string[]];

function lines(pattern: RegExp): string[][] {
  return [...text.matchAll(pattern)].map(([, line]) => String(line).replaceAll("\\|", "|").split(" "));
}

let server: TestServer;
let url: string;
let count = 0;
const prefix = () => `langgraph:${count++}`;

beforeAll(async () => {
  server = await startServer({ own: true });
  const admin = await connect(server.url);
  await admin.sendCommand(CORE);
  await admin.sendCommand(SEARCH);
  url = withUser(server.url);
});
afterAll(() => server?.stop());

saverConformance({
  name: "a user with the documented rights",
  onlyConnection: true,
  create: () => RedisSaver.fromConnString(url, { keyPrefix: prefix() }),
  destroy: (saver) => (saver as RedisSaver).end(),
});

storeConformance({
  name: "RedisStore for a user with the documented rights",
  onlyConnection: true,
  create: ({ embeddings, ...index }) =>
    RedisStore.fromConnString(url, {
      keyPrefix: prefix(),
      index: embeddings && { dims: embeddings.dims, embeddings, ...index },
    }),
  destroy: async (store) => store.stop(),
});

cacheConformance({
  name: "RedisCache for a user with the documented rights",
  create: () =>
    RedisCache.fromConnString(url, {
      keyPrefix: prefix(),
      onError: (error) => {
        throw error;
      },
    }),
  destroy: (cache) => (cache as RedisCache).stop(),
});

test("outside its prefix that user reads nothing, and is told what it lacks", async () => {
  const saver = await RedisSaver.fromConnString(url, { keyPrefix: "other" });
  await expectFailure(
    saver.getTuple(config("t")),
    /^getTuple \(thread "t"\) failed: NOPERM .* docs\/security\.md/,
  );
  await saver.end();
});

test("that user is told which key of a thread holds another type of value", async () => {
  const keyPrefix = prefix();
  const saver = await RedisSaver.fromConnString(url, { keyPrefix });
  await put(saver, "t", { id: id(1), values: { n: 1 } });
  const key = threadKeys(keyPrefix, "t").index;
  await (await connect(url)).set(key, "a string");
  await expect(saver.getTuple(config("t"))).rejects.toMatchObject({
    code: "CORRUPT_RECORD",
    location: { key },
  });
  await saver.end();
});

test("that user may do what saver and store do, and nothing that endangers others", async () => {
  const client = await connect(url);
  for (const command of [
    ["FLUSHALL"],
    ["KEYS", "*"],
    ["CONFIG", "GET", "*"],
    ["ACL", "LIST"],
    ["GET", "other:key"],
  ]) {
    await expect(client.sendCommand(command)).rejects.toThrow(/^NOPERM/);
  }
});

test("the additions for a database number, a cluster and Sentinels are enough", async () => {
  const uses = async (opening: Promise<RedisSaver>) => {
    const saver = await opening;
    onTestFinished(() => saver.end());
    for (const thread of ["a", "b", "c", "d", "e"]) await put(saver, thread, { id: id(1), values: { n: 1 } });
    expect(await list(saver, {})).toHaveLength(5);
  };
  const options = () => ({ keyPrefix: prefix() });

  await (await connect(server.url)).sendCommand(DATABASE);
  await uses(RedisSaver.fromConnString(`${url}/1`, options()));

  const cluster = await startCluster();
  onTestFinished(() => cluster.stop());
  for (const node of cluster.nodes) {
    const admin = await connect(node.url);
    await admin.sendCommand(CORE);
    await admin.sendCommand(CLUSTER);
    await admin.sendCommand(["ACL", "SETUSER", "default", "off"]);
  }
  await uses(
    RedisSaver.fromCluster(
      cluster.rootNodes.map((node) => withUser(node.url)),
      options(),
    ),
  );

  const group = await startSentinel();
  onTestFinished(() => group.stop());
  for (const node of group.nodes) await (await connect(node.url)).sendCommand(CORE);
  for (const sentinel of group.sentinels)
    await (await connect(sentinel.url, { RESP: 2 })).sendCommand(WATCHER);
  const { name, sentinelRootNodes } = group;
  const own = { username: "agents", password: "secret" };
  const watcher = { sentinelUsername: "watcher", sentinelPassword: "secret" };
  await uses(RedisSaver.fromSentinel({ name, sentinelRootNodes, ...own, ...watcher }, options()));
});

function withUser(address: string): string {
  return address.replace("redis://", "redis://agents:secret@");
}
