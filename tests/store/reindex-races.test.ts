import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { asClient, createConnection, type RedisClient } from "../../src/redis/connection.js";
import { IndexMismatchError, ReindexConflictError } from "../../src/store/errors.js";
import { StoreKeys } from "../../src/store/keys.js";
import { LIMITS } from "../../src/store/limits.js";
import { REWRITE } from "../../src/store/operations/reindex.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { ReindexProgress } from "../../src/store/types.js";
import { DyingConnection } from "../helpers/dying-connection.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { startServer } from "../helpers/servers/index.js";
import { SteppingConnection } from "../helpers/stepping-connection.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, textIndex } from "./helpers.js";

/** Milliseconds after which another process takes over, where one is killed. */
const SHORT_LEASE = 400;

/** Counts the passes over all items, from what a reindex tells of its progress. */
function countPasses() {
  const passes = { rewriting: 0, clearing: 0 };
  let last: ReindexProgress | undefined;
  const onProgress = (progress: ReindexProgress) => {
    if (last?.phase !== progress.phase || progress.done <= last.done) passes[progress.phase]++;
    last = progress;
  };
  return { passes, onProgress };
}

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  const connect = () => connectTo(url());

  function storeOn(
    client: RedisClient,
    keyPrefix: string,
    embeddings?: FakeEmbeddings,
    more: { reindexLease?: number; distance?: "l2" } = {},
  ) {
    const { reindexLease = 30_000, ...settings } = more;
    const limits = { reindexLease, partitionsTogether: 256 };
    const index = embeddings && { ...textIndex(embeddings), ...settings };
    const options = { client, keyPrefix, engine, index, [LIMITS]: limits };
    return new RedisStore(options);
  }

  async function filled(keyPrefix: string, embeddings = new FakeEmbeddings(8), count = 60) {
    const store = storeOn(await connect(), keyPrefix, embeddings);
    await store.batch(
      Array.from({ length: count }, (_, n) => ({
        namespace: ["a", `${n % 5}`],
        key: `k${n}`,
        value: { text: `text ${n}` },
      })),
    );
    return store;
  }

  const foundBy = async (store: RedisStore) =>
    (await store.search([], { query: "text", limit: 10_000 })).map(({ key }) => key).sort();
  const all = (count: number) => Array.from({ length: count }, (_, n) => `k${n}`).sort();

  test("put of a client with the old configuration is refused after a reindex, and writes nothing", async () => {
    const keyPrefix = freshPrefix();
    const old = await filled(keyPrefix);
    const embeddings = new FakeEmbeddings(12);
    const next = storeOn(await connect(), keyPrefix, embeddings);
    const before = await old.get(["a", "1"], "k1");
    await next.reindex();
    // Every partition refuses, also where nothing was put before.
    for (let n = 0; n < 30; n++) {
      const put = old.put([`new-${n}`], "k", { text: "new" });
      await expect(put).rejects.toThrow(IndexMismatchError);
      await expect(put).rejects.toThrow("dims is 12 there and 8 here. Use the stored configuration");
    }
    await expect(old.put(["a", "1"], "k1", { text: "changed" })).rejects.toThrow(IndexMismatchError);
    const failed = old.batch([
      { namespace: ["a", "1"], key: "k1", value: { text: "changed" } },
      { namespace: ["a", "1"], key: "k6", value: null },
      { namespace: ["a", "2"], key: "k2" },
    ]);
    await expect(failed).rejects.toMatchObject({ code: "BATCH_FAILED", failures: [{ index: 0 }] });
    expect(await next.get(["a", "1"], "k1")).toEqual(before);
    expect(await next.get(["a", "1"], "k6")).toBeNull();
    expect(await next.listNamespaces({ prefix: ["new-1"] })).toEqual([]);
    expect(await foundBy(next)).toEqual(all(60).filter((key) => key !== "k6"));
  });

  test("put in partitions that have lost what they know of the index finds out again", async () => {
    const keyPrefix = freshPrefix();
    const store = await filled(keyPrefix);
    const client = await connect();
    const { partitions } = new StoreKeys(keyPrefix);
    await client.unlink(partitions.map(({ serving }) => serving));
    await store.put(["a", "0"], "k60", { text: "text 60" });
    expect(await foundBy(store)).toEqual(all(61));
    expect(await client.exists(partitions.map(({ serving }) => serving))).toBe(256);
  });

  test("search and put go on when the definition of the index was lost, also after a reindex", async () => {
    const keyPrefix = freshPrefix();
    await filled(keyPrefix);
    const embeddings = new FakeEmbeddings(12);
    const store = storeOn(await connect(), keyPrefix, embeddings);
    await store.reindex();
    const client = await connect();
    const { definition } = new StoreKeys(keyPrefix);
    const before = await client.get(definition);
    await client.unlink(definition);
    const later = storeOn(await connect(), keyPrefix, embeddings);
    expect(await foundBy(later)).toEqual(all(60));
    expect(await client.get(definition)).toBe(before);
    await client.unlink(definition);
    await store.put(["a", "0"], "k60", { text: "text 60" });
    expect(await foundBy(store)).toEqual(all(61));
    await expect(storeOn(await connect(), keyPrefix, new FakeEmbeddings(8)).setup()).rejects.toThrow(
      IndexMismatchError,
    );
  });

  test("reindex ends after at most four passes, however much is written meanwhile", async () => {
    const keyPrefix = freshPrefix();
    const old = await filled(keyPrefix);
    const embeddings = new FakeEmbeddings(12);
    const store = storeOn(await connect(), keyPrefix, embeddings);
    let writing = true;
    const acknowledged = new Set(all(60));
    const write = async () => {
      for (let n = 60; writing; n++) {
        await old.put(["a", `${n % 7}`], `k${n}`, { text: `text ${n}` }).then(
          () => acknowledged.add(`k${n}`),
          (error: unknown) => expect(error).toBeInstanceOf(IndexMismatchError),
        );
        await sleep(3);
      }
    };
    const writers = [write()];
    const { passes, onProgress } = countPasses();
    await store.reindex({ batchSize: 4, onProgress });
    writing = false;
    await Promise.all(writers);
    expect(passes.rewriting).toBeGreaterThan(1);
    expect(passes.rewriting).toBeLessThanOrEqual(4);
    expect(passes.clearing).toBe(1);
    expect(acknowledged.size).toBeGreaterThan(60);
    expect(await foundBy(store)).toEqual([...acknowledged].sort());
  });

  test("reindex all of whose commands are sent twice, as after lost answers, comes to its end", async () => {
    const keyPrefix = freshPrefix();
    await filled(keyPrefix);
    const connection = createConnection(await connect());
    const twice = asClient({
      pipeline: async (commands) => {
        await connection.pipeline(commands);
        return connection.pipeline(commands);
      },
    });
    const store = storeOn(twice, keyPrefix, new FakeEmbeddings(12));
    expect(await store.reindex()).toMatchObject({ undecodable: [] });
    expect(await foundBy(store)).toEqual(all(60));
    expect(await (await connect()).exists(new StoreKeys(keyPrefix).reindex)).toBe(0);
  });

  test("reindex for another configuration is told that one is at work", async () => {
    const keyPrefix = freshPrefix();
    await filled(keyPrefix);
    const first = storeOn(await connect(), keyPrefix, new FakeEmbeddings(12));
    const second = storeOn(await connect(), keyPrefix, new FakeEmbeddings(16));
    let other: Promise<unknown> | undefined;
    await first.reindex({
      batchSize: 10,
      onProgress: () => {
        other ??= second.reindex().catch((error: unknown) => error);
      },
    });
    const error = await other;
    expect(error).toBeInstanceOf(ReindexConflictError);
    expect(String(error)).toContain("for another configuration: dims is 12 there and 16 here");
    expect(await foundBy(first)).toEqual(all(60));
    await expect(second.search([])).rejects.toThrow(IndexMismatchError);
    await second.reindex();
    expect(await foundBy(second)).toEqual(all(60));
  });

  test("reindex for the same configuration waits for the one at work, and does nothing again", async () => {
    const keyPrefix = freshPrefix();
    await filled(keyPrefix);
    const stores = await Promise.all(
      [1, 2, 3].map(async () => storeOn(await connect(), keyPrefix, new FakeEmbeddings(12))),
    );
    const reports = await Promise.all(stores.map((store) => store.reindex({ batchSize: 7 })));
    expect(reports.map(({ items }) => items).sort()).toEqual([0, 0, 60]);
    for (const store of stores) expect(await foundBy(store)).toEqual(all(60));
  });

  test("reindex that is killed at any command is finished by another process", async () => {
    let killed = 0;
    for (let left = 3; left < 260; left += 11) {
      const keyPrefix = freshPrefix();
      const old = await filled(keyPrefix, new FakeEmbeddings(8), 12);
      const connection = new DyingConnection(await connect(), left);
      await storeOn(connection, keyPrefix, new FakeEmbeddings(12), { reindexLease: SHORT_LEASE })
        .reindex({ batchSize: 4 })
        .catch(() => {});
      if (!connection.isDead) break;
      killed++;
      const put = await old.put(["a", "0"], "k12", { text: "text 12" }).then(
        () => true,
        (error: unknown) => {
          expect(error).toBeInstanceOf(IndexMismatchError);
          return false;
        },
      );
      const store = storeOn(await connect(), keyPrefix, new FakeEmbeddings(12), {
        reindexLease: SHORT_LEASE,
      });
      await store.reindex();
      expect(await foundBy(store), `killed after ${left} commands`).toEqual(all(put ? 13 : 12));
      const client = await connect();
      const parts = await client.keys(`${keyPrefix}:store:doc:*.*`);
      expect([parts, await client.exists(new StoreKeys(keyPrefix).reindex)]).toEqual([[], 0]);
      if (engine === "search") {
        const indexes = (await client.ft._list()).map(String).filter((name) => name.startsWith(keyPrefix));
        expect(indexes).toHaveLength(1);
      }
    }
    expect(killed).toBeGreaterThan(5);
  }, 180_000);

  test("reindex goes on with embedding everything again, where that was begun, and begins anew where it was not", async () => {
    for (const [first, second] of [
      [false, true],
      [true, false],
    ] as const) {
      const keyPrefix = freshPrefix();
      await filled(keyPrefix);
      const model = new FakeEmbeddings(8);
      const interrupt = ({ done }: ReindexProgress) => {
        if (done >= 30) throw new Error("interrupted");
      };
      const interrupted = storeOn(await connect(), keyPrefix, new FakeEmbeddings(8));
      await interrupted.reindex({ reembed: first, batchSize: 10, onProgress: interrupt }).catch(() => {});
      const report = await storeOn(await connect(), keyPrefix, model).reindex({ reembed: second });
      expect(report.reused).toBe(0);
      expect(report.embedded).toBe(first ? 30 : 60);
      expect(model.documentCalls.flat()).toHaveLength(first ? 30 : 60);
    }
  });

  test("writers, readers and reindexers of several configurations, some killed, lose nothing that was acknowledged", async () => {
    const keyPrefix = freshPrefix();
    await filled(keyPrefix);
    const acknowledged = new Set(all(60));
    const refused = new Set<string>();
    const open = async (dims?: number) =>
      storeOn(await connect(), keyPrefix, dims === undefined ? undefined : new FakeEmbeddings(dims));
    let running = true;
    const write = async (name: string, dims: number) => {
      const store = await open(dims);
      for (let n = 0; running; n++) {
        const key = `k-${name}-${n}`;
        try {
          await store.put(["w", `${n % 9}`, name], key, { text: `text ${key}` });
          acknowledged.add(key);
        } catch (error) {
          expect(error).toBeInstanceOf(IndexMismatchError);
          refused.add(key);
          await sleep(2);
        }
      }
    };
    const read = async (dims: number) => {
      const store = await open(dims);
      while (running) {
        await store.search(["w"], { query: "text", limit: 5 }).catch((error: unknown) => {
          expect(error).toBeInstanceOf(IndexMismatchError);
        });
        await sleep(2);
      }
    };
    const reindex = async (dims: number, kill?: number) => {
      const connection = kill === undefined ? await connect() : new DyingConnection(await connect(), kill);
      const { passes, onProgress } = countPasses();
      try {
        await storeOn(connection, keyPrefix, new FakeEmbeddings(dims), { reindexLease: SHORT_LEASE }).reindex(
          {
            batchSize: 20,
            onProgress,
          },
        );
        expect(passes.rewriting).toBeLessThanOrEqual(4);
        return "done";
      } catch (error) {
        if (connection instanceof DyingConnection && connection.isDead) return "killed";
        expect(error).toBeInstanceOf(ReindexConflictError);
        return "told";
      }
    };
    const others = [write("a", 8), write("b", 8), write("c", 12), write("d", 16), read(8), read(12)];
    await sleep(200);
    const outcomes = [await reindex(12, 60)];
    outcomes.push(...(await Promise.all([reindex(12, 400), reindex(12), reindex(16), reindex(12)])));
    await sleep(200);
    running = false;
    await Promise.all(others);
    expect(outcomes[0]).toBe("killed");
    expect(outcomes).toContain("done");

    const plain = await open();
    const items = await plain.batch([...refused].flatMap((key) => nameOf(key)));
    expect(items.filter((item) => item !== null)).toEqual([]);
    const stored = (await plain.search([], { limit: 10_000 })).map(({ key }) => key);
    expect(stored.sort()).toEqual([...acknowledged].sort());
    const definition = String(await (await connect()).get(new StoreKeys(keyPrefix).definition));
    const dims = Number(/"dims":(\d+)/.exec(definition)?.[1]);
    expect(await foundBy(await open(dims))).toEqual([...acknowledged].sort());
    expect([acknowledged.size > 60, refused.size > 0]).toEqual([true, true]);
  }, 120_000);

  function nameOf(key: string) {
    const [, name, n] = key.split("-");
    return [{ namespace: ["w", `${Number(n) % 9}`, name as string], key }];
  }

  describe("a store without index", () => {
    test("reads, lists and deletes what one with an index has put, and its puts are refused", async () => {
      const keyPrefix = freshPrefix();
      const indexed = await filled(keyPrefix);
      const store = storeOn(await connect(), keyPrefix);
      await store.setup();
      expect((await store.get(["a", "1"], "k1"))?.value).toEqual({ text: "text 1" });
      expect(await store.search(["a"], { limit: 100 })).toHaveLength(60);
      expect(await store.search([], { filter: { text: "text 7" } })).toMatchObject([{ key: "k7" }]);
      expect(await store.listNamespaces({ maxDepth: 1 })).toEqual([["a"]]);
      const put = store.put(["a", "1"], "k1", { text: "other" });
      await expect(put).rejects.toThrow(IndexMismatchError);
      await expect(put).rejects.toThrow("dims is 8 there and not set here");
      expect((await store.get(["a", "1"], "k1"))?.value).toEqual({ text: "text 1" });
      await store.delete(["a", "1"], "k1");
      expect(await store.deleteNamespace(["a", "2"])).toBe(12);
      expect(await foundBy(indexed)).toHaveLength(47);
    });

    test("or with another one gets, deletes and lists without looking at the index", async () => {
      const keyPrefix = freshPrefix();
      await filled(keyPrefix);
      const store = storeOn(await connect(), keyPrefix, new FakeEmbeddings(99));
      expect((await store.get(["a", "1"], "k1"))?.key).toBe("k1");
      expect(await store.listNamespaces({ maxDepth: 1 })).toEqual([["a"]]);
      await store.delete(["a", "1"], "k1");
      expect(await store.deleteNamespace(["a", "1"])).toBe(11);
      await expect(store.search(["a"])).rejects.toThrow(IndexMismatchError);
      expect(store.engine).toBeDefined();
    });
  });

  test.runIf(engine === "search")(
    "setup of an old client that comes late leaves the new index alone",
    async () => {
      const keyPrefix = freshPrefix();
      await filled(keyPrefix);
      const connection = new SteppingConnection(await connect());
      const late = storeOn(connection, keyPrefix, new FakeEmbeddings(8));
      const next = storeOn(await connect(), keyPrefix, new FakeEmbeddings(8), { distance: "l2" });
      // It has read the old definition, and is about to make sure that the index is there.
      connection.before("FT.CREATE", () => next.reindex());
      await expect(late.setup()).rejects.toThrow(IndexMismatchError);
      expect(await foundBy(next)).toEqual(all(60));
      const client = await connect();
      const indexes = (await client.ft._list()).map(String).filter((name) => name.startsWith(keyPrefix));
      expect(indexes).toEqual([`${keyPrefix}:store:2`]);
    },
  );

  test("reindex beside one that empties the database ends, and what is put afterwards is found", async () => {
    const server = await startServer({ search: engine === "search", own: true });
    onTestFinished(() => server.stop());
    const keyPrefix = freshPrefix();
    const client = await connectTo(server.url);
    const old = storeOn(client, keyPrefix, new FakeEmbeddings(8));
    const put = (from: number) =>
      old.batch(
        Array.from({ length: 20 }, (_, n) => ({
          ...{ namespace: ["a"], key: `k${from + n}`, value: { text: `text ${from + n}` } },
        })),
      );
    await put(100);
    let isEmptied = false;
    const reindexing = storeOn(await connectTo(server.url), keyPrefix, new FakeEmbeddings(12)).reindex({
      batchSize: 5,
      onProgress: ({ done }) => {
        if (done >= 10 && !isEmptied) isEmptied = client.flushAll() !== undefined;
      },
    });
    await expect(reindexing).rejects.toThrow(ReindexConflictError);
    await put(0);
    expect(await foundBy(old)).toEqual(all(20));
    const store = storeOn(client, keyPrefix, new FakeEmbeddings(12));
    await store.reindex();
    expect(await foundBy(store)).toEqual(all(20));
    await expect(old.put(["a"], "k", {})).rejects.toThrow(IndexMismatchError);
  });

  test.runIf(engine === "search").each([1, 2])(
    "reindex outlives that somebody drops index %i of the two by hand",
    async (which) => {
      const keyPrefix = freshPrefix();
      const old = await filled(keyPrefix);
      const client = await connect();
      const store = storeOn(await connect(), keyPrefix, new FakeEmbeddings(12));
      let dropped: Promise<unknown> | undefined;
      await store.reindex({
        batchSize: 10,
        onProgress: ({ done }) => {
          if (done >= 30) dropped ??= client.ft.dropIndex(`${keyPrefix}:store:${which}`);
        },
      });
      await dropped;
      expect(await foundBy(store)).toEqual(all(60));
      await expect(foundBy(old)).rejects.toThrow(IndexMismatchError);
    },
  );

  test.runIf(engine === "search")("stats builds an index that was dropped again", async () => {
    const keyPrefix = freshPrefix();
    const store = await filled(keyPrefix);
    await (await connect()).ft.dropIndex(`${keyPrefix}:store:1`);
    expect(await store.stats()).toMatchObject({ items: 60, vectors: 60 });
  });
});

