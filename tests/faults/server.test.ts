import { RedisSaver, RedisStore } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { config, id, list, put, values } from "../conformance/saver/steps.js";
import { connect, freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { type ServerOptions, startServer, type TestServer } from "../helpers/servers/index.js";
import { killAndRestart } from "./kills.js";
import { expectFailure, Ledger } from "./ledger.js";

test("a server that is killed again and again loses nothing that was acknowledged", async () => {
  const server = await start({ search: true, appendonly: true });
  const { saver, store } = await openBoth(server.url);
  const ledger = new Ledger(saver, store);
  await killAndRestart(server, ledger, 4);
  expect(ledger.acknowledged).toBeGreaterThan(0);
});

test("scripts that the server forgot are sent again", async () => {
  for (const url of [plainRedisUrl(), redisUrl()]) {
    const { saver, store } = await openBoth(url, url === redisUrl());
    const ledger = new Ledger(saver, store);
    const admin = await connect(url);
    for (let round = 0; round < 3; round++) {
      await admin.scriptFlush();
      await Promise.all([ledger.writeThread("t", 2), store ? ledger.writeItem("k", 2) : undefined]);
      await admin.scriptFlush();
      await ledger.verify();
    }
    expect(ledger.errors).toEqual([]);
  }
});

test("a server that is loading its data is waited for", async () => {
  const server = await start({ search: false, appendonly: true, args: ["--key-load-delay", "100"] });
  const saver = await openSaver(server.url);
  const impatient = await openSaver(server.url, 300);
  const ledger = new Ledger(saver);
  await ledger.writeThread("t", 3);
  const admin = await connect(server.url);
  await Promise.all(Array.from({ length: 12_000 }, (_, n) => admin.set(`${freshPrefix()}-${n}`, "x")));

  await server.kill();
  const restarted = server.restart();
  const told = new Set<string>();
  let ready = false;
  restarted.finally(() => {
    ready = true;
  });
  while (!ready) await impatient.getTuple(config("t")).catch((error: Error) => told.add(error.message));
  expect([...told].join("\n")).toMatch(
    /^getTuple \(thread "t"\) failed: .*LOADING .* The server is still loading its data/m,
  );
  await ledger.writeThread("t", 3);
  await ledger.verify();
  expect(ledger.errors).toEqual([]);
});

test("a server without memory left refuses whole operations, and goes on when it has some", async () => {
  const server = await start({ search: false, args: ["--maxmemory", "6mb"] });
  const saver = await openSaver(server.url);
  await expectFailure(
    fill(saver),
    /^put(Writes)? \(thread "t", checkpoint ".*"\) failed: OOM .* reached its maxmemory/,
  );

  const tuples = await list(saver, config("t"));
  expect(tuples.length).toBeGreaterThan(2);
  for (const { checkpoint, pendingWrites } of tuples) {
    expect(checkpoint.channel_values).toEqual({ big: big(checkpoint.id) });
    expect(pendingWrites?.length ?? 0).toBeLessThanOrEqual(1);
  }
  await saver.deleteThread("t");
  await put(saver, "t", { id: id(1), values: { big: big(id(1)) } });
  expect(await values(saver, config("t"))).toEqual({ big: big(id(1)) });
});

test("a store on a server without memory left keeps and finds what it took, and nothing else", async () => {
  const server = await start({ search: false, args: ["--maxmemory", "6mb"] });
  const store = await RedisStore.fromConnString(server.url, { keyPrefix: freshPrefix() });
  onTestFinished(() => store.stop());
  const namespace = (n: number) => ["items", String(n)];
  const text = (n: number) => `${n} `.repeat(20_000);
  const refused: string[] = [];
  let n = 0;
  for (; n < 1_000 && refused.length < 3; n++) {
    await store
      .put(namespace(n), "k", { text: text(n) })
      .catch((error: Error) => refused.push(error.message));
  }
  const first = n - refused.length;
  expect(refused[0]).toMatch(/^put \(namespace .*, key "k"\) failed: OOM .* reached its maxmemory/);
  // Replacing an item frees the memory of the old one; this, too, happens whole or not at all.
  const replaced = await store.put(namespace(0), "k", { text: text(n) }).then(
    () => true,
    () => false,
  );
  expect((await store.search(["items"], { limit: 1_000 })).length).toBe(first);
  for (let at = 0; at < n; at++) {
    const item = await store.get(namespace(at), "k");
    expect(item?.value).toEqual(at < first ? { text: text(at === 0 && replaced ? n : at) } : undefined);
  }
  // The memory of some must be enough for one: the buffers of connections count as well.
  for (let at = 1; at < first / 2; at++) await store.delete(namespace(at), "k");
  await store.put(namespace(n), "k", { text: text(n) });
  expect((await store.search(namespace(n))).length).toBe(1);
});

test("a read-only replica is read from, and says why it cannot be written", async () => {
  const master = await start({ search: false, args: ["--repl-diskless-sync-delay", "0"] });
  const { hostname, port } = new URL(master.url);
  const replica = await start({
    search: false,
    args: ["--replicaof", `${hostname} ${port}`],
  });
  const keyPrefix = freshPrefix();
  const writer = await openSaver(master.url, undefined, keyPrefix);
  await put(writer, "t", { id: id(1), values: { a: 1 } });
  const admin = await connect(master.url);
  await expect.poll(() => admin.sendCommand(["WAIT", "1", "1000"]), { timeout: 20_000 }).toBe(1);

  const reader = await openSaver(replica.url, undefined, keyPrefix);
  expect(await values(reader, config("t"))).toEqual({ a: 1 });
  await expectFailure(put(reader, "t", { id: id(2) }), /READONLY .* This server is a replica/);
  await expectFailure(reader.deleteThread("t"), /READONLY/);
  expect(await list(writer, config("t"))).toHaveLength(1);
});

test("a server that is not there is told at once, without the password", async () => {
  const error = await expectFailure(
    RedisSaver.fromConnString("redis://user:s3cret@127.0.0.1:1"),
    /^connecting to 127\.0\.0\.1:1 failed: connect ECONNREFUSED/,
  );
  expect(error.message).not.toContain("s3cret");
});

test("a wrong password, and the lack of one, are told without it", async () => {
  const server = await start({ search: false });
  const admin = await connect(server.url);
  await admin.configSet("requirepass", "right");
  const to = new URL(server.url).host;
  await expectFailure(
    RedisSaver.fromConnString(`redis://:wr0ng@${to}`),
    /WRONGPASS .* Check user and password/,
  );
  await expectFailure(RedisStore.fromConnString(`redis://${to}`), /NOAUTH .* asks for a password/);
});

test.each([
  ["http://user:s3cret@host", "expected a URL"],
  ["redis://user:s3cret@host:port", "expected a URL"],
  ["redis://user:s3cret%@host", "expected a URL"],
  ["redis://user:s3cret@host/database", "the number of a database"],
  ["s3cret", "expected a URL"],
  [5, "expected a URL"],
])("an address that is none is refused without repeating it", async (uri, problem) => {
  for (const open of [RedisSaver.fromConnString, RedisStore.fromConnString]) {
    const error = await open(uri as string).catch((caught: Error) => caught);
    expect(error).toMatchObject({
      name: "InvalidInputError",
      message: expect.stringContaining(problem),
    });
    expect(String((error as Error).message)).not.toContain("s3cret");
  }
});

async function start(options: ServerOptions): Promise<TestServer> {
  const server = await startServer({ own: true, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function openSaver(
  url: string,
  commandTimeout?: number,
  keyPrefix = freshPrefix(),
): Promise<RedisSaver> {
  const saver = await RedisSaver.fromConnString(url, {
    ...{ keyPrefix, commandTimeout },
    compression: false, // so that what is large takes much memory
  });
  onTestFinished(() => saver.end());
  return saver;
}

async function openBoth(url: string, withStore = true) {
  const store = withStore ? await RedisStore.fromConnString(url, { keyPrefix: freshPrefix() }) : undefined;
  onTestFinished(() => store?.stop());
  return { saver: await openSaver(url), store };
}

const big = (checkpointId: string) => checkpointId.repeat(2_000);

/** Puts large checkpoints until that fails. */
async function fill(saver: RedisSaver): Promise<void> {
  for (let n = 1; n < 1_000; n++) {
    const at = await put(saver, "t", { id: id(n), values: { big: big(id(n)) } });
    await saver.putWrites(at, [["big", big("w")]], "task");
  }
}
