import { type ConnectionEvent, InvalidInputError, RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { expect, onTestFinished, test, vi } from "vitest";
import { config, id, put } from "../conformance/saver/steps.js";
import { freshPrefix, plainRedisUrl, proxied, redisUrl } from "../helpers/redis.js";
import { type ClusterNode, startCluster, startSentinel, startServer } from "../helpers/servers/index.js";
import { recordOperations } from "./recorder.js";

/** Records events, each as its type, with the attempt of one that has any. */
function recorder() {
  const events: ConnectionEvent[] = [];
  const onConnectionEvent = (event: ConnectionEvent) => void events.push(event);
  /** The types without repetitions: how many attempts there are is a matter of time. */
  const types = () => events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]);
  return { events, onConnectionEvent, types };
}

const LIFE = ["ready", "lost", "reconnecting", "ready"];

test("a server that is killed and comes back is lost, tried again until it is there, and ready", async () => {
  const server = await startServer({ own: true, search: false });
  onTestFinished(() => server.stop());
  const { events, onConnectionEvent, types } = recorder();
  const saver = await RedisSaver.fromConnString(server.url, { keyPrefix: freshPrefix(), onConnectionEvent });
  onTestFinished(() => saver.end());
  expect(types()).toEqual(["ready"]);
  const begun = Date.now();
  await server.kill();
  await vi.waitFor(() =>
    expect(events.filter(({ type }) => type === "reconnecting").length).toBeGreaterThan(1),
  );
  await server.restart();
  await vi.waitFor(() => expect(types()).toEqual(LIFE), { timeout: 10_000 });

  const { hostname, port } = new URL(server.url);
  for (const event of events) expect(event.server).toEqual({ address: hostname, port: Number(port) });
  const [, lost, ...later] = events;
  expect(lost?.cause).toBeInstanceOf(Error);
  expect(lost?.at.getTime()).toBeGreaterThanOrEqual(begun);
  expect(lost).not.toHaveProperty("attempt");
  const attempts = later.slice(0, -1);
  expect(attempts.map(({ attempt }) => attempt)).toEqual(attempts.map((_, at) => at + 1));
  expect(attempts.at(-1)?.cause?.message).toContain("ECONNREFUSED");
  expect(events.at(-1)).not.toHaveProperty("cause");
});

test.each([
  { name: "RedisStore", url: redisUrl, open: RedisStore.fromConnString.bind(RedisStore) },
  { name: "RedisCache", url: plainRedisUrl, open: RedisCache.fromConnString.bind(RedisCache) },
])("$name tells of a connection that is cut", async ({ url, open }) => {
  const proxy = await proxied(url());
  const { onConnectionEvent, types } = recorder();
  const opened = await open(proxy.url, { keyPrefix: freshPrefix(), onConnectionEvent });
  onTestFinished(() => opened.stop());
  proxy.cutAll();
  await vi.waitFor(() => expect(types()).toEqual(LIFE), { timeout: 10_000 });
});

test("a connection that gives no answers is lost, and ready when it was replaced", async () => {
  const proxy = await proxied(plainRedisUrl());
  const { events, onConnectionEvent, types } = recorder();
  const saver = await RedisSaver.fromConnString(proxy.url, { commandTimeout: 300, onConnectionEvent });
  onTestFinished(() => saver.end());
  proxy.stall();
  await expect(saver.getTuple(config("t"))).rejects.toThrow("no answer");
  expect(events[1]?.cause?.message).toContain("no answers");
  proxy.resume();
  await vi.waitFor(() => expect(types()).toEqual(LIFE), { timeout: 10_000 });
});

test("nothing is told after end(), nor when the server cannot be reached at the beginning", async () => {
  const proxy = await proxied(plainRedisUrl());
  const { onConnectionEvent, types } = recorder();
  const saver = await RedisSaver.fromConnString(proxy.url, { onConnectionEvent });
  await saver.end();
  proxy.cutAll();
  await proxy.stop();
  await expect(RedisSaver.fromConnString(proxy.url, { onConnectionEvent })).rejects.toThrow("connecting");
  expect(types()).toEqual(["ready"]);
});

test("a listener that throws or rejects breaks nothing, and becomes a warning", async () => {
  const proxy = await proxied(plainRedisUrl());
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => void warnings.push(warning);
  process.on("warning", onWarning);
  onTestFinished(() => void process.off("warning", onWarning));
  const seen: string[] = [];
  const onConnectionEvent = ({ type }: ConnectionEvent) => {
    seen.push(type);
    if (type === "lost") throw new Error("thrown by the listener");
    return Promise.reject(new Error("rejected by the listener"));
  };
  const saver = await RedisSaver.fromConnString(proxy.url, { keyPrefix: freshPrefix(), onConnectionEvent });
  onTestFinished(() => saver.end());
  proxy.cutAll();
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  await vi.waitFor(() => expect(seen.at(-1)).toBe("ready"));
  const messages = warnings.map(({ message }) => message);
  expect(messages).toEqual(expect.arrayContaining(["thrown by the listener", "rejected by the listener"]));
});