test("reindex on a server without memory writes nothing more, and goes on when there is some again", async () => {
  const server = await startServer({ search: false, own: true });
  onTestFinished(() => server.stop());
  const client = await connectTo(server.url);
  const keyPrefix = freshPrefix();
  const storeOf = (dims: number, through: RedisClient = client) =>
    new RedisStore({
      ...{ client: through, keyPrefix, engine: "core" },
      index: { dims, embeddings: new FakeEmbeddings(dims), fields: ["texts[*]"] },
    });
  const items = Array.from({ length: 6 }, (_, n) => ({
    namespace: ["n"],
    key: `k${n}`,
    value: { texts: [`a${n}`, `b${n}`] },
  }));
  await storeOf(8).batch(items);
  const connection = new SteppingConnection(client);
  const keys = new StoreKeys(keyPrefix);
  const stored = async () =>
    Object.fromEntries(
      await Promise.all(
        (await client.keys(`${keyPrefix}:store:doc:*`))
          .sort()
          .map(async (key) => [key, await client.hGetAll(key)]),
      ),
    );
  let before: unknown;
  connection.before(REWRITE, async () => {
    // While this process stood still another one has come here, too, and has died.
    await client.hSet(keys.reindex, "until", "0");
    const onProgress = () => {
      throw new Error("died");
    };
    await storeOf(12)
      .reindex({ onProgress })
      .catch(() => {});
    before = await stored();
    await client.configSet("maxmemory", "1");
  });
  await expect(storeOf(12, connection).reindex()).rejects.toThrow("OOM");
  expect(await stored()).toEqual(before);
  await client.configSet("maxmemory", "0");
  const store = storeOf(12);
  await store.reindex();
  for (const { key, value } of items) {
    for (const query of value.texts)
      expect(await store.search(["n"], { query, limit: 1 })).toMatchObject([{ key }]);
  }
});

test("a reindex without a search engine leaves no index behind that stores with one still ask", async () => {
  const keyPrefix = freshPrefix();
  const [{ url }] = ENGINES;
  const open = async (engine: "search" | "core") => {
    const store = new RedisStore({ client: await connectTo(url()), keyPrefix, engine, index: textIndex() });
    onTestFinished(() => store.stop());
    return store;
  };
  const search = await open("search");
  await search.put(["a"], "k", { text: "red wine" });
  const core = await open("core");
  await core.reindex();
  for (const mode of ["vector", "text"] as const) {
    expect(await search.search(["a"], { query: "red", mode })).toMatchObject([{ key: "k" }]);
    expect(await core.search(["a"], { query: "red", mode })).toMatchObject([{ key: "k" }]);
  }
});
