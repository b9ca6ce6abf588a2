import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TASKS } from "@langchain/langgraph-checkpoint";
import { RedisCache, RedisSaver, RedisStore } from "langgraph-redis";
import { expect, test } from "vitest";
import { threadKeys } from "../../src/checkpoint/keys.js";
import * as saverScripts from "../../src/checkpoint/scripts/index.js";
import { createConnection } from "../../src/redis/connection.js";
import { Script } from "../../src/redis/script.js";
import { StoreKeys } from "../../src/store/keys.js";
import { rewrite, unpacking } from "../checkpoint/rewrite/helpers.js";
import { config, id, list, put } from "../conformance/saver/steps.js";
import { crossSlotConnection } from "../helpers/cross-slot-connection.js";
import { ENCRYPTION } from "../helpers/encryption.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { textIndex } from "../store/helpers.js";
import { type Replayed, ReplayingConnection } from "./replaying-connection.js";

/** Names of the scripts by the digest under which they run. */
const SAVER_SCRIPTS = composedUnder("src/checkpoint/scripts");
const STORE_SCRIPTS = composedUnder("src/store");
const CACHE_SCRIPTS = composedUnder("src/cache");

test("each script of the saver is the files that its first lines include, and its own", () => {
  const scripts = Object.values(saverScripts);
  expect(scripts.map(({ sha }) => sha).sort()).toEqual([...SAVER_SCRIPTS.keys()].sort());
});

test("every script of the saver leaves the same when it runs twice", async () => {
  const { connection, keyPrefix } = await replaying();
  const saver = new RedisSaver({
    client: connection,
    keyPrefix,
    ttl: { defaultTTL: 60, refreshOnRead: true },
  });
  const run = (runId: string) => ({ run_id: runId });
  const text = (n: number) => `message ${n} `.repeat(40);

  let messages: string[] = [];
  for (let n = 1; n <= 12; n++) {
    messages = [...messages, text(n)];
    const parent = n === 1 ? undefined : id(n - 1);
    const values = { messages, n, same: "x".repeat(500) };
    const versions = { messages: n, n, same: 1 };
    const changed = n === 1 ? ["messages", "n", "same"] : ["messages", "n"];
    const at = await put(saver, "t", {
      id: id(n),
      parent,
      values,
      versions,
      changed,
      metadata: run(`r${n % 3}`),
    });
    await saver.putWrites(
      at,
      [
        ["messages", text(n + 1)],
        [TASKS, { node: "a" }],
      ],
      `task-${n}`,
    );
  }
  // A branch, which goes on differently, another namespace, and another instance that knows nothing of the thread.
  await put(saver, "t", {
    id: id(20),
    parent: id(8),
    values: { messages: [...messages.slice(0, 8), "else"] },
    versions: { messages: 9 },
  });
  await put(saver, "t", { id: id(21), values: { a: 1 } }, "child");
  const other = new RedisSaver({ client: connection, keyPrefix });
  await put(other, "t", {
    id: id(22),
    parent: id(20),
    values: { messages: [...messages, "more"] },
    versions: { messages: 13 },
  });

  await saver.getTuple(config("t"));
  await list(saver, config("t"));
  await list(saver, config("t"), { filter: { run_id: "r1" } });
  await list(saver, { configurable: { thread_id: "t" } });
  await saver.getDeltaChannelHistory({ config: config("t", "", id(12)), channels: ["messages"] });
  await saver.copyThread("t", "copy");
  await saver.expire("copy", 30);
  await saver.persist("copy");
  await saver.listThreads();
  await saver.threadStats("t");
  await saver.deleteForRuns(["r1"]);
  await saver.prune(["t"], { strategy: "keep_latest", keepLast: 2 });
  await saver.deleteThread("t");
  await saver.listThreads();

  const latest = new RedisSaver({ client: connection, keyPrefix, history: "latest" });
  await put(latest, "l", { id: id(1), values: { a: [1] } });
  await put(latest, "l", { id: id(2), parent: id(1), values: { a: [1, 2] }, versions: { a: 2 } });

  await rewrite(saver, "l", unpacking());
  await rewrite(saver, "l", unpacking(), { target: "rewritten" });

  // In a cluster, two threads can be in different slots.
  await new RedisSaver({ client: crossSlotConnection(connection), keyPrefix }).copyThread("l", "copy of l");
  // A thread that has expired is still in the registry when threads are listed.
  const threads = threadKeys(keyPrefix, "l").all;
  await connection.pipeline([{ key: threads[0] as string, args: ["UNLINK", ...threads] }]);
  await saver.listThreads();

  expectTheSame(connection.replayed);
  expect(unseen(SAVER_SCRIPTS, connection.replayed)).toEqual([]);
});

