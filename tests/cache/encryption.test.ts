import { readdirSync, readFileSync } from "node:fs";
import { Annotation, START, StateGraph } from "@langchain/langgraph";
import { type EncryptionOptions, RedisCache } from "langgraph-redis";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import { CacheKeys } from "../../src/cache/keys.js";
import { connect, freshPrefix, plainRedisUrl, proxied, type TestClient } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { entry, key, listener } from "./helpers.js";

const OLD = Buffer.alloc(32, 1);
const NEW = Buffer.alloc(32, 2);
const OF_OLD: EncryptionOptions = { keys: { old: OLD }, current: "old" };
const OF_BOTH: EncryptionOptions = { keys: { old: OLD, new: NEW }, current: "new" };
const OF_NEW: EncryptionOptions = { keys: { new: NEW }, current: "new" };

let client: TestClient;
beforeAll(async () => {
  client = await connect(plainRedisUrl());
});

/** Caches with the same prefix and different keys, and the keys of a namespace in Redis. */
function setUp() {
  const keyPrefix = freshPrefix();
  const { errors, onError } = listener();
  const open = (encryption?: EncryptionOptions) =>
    new RedisCache({ client, keyPrefix, onError, ...(encryption && { encryption }) });
  const keysOf = (...namespace: string[]) => new CacheKeys(keyPrefix).ofNamespace(namespace);
  return { open, errors, keysOf };
}

/** The fields of a hash, with their values as bytes. */
async function bytesOf(hash: string): Promise<[field: string, value: Buffer][]> {
  const binary = await connect(plainRedisUrl(), { commandOptions: { typeMapping: { 36: Buffer } } });
  const flat = (await binary.hGetAll(hash)) as unknown as Record<string, Buffer>;
  return Object.entries(flat).map(([field, value]) => [field, Buffer.from(value)]);
}

test("neither values nor LangGraph's keys are readable in Redis, nor in its append-only file", async () => {
  const server = await startServer({ own: true, appendonly: true });
  onTestFinished(() => server.stop());
  const admin = await connect(server.url);
  const keys: string[] = [];
  await using cache = await RedisCache.fromConnString(server.url, { encryption: OF_OLD });
  const get = cache.get.bind(cache);
  cache.get = (wanted) => {
    keys.push(...wanted.map((each) => each[1]));
    return get(wanted);
  };
  const State = Annotation.Root({ text: Annotation<string> });
  const graph = new StateGraph(State)
    .addNode("first", ({ text }) => ({ text: `${text} MARKED first` }), { cachePolicy: true })
    .addNode("second", ({ text }) => ({ text: `${text} MARKED second` }), { cachePolicy: { ttl: 60 } })
    .addEdge(START, "first")
    .addEdge("first", "second")
    .compile({ cache });
  for (let n = 0; n < 2; n++) {
    expect(await graph.invoke({ text: "MARKED" })).toEqual({ text: "MARKED MARKED first MARKED second" });
  }
  expect(keys).toHaveLength(4);
  const stored: string[] = [];
  const binary = await connect(server.url, { commandOptions: { typeMapping: { 36: Buffer } } });
  for (const name of await admin.keys("*")) {
    stored.push(name, String((await binary.dump(name)) as unknown as Buffer));
  }
  const { dir } = await admin.configGet("dir");
  const files = `${dir}/appendonlydir`;
  for (const name of readdirSync(files)) stored.push(readFileSync(`${files}/${name}`, "latin1"));
  const all = stored.join("\n");
  expect(all).toContain(":expiring"); // it was looked at
  for (const secret of ["MARKED", ...keys]) expect(all).not.toContain(secret);
});

test("a changed bit anywhere in an encrypted value is a miss that is told", async () => {
  const { open, errors, keysOf } = setUp();
  const cache = open(OF_OLD);
  await cache.set([entry("1")]);
  const { permanent } = keysOf("a");
  const [[field, value] = ["", Buffer.alloc(0)]] = await bytesOf(permanent);
  for (let bit = 0; bit < value.length * 8; bit++) {
    const changed = Buffer.from(value);
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit & 7));
    await client.hSet(permanent, field, changed);
    expect(await cache.get([key("1")]), `bit ${bit}`).toEqual([]);
  }
  expect(errors).toHaveLength(value.length * 8);
  for (const error of errors)
    expect(error).toMatchObject({ code: "ENCRYPTION", location: { key: expect.any(String) } });
  await client.hSet(permanent, field, value);
  expect(await cache.get([key("1")])).toEqual([{ key: key("1"), value: "1" }]);
});

