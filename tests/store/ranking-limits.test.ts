import { expect, onTestFinished, test } from "vitest";
import type { RedisStore } from "../../src/store/redis-store.js";
import type { RedisSearchItem, RedisSearchOptions } from "../../src/store/types.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { startServer, type TestServer } from "../helpers/servers/index.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { openStore, textIndex } from "./helpers.js";

const keysOf = (found: readonly RedisSearchItem[]) => found.map(({ key }) => key);

async function startOwn(options: { args?: string[] } = {}): Promise<TestServer> {
  const server = await startServer({ own: true, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function pages(store: RedisStore, options: RedisSearchOptions, limit: number) {
  const all: RedisSearchItem[] = [];
  for (;;) {
    const found = await store.search(["a"], { ...options, limit, offset: all.length });
    all.push(...found);
    if (found.length < limit) return all;
  }
}

test.each(["hnsw", "flat"] as const)(
  "rankings reach every item beyond the server's MAXSEARCHRESULTS, with an index of kind %s",
  async (algorithm) => {
    const server = await startOwn();
    const client = await connect(server.url);
    await client.sendCommand(["FT.CONFIG", "SET", "MAXSEARCHRESULTS", "1000"]);
    const index = { ...textIndex(new FakeEmbeddings(8)), algorithm };
    const store = await openStore({ index }, server.url);
    const texts = Array.from({ length: 1_300 }, (_, n) => `apples ${"and ".repeat(n % 7)} number ${n % 900}`);
    await store.batch(
      texts.map((text, n) => ({ namespace: ["a", `${n % 3}`], key: `${n}`, value: { text, n } })),
    );
    for (const mode of ["vector", "text", "hybrid"] as const) {
      const search = { query: "apples number 7", mode };
      const all = await store.search(["a"], { ...search, limit: 1_000_000 });
      expect(new Set(keysOf(all)).size).toBe(1_300);
      expect(keysOf(await pages(store, search, 499))).toEqual(keysOf(all));
      for (const offset of [995, 1_003, 1_290]) {
        expect(await store.search(["a"], { ...search, offset, limit: 10 })).toEqual(
          all.slice(offset, offset + 10),
        );
      }
      // What the index cannot answer is behind the limit.
      const filter = { n: { $gt: 1_289 } };
      const few = await store.search(["a"], { ...search, filter, limit: 50 });
      expect(keysOf(few).sort()).toEqual(Array.from({ length: 10 }, (_, n) => `${1_290 + n}`));
    }
  },
);

test("pages by similarity have each item once beyond efRuntime, in a scope and without one", async () => {
  const server = await startOwn();
  const dims = 32;
  let state = 5;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state / 0x40000000 - 1;
  };
  const vectors = new Map<string, number[]>();
  const embeddings = new FakeEmbeddings(dims);
  embeddings.vector = (text) => {
    const known = vectors.get(text) ?? Array.from({ length: dims }, random);
    vectors.set(text, known);
    return known;
  };
  // Few connections, so that a deeper look finds what a shallow one does not.
  const index = { ...textIndex(embeddings), m: 4, efConstruction: 8, efRuntime: 10 };
  const store = await openStore({ index }, server.url);
  for (let from = 0; from < 1_500; from += 500) {
    await store.batch(
      Array.from({ length: 500 }, (_, n) => ({
        namespace: ["a", (from + n) % 3 === 0 ? "third" : "rest"],
        key: `${from + n}`,
        value: { text: `${from + n}` },
      })),
    );
  }
  for (const path of [[], ["a", "rest"]]) {
    for (const query of ["one", "another"]) {
      const found: RedisSearchItem[] = [];
      for (let offset = 0; offset < 600; offset += 20)
        found.push(...(await store.search(path, { query, offset, limit: 20 })));
      expect(found).toHaveLength(600);
      expect(new Set(keysOf(found)).size).toBe(600);
    }
  }
});

test("pages are full and follow each other while expired items are still in the index", async () => {
  const server = await startOwn({ args: ["--enable-debug-command", "yes"] });
  const client = await connect(server.url);
  await client.sendCommand(["DEBUG", "SET-ACTIVE-EXPIRE", "0"]);
  await client.sendCommand(["FT.CONFIG", "SET", "MAXSEARCHRESULTS", "20"]);
  const index = { ...textIndex(), fields: ["text", "more"] };
  const store = await openStore({ keyPrefix: freshPrefix(), index }, server.url);
  const value = (n: number) => ({ text: `green apples ${n % 5}`, more: "red" });
  for (let n = 0; n < 30; n++) {
    await store.put(["a"], `stays ${n}`, value(n));
    await store.put(["a"], `goes ${n}`, value(0), { ttl: 0.0005 });
  }
  await new Promise((resolve) => setTimeout(resolve, 60));
  for (const mode of ["vector", "text", "hybrid"] as const) {
    const search = { query: "green apples 0", mode };
    for (const limit of [3, 10]) {
      const found = await pages(store, search, limit);
      expect(keysOf(found).every((key) => key.startsWith("stays"))).toBe(true);
      expect(new Set(keysOf(found)).size).toBe(30);
      expect(found).toHaveLength(30);
    }
  }
});