test("every script of the store leaves the same when it runs twice", async () => {
  const { connection, keyPrefix } = await replaying();
  const options = { client: connection, keyPrefix, ttl: { refreshOnRead: true } };
  const index = { ...textIndex(), fields: ["text", "lines[*]"] };
  const store = new RedisStore({ ...options, index });

  await store.put(["a", "b"], "1", { text: "one", lines: ["x", "y"] }, { ttl: 60 });
  await store.put(["a", "b"], "1", { text: "uno", lines: ["z"] }, { ttl: 60 });
  await store.put(["a", "b"], "2", { text: "two" });
  const item = await store.get(["a", "b"], "2");
  await store.put(["a", "b"], "2", { text: "due" }, { ifVersion: item?.version });
  await store.put(["a"], "3", { text: "three" }, { ifAbsent: true, ttl: 60 });
  await store.get(["a", "b"], "1");
  await store.search(["a"], { query: "uno" });
  await store.listNamespaces();
  await store.delete(["a", "b"], "2");
  await store.delete(["a", "b"], "2");
  await new RedisStore({ ...options, index: { ...index, m: 8 } }).reindex();
  await store.deleteWhere(["a"], { text: "uno" });
  const encryption = { ...ENCRYPTION, allowPlaintext: true };
  await new RedisStore({ ...options, index: { ...index, m: 8 }, encryption }).reencrypt([]);
  await new RedisStore({ ...options, index: { ...index, m: 8 }, encryption }).deleteNamespace(["a"]);

  // Without a search engine; before each search an item has vanished without a word, as by eviction.
  const core = await replaying();
  const plain = new RedisStore({ client: core.connection, keyPrefix: core.keyPrefix, engine: "core", index });
  await plain.put(["a"], "1", { text: "one" });
  await plain.put(["a"], "2", { text: "two" });
  await plain.put(["a", "b"], "3", { text: "three" });
  for (const [namespace, key, options] of [
    [["a"], "1", { query: "one" }],
    [["a"], "2", {}],
    [["a", "b"], "3", {}],
  ] as const) {
    const { document } = new StoreKeys(core.keyPrefix).ofItem(namespace, key);
    await core.connection.pipeline([{ key: document, args: ["UNLINK", document] }]);
    await plain.search(["a"], options);
  }

  expectTheSame([...connection.replayed, ...core.connection.replayed]);
  expect(unseen(STORE_SCRIPTS, [...connection.replayed, ...core.connection.replayed])).toEqual([]);
});

test("every script of the cache leaves the same when it runs twice", async () => {
  const { connection, keyPrefix } = await replaying();
  const cache = new RedisCache({ client: connection, keyPrefix });
  const entry = (key: string, ttl?: number) => ({
    key: [["a", "b"], key] as [string[], string],
    value: key,
    ttl,
  });

  await cache.set([entry("1"), entry("2", 60), entry("3", 120), entry("4", 0)]);
  await cache.set([entry("1", 60), entry("2"), entry("3", 0)]);
  await cache.get([entry("1").key, entry("2").key, entry("3").key]);
  await cache.set([entry("2", 0)]);
  await cache.clear([["a", "b"]]);
  await cache.set([entry("1")]);
  await cache.clear([]);

  expectTheSame(connection.replayed);
  expect(unseen(CACHE_SCRIPTS, connection.replayed)).toEqual([]);
});

async function replaying() {
  const keyPrefix = freshPrefix();
  const admin = await connect();
  const connection = new ReplayingConnection(createConnection(await connect()), admin, keyPrefix);
  return { connection, keyPrefix };
}

function expectTheSame(replayed: readonly Replayed[]): void {
  expect(replayed.length).toBeGreaterThan(0);
  for (const { commands, once, twice } of replayed) expect(twice, commands).toEqual(once);
}

function unseen(scripts: ReadonlyMap<string, string>, replayed: readonly Replayed[]): string[] {
  const seen = new Set(replayed.flatMap((each) => each.scripts));
  return [...scripts].filter(([sha]) => !seen.has(sha)).map(([, name]) => name);
}

/** The scripts of a folder, each composed of the files that it says it includes; what others include is no script. */
function composedUnder(folder: string): Map<string, string> {
  const files = readdirSync(folder, { encoding: "utf8", recursive: true }).filter((file) =>
    file.endsWith(".lua"),
  );
  const scripts = files.map((file) => {
    const path = join(folder, file);
    const own = readFileSync(path, "utf8");
    const included = [...own.matchAll(/^--- @include "(.+)"$/gm)].map(([, name]) =>
      join(dirname(path), String(name)),
    );
    const sources = included.map((each) => readFileSync(each, "utf8"));
    return { path, included, sha: new Script(...sources, own).sha };
  });
  const included = new Set(scripts.flatMap((each) => each.included));
  return new Map(scripts.filter(({ path }) => !included.has(path)).map(({ path, sha }) => [sha, path]));
}