test("values that were swapped between keys, or moved to another namespace, are misses that are told", async () => {
  const { open, errors, keysOf } = setUp();
  const cache = open(OF_OLD);
  await cache.set([entry("1"), entry("2"), entry("1", undefined, ["b"])]);
  const { permanent } = keysOf("a");
  const [[first, one], [second, two]] = (await bytesOf(permanent)) as [[string, Buffer], [string, Buffer]];
  const [[third] = [""]] = await bytesOf(keysOf("b").permanent);
  await client.hSet(permanent, first, two);
  await client.hSet(permanent, second, one);
  await client.hSet(keysOf("b").permanent, third, one);
  expect(await cache.get([key("1"), key("2"), key("1", ["b"])])).toEqual([]);
  expect(errors.map(({ code }) => code)).toEqual(["ENCRYPTION", "ENCRYPTION", "ENCRYPTION"]);
  expect(errors[0]?.message).toMatch(
    /^cannot read the value of cache entry "1" in namespace \["a"\]: .* key "old"/,
  );
});

test("plaintext that somebody puts in the place of an entry is a miss that is told, unless it is allowed", async () => {
  const { open, errors, keysOf } = setUp();
  const plain = open();
  await plain.set([entry("1")]);
  const cache = open(OF_OLD);
  expect(await cache.get([key("1")])).toEqual([]);
  expect(errors).toEqual([]);
  const { permanent } = keysOf("a");
  const [[, plaintext] = ["", Buffer.alloc(0)]] = await bytesOf(permanent);
  await cache.set([entry("1")]);
  const [field] = (await client.hKeys(permanent)).filter((each) => each !== "1") as [string];
  await client.hSet(permanent, field, plaintext);
  expect(await cache.get([key("1")])).toEqual([]);
  expect(errors).toMatchObject([{ code: "ENCRYPTION" }]);

  const migrating = open({ ...OF_OLD, allowPlaintext: true });
  await client.hDel(permanent, field);
  expect(await migrating.get([key("1")])).toEqual([{ key: key("1"), value: "1" }]);
  await migrating.set([{ ...entry("1"), value: "encrypted" }]);
  expect(await client.hKeys(permanent)).toEqual([field]);
  expect(await cache.get([key("1")])).toEqual([{ key: key("1"), value: "encrypted" }]);
});

test("a cache without the key finds nothing and disturbs nothing; one without encryption does not either", async () => {
  const { open, errors } = setUp();
  await open(OF_OLD).set([entry("1")]);
  for (const other of [open(OF_NEW), open({ keys: { old: Buffer.alloc(32, 3) }, current: "old" }), open()]) {
    expect(await other.get([key("1")])).toEqual([]);
    await other.set([{ ...entry("1"), value: "other" }]);
    expect(await other.get([key("1")])).toEqual([{ key: key("1"), value: "other" }]);
  }
  expect(await open(OF_OLD).get([key("1")])).toEqual([{ key: key("1"), value: "1" }]);
  expect(errors).toEqual([]);
});

test("an encrypted value where a cache without encryption looks is a miss that is told, with the key's id", async () => {
  const { open, errors, keysOf } = setUp();
  const cache = open(OF_OLD);
  await cache.set([entry("1")]);
  const [[, value] = ["", Buffer.alloc(0)]] = await bytesOf(keysOf("a").permanent);
  await client.hSet(keysOf("a").permanent, "1", value);
  expect(await open().get([key("1")])).toEqual([]);
  expect(errors).toMatchObject([{ code: "ENCRYPTION", keyId: "old" }]);
});

