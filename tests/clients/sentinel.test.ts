import { createRequire } from "node:module";
import { RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { createSentinel } from "redis";
import { createSentinel as createSentinel5 } from "redis-5";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { expectFailure } from "../faults/ledger.js";
import { freshPrefix } from "../helpers/redis.js";
import { startSentinel, type TestSentinel } from "../helpers/servers/index.js";
import { startTcpProxy } from "../helpers/tcp-proxy.js";
import { conformance, conformanceOpened, quiet } from "./own-clients.js";

let group: TestSentinel;
beforeAll(async () => {
  group = await startSentinel();
});
afterAll(() => group?.stop());
const address = () => ({ name: group.name, sentinelRootNodes: group.sentinelRootNodes });

conformanceOpened(
  "fromSentinel",
  (options) => RedisSaver.fromSentinel(address(), options),
  (options) => RedisStore.fromSentinel(address(), options),
  (options) => RedisCache.fromSentinel(address(), options),
);

conformance("a node-redis Sentinel client that reads from replicas", async () => {
  const { name, sentinelRootNodes } = group;
  const client = quiet(createSentinel({ name, sentinelRootNodes, replicaPoolSize: 1, reserveClient: true }));
  await client.connect();
  return { client, close: () => client.destroy() };
});

conformance("a node-redis 5 Sentinel client", async () => {
  const { name, sentinelRootNodes } = group;
  const client = quiet(createSentinel5({ name, sentinelRootNodes }));
  await client.connect();
  return { client, close: () => client.destroy() };
});

/** Not all versions of node-redis 5 can be told to reach the nodes of a group at other addresses. */
const { version } = createRequire(import.meta.url)("redis/package.json") as { version: string };
const mapsAddresses = !version.startsWith("5.");

test.runIf(mapsAddresses)("operations at the same time share one round trip to the master", async () => {
  const proxy = await startTcpProxy(await group.masterUrl());
  onTestFinished(() => proxy.stop());
  const { name, sentinelRootNodes, nodes } = group;
  const master = new URL(await group.masterUrl()).port;
  const client = quiet(
    createSentinel({
      name,
      sentinelRootNodes,
      nodeAddressMap: (address) => {
        const { hostname, port } = new URL(address.endsWith(`:${master}`) ? proxy.url : `redis://${address}`);
        return { host: hostname, port: Number(port) };
      },
    }),
  );
  await client.connect();
  onTestFinished(() => void client.destroy());
  expect(nodes).toHaveLength(2);

  const saver = new RedisSaver({ client, keyPrefix: freshPrefix() });
  const threads = Array.from({ length: 8 }, (_, n) => `thread-${n}`);
  const puts = () => Promise.all(threads.map((name) => put(saver, name, { id: id(1), values: { a: [1] } })));
  const gets = () => Promise.all(threads.map((name) => saver.getTuple(config(name))));
  await puts();
  await gets();
  proxy.reset();
  await puts();
  expect(proxy.roundTrips).toBe(1);
  await gets();
  expect(proxy.roundTrips).toBe(2);
});

test("what is not found is told: the Sentinels, the group, or its name", async () => {
  const options = { keyPrefix: freshPrefix(), commandTimeout: 60_000 };
  const nowhere = [{ host: "127.0.0.1", port: 1 }];
  await expectFailure(
    RedisSaver.fromSentinel({ name: "mymaster", sentinelRootNodes: nowhere }, options),
    /^connecting to the master of "mymaster" failed: connect ECONNREFUSED/,
  );
  await expectFailure(
    RedisSaver.fromSentinel({ name: "other", sentinelRootNodes: group.sentinelRootNodes }, options),
    /No such master with that name/,
  );
  const nameless = RedisSaver.fromSentinel({ name: "", sentinelRootNodes: nowhere });
  await expect(nameless).rejects.toThrow("fromSentinel needs the name of the group");
});