test("onConnectionEvent that is no function is refused", async () => {
  const refused = RedisSaver.fromConnString("redis://127.0.0.1:1", { onConnectionEvent: true as never });
  await expect(refused).rejects.toThrow(InvalidInputError);
  await expect(refused).rejects.toThrow("onConnectionEvent must be a function, got a boolean");
});

test("causes hold no password", async () => {
  const server = await startServer({ own: true, search: false });
  onTestFinished(() => server.stop());
  const url = new URL(server.url);
  url.password = "s3cret";
  const { createClient } = await import("redis");
  const admin = createClient({ url: server.url });
  admin.on("error", () => {});
  await admin.connect();
  await admin.sendCommand(["CONFIG", "SET", "requirepass", "s3cret"]);
  const { events, onConnectionEvent } = recorder();
  const saver = await RedisSaver.fromConnString(url.href, { onConnectionEvent });
  onTestFinished(() => saver.end());
  await admin.sendCommand(["CONFIG", "SET", "requirepass", "another"]);
  await admin.sendCommand(["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
  await vi.waitFor(() => expect(events.some(({ cause }) => cause?.message.includes("WRONGPASS"))).toBe(true));
  admin.destroy();
  expect(events.map(({ cause }) => `${cause?.message} ${cause?.stack}`).join()).not.toContain("s3cret");
});

test("on a cluster, events are those of a node", async () => {
  const cluster = await startCluster();
  onTestFinished(() => cluster.stop());
  const { events, onConnectionEvent } = recorder();
  const options = { keyPrefix: freshPrefix(), commandTimeout: 20_000, onConnectionEvent };
  const saver = await RedisSaver.fromCluster(cluster.rootNodes, options);
  onTestFinished(() => saver.end());
  await saver.listThreads(); // of all nodes
  const down = cluster.nodes[0] as ClusterNode;
  const port = Number(new URL(down.url).port);
  events.length = 0;
  await down.kill();
  await vi.waitFor(() => expect(events.map(({ type }) => type)).toContain("reconnecting"), {
    timeout: 10_000,
  });
  await down.restart();
  await saver.listThreads();
  await vi.waitFor(() => expect(events.at(-1)?.type).toBe("ready"), { timeout: 10_000 });
  expect(events[0]).toMatchObject({ type: "lost", cause: expect.any(Error) });
  expect(new Set(events.map(({ server }) => server?.port))).toEqual(new Set([port]));
});

test("listNamespaces: a connection to a cluster of our own knows that it is one, and needs one round trip", async () => {
  const cluster = await startCluster();
  onTestFinished(() => cluster.stop());
  const keyPrefix = freshPrefix();
  const store = await RedisStore.fromCluster(cluster.rootNodes, { keyPrefix });
  onTestFinished(() => store.stop());
  await store.listNamespaces(); // loads its script
  const recorded = recordOperations(keyPrefix);
  await store.listNamespaces();
  expect(recorded.take()).toMatchObject([{ operation: "listNamespaces", roundTrips: 1 }]);
});

test("with Sentinel, the master is lost in a failover, and its successor ready", async () => {
  const group = await startSentinel({ replicas: 1 });
  onTestFinished(() => group.stop());
  const { events, onConnectionEvent } = recorder();
  const saver = await RedisSaver.fromSentinel(
    { name: group.name, sentinelRootNodes: group.sentinelRootNodes },
    { keyPrefix: freshPrefix(), commandTimeout: 25_000, onConnectionEvent },
  );
  onTestFinished(() => saver.end());
  const before = await group.masterUrl();
  await group.nodes.find(({ url }) => url === before)?.kill();
  await put(saver, "t", { id: id(1), values: { a: 1 } });
  const after = await group.masterUrl();
  await vi.waitFor(() => expect(events.at(-1)?.type).toBe("ready"));
  const portOf = (url: string) => Number(new URL(url).port);
  const [first, lost] = events;
  expect([first?.type, first?.server?.port]).toEqual(["ready", portOf(before)]);
  expect([lost?.type, lost?.server?.port]).toEqual(["lost", portOf(before)]);
  expect(events.at(-1)?.server?.port).toBe(portOf(after));
});