test("while keys are rotated the old one still reads, and a set leaves one entry, of the new one", async () => {
  const { open, keysOf } = setUp();
  await open(OF_OLD).set([entry("1"), entry("2", 60)]);
  const both = open(OF_BOTH);
  expect((await both.get([key("1"), key("2"), key("3")])).map(({ value }) => value)).toEqual(["1", "2"]);
  await both.set([
    { ...entry("1", 60), value: "new 1" },
    { ...entry("2"), value: "new 2" },
  ]);
  const { permanent, expiring } = keysOf("a");
  expect([await client.hLen(permanent), await client.hLen(expiring)]).toEqual([1, 1]);
  const values = async (cache: RedisCache) =>
    (await cache.get([key("1"), key("2")])).map(({ value }) => value);
  expect(await values(open(OF_NEW))).toEqual(["new 1", "new 2"]);
  expect(await values(both)).toEqual(["new 1", "new 2"]);
  expect(await values(open(OF_OLD))).toEqual([]);
});

test("get and set are one round trip with encryption, too", async () => {
  const proxy = await proxied(plainRedisUrl());
  await using cache = await RedisCache.fromConnString(proxy.url, {
    keyPrefix: freshPrefix(),
    encryption: OF_BOTH,
  });
  const entries = Array.from({ length: 300 }, (_, n) => entry(`${n}`, 60, [`${n % 3}`]));
  await cache.set(entries);
  await cache.get(entries.map((each) => each.key));
  proxy.reset();
  await cache.set(entries);
  expect(await cache.get(entries.map((each) => each.key))).toHaveLength(300);
  expect(proxy.roundTrips).toBe(2);
});

test("a function that fetches a key is called once; until it succeeds everything is a miss that is told", async () => {
  const { open, errors } = setUp();
  let calls = 0;
  const fetch = async () => {
    if (++calls === 1) throw new Error("no such secret");
    return OLD;
  };
  const cache = open({ keys: { old: fetch }, current: "old" });
  expect(await cache.get([key("1")])).toEqual([]);
  expect(errors).toMatchObject([{ code: "ENCRYPTION", keyId: "old" }]);
  expect(errors[0]?.message).not.toContain("no such secret");
  await Promise.all([cache.set([entry("1")]), cache.set([entry("2")])]);
  expect(await cache.get([key("1"), key("2")])).toHaveLength(2);
  expect([calls, errors.length]).toEqual([2, 1]);
});

test("a function that never gives its key is a miss that is told, after commandTimeout", async () => {
  const errors: unknown[] = [];
  const cache = new RedisCache({
    client,
    keyPrefix: freshPrefix(),
    commandTimeout: 100,
    encryption: { keys: { old: () => new Promise<never>(() => {}) }, current: "old" },
    onError: (error) => errors.push(error),
  });
  expect(await cache.get([key("1")])).toEqual([]);
  expect(errors).toMatchObject([{ code: "ENCRYPTION", keyId: "old" }]);
});

test("fromConnString rejects when a key cannot be fetched, before it connects, and copies keys at the call", async () => {
  const proxy = await proxied(plainRedisUrl());
  const keys = { old: () => Promise.reject(new Error("denied")) };
  const opening = RedisCache.fromConnString(proxy.url, { encryption: { keys, current: "old" } });
  await expect(opening).rejects.toMatchObject({ code: "ENCRYPTION", keyId: "old" });
  expect(proxy.connections).toBe(0);
  const options = {
    keyPrefix: freshPrefix(),
    encryption: { keys: { old: Buffer.from(OLD) }, current: "old" },
  };
  const connecting = RedisCache.fromConnString(proxy.url, options);
  options.encryption.keys.old.fill(0);
  await using cache = await connecting;
  await cache.set([entry("1")]);
  const other = new RedisCache({ client, keyPrefix: options.keyPrefix, encryption: OF_OLD });
  expect(await other.get([key("1")])).toHaveLength(1);
});

test("unusable keys are refused at once", () => {
  const construct = (encryption: unknown) => () => new RedisCache({ client, encryption } as never);
  expect(construct({ keys: { a: Buffer.alloc(31, 1) }, current: "a" })).toThrow(
    'encryption.keys["a"] must be 32 bytes',
  );
  expect(construct({ keys: { a: OLD }, current: "b" })).toThrow("encryption.current must be the id");
  expect(construct(null)).toThrow("the options of encryption must be");
});
