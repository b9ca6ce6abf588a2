import { describe, expect, test } from "vitest";
import { IndexMismatchError } from "../../src/store/errors.js";
import { StoreKeys } from "../../src/store/keys.js";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect as connectTo, freshPrefix, type TestClient } from "../helpers/redis.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { documentOf, ENGINES, openStore as openStoreAt } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  const fields = ["title", "chapters[*]"];

  /** Names of the store's search indexes. */
  async function indexes(client: TestClient, keyPrefix: string): Promise<string[]> {
    if (engine === "core") return [];
    return (await client.ft._list()).map(String).filter((name) => name.startsWith(keyPrefix));
  }

  function index(embeddings: FakeEmbeddings, more: object = {}) {
    return { dims: embeddings.dims, embeddings, fields, text: true, ...more };
  }

  /** A store that is not set up: its configuration differs from what is stored. */
  async function unopened(options: RedisStoreOptions): Promise<RedisStore> {
    return new RedisStore({ client: await connect(), ...options });
  }

  async function fill(store: RedisStore, count = 30): Promise<void> {
    await store.batch(
      Array.from({ length: count }, (_, n) => ({
        namespace: ["a", `${n % 3}`],
        key: `${n}`,
        value: { title: `title ${n}`, chapters: [`apples ${n}`, `pears ${n}`], n },
      })),
    );
  }

  test("reindex changes the dimensions, and keeps everything else of the items", async () => {
    const keyPrefix = freshPrefix();
    const old = await openStore({ keyPrefix, index: index(new FakeEmbeddings(16)) });
    await fill(old);
    await old.put(["b"], "hidden", { title: "hidden" }, false);
    await old.put(["b"], "own field", { title: "x", summary: "special summary" }, ["summary"]);
    await old.put(["b"], "short-lived", { title: "short-lived" }, { ttl: 60 });
    const before = await old.search([], { limit: 100 });

    const embeddings = new FakeEmbeddings(32);
    const store = await unopened({ keyPrefix, index: index(embeddings) });
    await expect(store.search(["a", "1"])).rejects.toThrow(IndexMismatchError);
    const progress: string[] = [];
    const report = await store.reindex({ batchSize: 7, onProgress: ({ phase }) => progress.push(phase) });
    expect(report).toEqual({ items: 33, embedded: 92, reused: 0, undecodable: [] });
    expect(new Set(progress)).toEqual(new Set(["rewriting", "clearing"]));

    expect(await store.search([], { limit: 100 })).toEqual(before);
    const [best] = await store.search(["a"], { query: "pears 17" });
    expect(best).toMatchObject({ key: "17" });
    expect(best?.score).toBeCloseTo(1, 5);
    expect(await store.search(["b"], { query: "special summary" })).toMatchObject([
      { key: "own field" },
      { key: "short-lived" },
    ]);
    const client = await connect();
    expect(await client.pTTL(documentOf(keyPrefix, ["b"], "short-lived"))).toBeGreaterThan(3_000_000);
    // Nothing of the old index is left.
    expect(await indexes(client, keyPrefix)).toEqual(engine === "search" ? [`${keyPrefix}:store:2`] : []);
    expect((await client.keys(`${keyPrefix}:store:doc:*`)).length).toBe(33 + 60);
    const document = await client.hGetAll(documentOf(keyPrefix, ["a", "0"], "0"));
    expect(Object.keys(document)).toContain("vector:2");
    expect(Object.keys(document)).not.toContain("vector:1");
    expect(document.parts).toBe("2.1 2.2 ");
    expect(await client.exists(new StoreKeys(keyPrefix).reindex)).toBe(0);
    expect(await store.stats()).toMatchObject({ items: 33, vectors: 92 });

    await store.put(["a", "0"], "0", { title: "changed" });
    expect((await client.keys(`${documentOf(keyPrefix, ["a", "0"], "0")}*`)).length).toBe(1);
    // Whoever is still configured for the old index is told so at the next use.
    await expect(old.search(["a"], { query: "pears" })).rejects.toThrow(IndexMismatchError);
    await expect(old.put(["a"], "k", { title: "old" })).rejects.toThrow(IndexMismatchError);
  });

  test("reindex lets all documents of an item expire together, as before", async () => {
    const keyPrefix = freshPrefix();
    const old = await openStore({ keyPrefix, index: index(new FakeEmbeddings(16)) });
    const value = { title: "a title", chapters: ["green apples", "yellow pears"] };
    await old.put(["a"], "goes", value, { ttl: 60 });
    await old.put(["a"], "stays", value);
    const store = await unopened({ keyPrefix, index: index(new FakeEmbeddings(32)) });
    await store.reindex();
    const client = await connect();
    const lives = async (item: string) => {
      const keys = await client.keys(`${documentOf(keyPrefix, ["a"], item)}*`);
      return Promise.all(keys.map((key) => client.pTTL(key)));
    };
    const [goes, stays] = [await lives("goes"), await lives("stays")];
    expect([goes.length, stays]).toEqual([3, [-1, -1, -1]]);
    for (const life of goes) expect(life).toBeGreaterThan(3_000_000);
  });

  test("reindex keeps the vectors when only the index changes", async () => {
    const keyPrefix = freshPrefix();
    const embeddings = new FakeEmbeddings();
    const old = await openStore({ keyPrefix, index: index(embeddings) });
    await fill(old);
    const fresh = new FakeEmbeddings();
    const store = await unopened({
      keyPrefix,
      index: index(fresh, { m: 16, numericFields: ["n"], text: false }),
    });
    const report = await store.reindex();
    expect(report).toEqual({ items: 30, embedded: 0, reused: 90, undecodable: [] });
    expect(fresh.documentCalls).toEqual([]);
    expect(await store.search(["a"], { filter: { n: { $gte: 25 } } })).toHaveLength(5);
    expect((await store.search(["a"], { query: "pears 3" }))[0]).toMatchObject({ key: "3" });
    const again = await store.reindex({ reembed: true });
    expect(again).toMatchObject({ items: 30, embedded: 90, reused: 0 });
  });

  test("reindex adds an index, and removes it again", async () => {
    const keyPrefix = freshPrefix();
    await fill(await openStore({ keyPrefix }));
    const store = await unopened({ keyPrefix, index: index(new FakeEmbeddings()) });
    expect(await store.reindex()).toMatchObject({ items: 30, embedded: 90 });
    expect((await store.search([], { query: "apples 7" }))[0]).toMatchObject({ key: "7" });
    const plain = await unopened({ keyPrefix });
    expect(await plain.reindex()).toMatchObject({ items: 30, embedded: 0 });
    expect(await plain.search([], { filter: { n: 7 } })).toMatchObject([{ key: "7" }]);
    expect(await plain.stats()).toMatchObject({ items: 30, vectors: 0 });
  });

  describe("while the new index is built", () => {
    test("the old one answers, and puts are in the new one too", async () => {
      const keyPrefix = freshPrefix();
      const old = await openStore({ keyPrefix, index: index(new FakeEmbeddings(16)) });
      await fill(old);
      const store = await unopened({ keyPrefix, index: index(new FakeEmbeddings(32)) });
      let puts = 0;
      const busy: Promise<unknown>[] = [];
      await store.reindex({
        batchSize: 5,
        onProgress: ({ phase }) => {
          if (phase !== "rewriting" || puts >= 10) return;
          const n = puts++;
          busy.push(
            old.put(["a", "0"], `new ${n}`, { title: `meanwhile ${n}` }),
            old.put(["a", "1"], "1", { title: `changed ${n}` }),
            old.delete(["a", "2"], `${2 + 3 * n}`),
            old
              .search(["a"], { query: "meanwhile", limit: 100 })
              .then((found) => expect(found.length).toBeGreaterThan(0)),
          );
        },
      });
      // The last ones may have met the new index, and say so: then they are not in it.
      const outcomes = await Promise.allSettled(busy);
      const refused = outcomes.filter((each) => each.status === "rejected");
      for (const { reason } of refused) expect(reason).toBeInstanceOf(IndexMismatchError);
      await store.reindex();
      const all = await store.search([], { limit: 200 });
      expect(all.length).toBeGreaterThan(20);
      const found = await store.search([], { query: "meanwhile title", limit: 200 });
      expect(found.map(({ key }) => key).sort()).toEqual(all.map(({ key }) => key).sort());
    });

    test("clients with the new configuration find what they put", async () => {
      const keyPrefix = freshPrefix();
      const embeddings = new FakeEmbeddings();
      const one = await openStore({ keyPrefix, index: index(embeddings) });
      const two = await openStore({ keyPrefix, index: index(embeddings) });
      await fill(one);
      await one.reindex();
      await two.put(["late"], "k", { title: "written by one who did not know" });
      const [found] = await one.search(["late"], { query: "written by one who did not know" });
      expect(found?.score).toBeCloseTo(1, 5);
      const [mine] = await two.search(["late"], { query: "written by one who did not know" });
      expect(mine?.score).toBeCloseTo(1, 5);
    });
  });

  test("reindex removes what was embedded of an item before, for every mode", async () => {
    const keyPrefix = freshPrefix();
    const old = await openStore({ keyPrefix, index: index(new FakeEmbeddings(16)) });
    await old.put(["a"], "k", { title: "green apples", summary: "red wine" });
    await old.put(["a"], "l", { title: "green pears" });
    const store = await unopened({
      keyPrefix,
      index: { ...index(new FakeEmbeddings(32)), fields: ["summary"] },
    });
    await store.reindex();
    expect(await store.search(["a"], { query: "green", mode: "text" })).toEqual([]);
    for (const mode of ["vector", "text", "hybrid"] as const) {
      expect(await store.search(["a"], { query: "wine", mode })).toMatchObject([{ key: "k" }]);
    }
  });

  test("reindex goes on where an interrupted one stopped", async () => {
    const keyPrefix = freshPrefix();
    const old = await openStore({ keyPrefix, index: index(new FakeEmbeddings(16)) });
    await fill(old);
    const embeddings = new FakeEmbeddings(32);
    const store = await unopened({ keyPrefix, index: index(embeddings, { cacheSize: 0 }) });
    let pages = 0;
    const interrupted = store.reindex({
      batchSize: 5,
      onProgress: () => {
        if (++pages === 3) embeddings.failure = new Error("quota");
      },
    });
    await expect(interrupted).rejects.toMatchObject({ cause: new Error("quota") });
    expect((await old.search(["a"], { query: "pears 17" }))[0]?.score).toBeCloseTo(1, 5);
    embeddings.failure = undefined;
    const report = await store.reindex({ batchSize: 5 });
    expect(report.items).toBeGreaterThan(0);
    expect(report.items).toBeLessThan(30);
    expect((await store.search(["a"], { query: "pears 17" }))[0]?.score).toBeCloseTo(1, 5);
    expect(await store.stats()).toMatchObject({ items: 30, vectors: 90 });
  });

  test("reindex that is run again after an interruption behind the switch leaves nothing behind", async () => {
    const keyPrefix = freshPrefix();
    const old = await openStore({ keyPrefix, index: index(new FakeEmbeddings(16)) });
    await fill(old);
    const store = await unopened({ keyPrefix, index: index(new FakeEmbeddings(32)) });
    const interrupted = store.reindex({
      onProgress: ({ phase }) => {
        if (phase === "clearing") throw new Error("interrupted");
      },
    });
    await expect(interrupted).rejects.toMatchObject({ cause: new Error("interrupted") });
    expect(await store.search(["a"], { query: "pears 17", limit: 100 })).toHaveLength(30);
    expect(await store.reindex()).toMatchObject({ items: 0 });
    const client = await connect();
    expect((await client.keys(`${keyPrefix}:store:doc:*`)).length).toBe(90);
    expect(await indexes(client, keyPrefix)).toEqual(engine === "search" ? [`${keyPrefix}:store:2`] : []);
  });

  test("reindex reports documents that cannot be read, and leaves them as they are", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: index(new FakeEmbeddings()) });
    await fill(store, 3);
    const client = await connect();
    const broken = documentOf(keyPrefix, ["a", "0"], "0");
    const stranger = `${keyPrefix}:store:doc:{7}:thing`;
    await client.hSet(broken, "value", "{broken");
    await client.hSet(stranger, "name", "somebody else's");
    const report = await store.reindex();
    expect(report).toMatchObject({ items: 2 });
    // Only an index sees what the store has not written.
    expect(report.undecodable.sort()).toEqual(engine === "search" ? [broken, stranger].sort() : [broken]);
    expect(await client.hGet(broken, "value")).toBe("{broken");
    expect(await client.hGetAll(stranger)).toEqual({ name: "somebody else's" });
  });

  test("reindex finds what a client with the old configuration puts at any moment before it knows", async () => {
    await atEveryGap(async () => {
      const keyPrefix = freshPrefix();
      const old = await openStore({ keyPrefix, index: index(new FakeEmbeddings(16)) });
      await old.put(["a"], "there", { title: "red wine" });
      const connection = new SteppingConnection(await connect());
      const store = new RedisStore({
        client: connection,
        keyPrefix,
        index: index(new FakeEmbeddings(32)),
        // All in one call, so that there are fewer gaps that are the same.
        [LIMITS]: { partitionsTogether: 256 },
      } as RedisStoreOptions & { client: SteppingConnection });
      let put: PromiseSettledResult<void> | undefined;
      return {
        connection,
        operation: () => store.reindex(),
        work: async () => {
          [put] = await Promise.allSettled([old.put(["a"], "between", { title: "green apples" })]);
        },
        check: async (gap, outcome) => {
          expect(outcome.status, gap).toBe("fulfilled");
          const found = await store.search(["a"], { query: "green apples" });
          const keys = found.map(({ key }) => key);
          if (put?.status === "fulfilled") expect(keys, gap).toEqual(["between", "there"]);
          else expect(keys, gap).toContain("there");
        },
      };
    });
  });
});
