import { describe, expect, test } from "vitest";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import type { RedisStore } from "../../src/store/redis-store.js";
import type { RedisSearchItem, RedisSearchOptions } from "../../src/store/types.js";
import { freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { documentOf, ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

const WORDS = "red blue green dog cat house tree river cloud stone bread wine music code train plane".split(
  " ",
);

/** Texts of six words each, the same in every run. */
function randomTexts(count: number): string[] {
  let state = 7;
  const random = () => {
    state = (state * 1_103_515_245 + 12_345) & 0x7fffffff;
    return state / 0x80000000;
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 6 }, () => WORDS[Math.floor(random() * WORDS.length)]).join(" "),
  );
}

const keysOf = (found: readonly RedisSearchItem[]) => found.map(({ key }) => key);

/** All pages of a search, with what is done between them. */
async function pages(
  store: RedisStore,
  options: RedisSearchOptions,
  limit: number,
  between: (page: number) => Promise<unknown> = async () => undefined,
): Promise<RedisSearchItem[]> {
  const all: RedisSearchItem[] = [];
  for (let page = 0; ; page++) {
    const found = await store.search(["a"], { ...options, limit, offset: page * limit });
    all.push(...found);
    if (found.length < limit) return all;
    await between(page);
  }
}

describe.each(ENGINES)("rankings on engine $engine", ({ url }) => {
  const openStore = (options: object = {}) => openStoreAt(options as RedisStoreOptions, url());
  const query = "red dog house";

  test("hybrid pages of any size are pages of one ranking, which reaches every item", async () => {
    for (const rankWindow of [5, 100]) {
      const store = await openStore({ index: textIndex(new FakeEmbeddings(8)), [LIMITS]: { rankWindow } });
      const texts = randomTexts(120);
      await store.batch(texts.map((text, n) => ({ namespace: ["a"], key: `${n}`, value: { text } })));
      const all = await store.search(["a"], { query, mode: "hybrid", limit: 200 });
      expect(new Set(keysOf(all)).size).toBe(120);
      const scores = all.map(({ score = 0 }) => score);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      for (const limit of [2, 3, 10, 50]) {
        expect(keysOf(await pages(store, { query, mode: "hybrid" }, limit))).toEqual(keysOf(all));
      }
    }
  });

  test("hybrid fuses the first items of both rankings, then those by similarity, then those by words", async () => {
    const embeddings = new FakeEmbeddings(2);
    const angles: Record<string, number> = {
      a: 0.1,
      b: 0.2,
      c: 0.3,
      "d word": 0.4,
      e: 0.5,
      "f word word": 0.6,
    };
    embeddings.vector = (text) => {
      const angle = angles[text] ?? 0;
      return [Math.cos(angle), Math.sin(angle)];
    };
    const store = await openStore({ index: textIndex(embeddings), [LIMITS]: { rankWindow: 2 } });
    for (const text of Object.keys(angles)) await store.put(["a"], text, { text });
    const found = await store.search(["a"], { query: "word", mode: "hybrid" });
    expect(found.map(({ key, score }) => [key, score])).toEqual([
      ["a", 1 / 61],
      ["f word word", 1 / 61],
      ["b", 1 / 62],
      ["d word", 1 / 62],
      ["c", 1 / 65],
      ["e", 1 / 66],
    ]);
  });

  test("hybrid fuses items, whichever of their texts is similar or has the words", async () => {
    const embeddings = new FakeEmbeddings(4);
    const vectors: Record<string, number[]> = {
      "the query words": [1, 0, 0, 0],
      "first title": [1, 0, 0, 0],
      "query words query words": [0, 0, 1, 0],
      "second query": [0.9, 0.4, 0, 0],
      filler: [0.5, 0.8, 0, 0],
    };
    embeddings.vector = (text) => vectors[text] ?? [0, 0, 0, 1];
    const store = await openStore({ index: { ...textIndex(embeddings), fields: ["title", "body"] } });
    await store.put(["a"], "first", { title: "first title", body: "query words query words" });
    await store.put(["a"], "second", { title: "second query" });
    for (let n = 0; n < 20; n++) await store.put(["a"], `filler ${n}`, { title: "filler" });
    const found = await store.search(["a"], { query: "the query words", mode: "hybrid", limit: 3 });
    expect(found.slice(0, 2).map(({ key, score }) => [key, score])).toEqual([
      ["first", 2 / 61],
      ["second", 2 / 62],
    ]);
  });

  test("minScore leaves out less similar items in hybrid too, and changes no other's score", async () => {
    const embeddings = new FakeEmbeddings(2);
    const letters = "abcdefghijklmnopqrstuvwxyz";
    embeddings.vector = (text) => {
      const angle = text === "word" ? 0 : (letters.indexOf(text.charAt(0)) + 1) / 20;
      return [Math.cos(angle), Math.sin(angle)];
    };
    const similarityOf = (key: string) => Math.cos((letters.indexOf(key.charAt(0)) + 1) / 20);
    const index = { ...textIndex(embeddings), fields: ["text", "more"] };
    // A window that most items with the word are outside of when they are ranked by similarity.
    const store = await openStore({ index, [LIMITS]: { rankWindow: 4 } });
    for (const letter of letters) {
      const text = `${letter}${letter > "e" ? " word" : ""}`;
      // The further text is the more similar one for some.
      await store.put(["a"], text, letter === "y" || letter === "z" ? { text, more: "a" } : { text });
    }
    const search = { query: "word", mode: "hybrid", limit: 50 } as const;
    const all = await store.search(["a"], search);
    expect(all).toHaveLength(26);
    for (const minScore of [0.99, 0.8, 0.5, 0]) {
      const expected = all.filter(
        ({ key }) => (key > "y" ? similarityOf("a") : similarityOf(key)) >= minScore,
      );
      const found = await store.search(["a"], { ...search, minScore });
      expect(found.map(({ key, score }) => [key, score])).toEqual(
        expected.map(({ key, score }) => [key, score]),
      );
      for (const limit of [2, 3]) {
        expect(keysOf(await pages(store, { ...search, minScore }, limit))).toEqual(keysOf(expected));
      }
    }
  });

  test("minScore of the store holds in hybrid", async () => {
    const embeddings = new FakeEmbeddings(64);
    const store = await openStore({ index: { ...textIndex(embeddings), minScore: 0.9 } });
    await store.put(["a"], "near", { text: "red dog" });
    await store.put(["a"], "far", { text: "dog train moon sea wine bread code stone river" });
    expect(keysOf(await store.search(["a"], { query: "red dog", mode: "hybrid" }))).toEqual(["near"]);
    expect(keysOf(await store.search(["a"], { query: "red dog", mode: "text" }))).toHaveLength(2);
  });

  describe.each(["vector", "text", "hybrid"] as const)("search by %s", (mode) => {
    test("has equally good items in the order of their documents' keys, byte by byte", async () => {
      const keyPrefix = freshPrefix();
      const store = await openStore({ keyPrefix, index: textIndex() });
      const names = ["b", "a", "B", "ä", "a b", "_", "9", "10"];
      for (const name of names) {
        await store.put(["a", "1"], name, { text: "the very same" });
        await store.put(["a"], name, { text: "the very same" });
      }
      const documents = names
        .flatMap((name) => [documentOf(keyPrefix, ["a"], name), documentOf(keyPrefix, ["a", "1"], name)])
        .sort();
      const search = { query: "the very same", mode };
      for (const limit of [1, 3, 50]) {
        const found = (await pages(store, search, limit)).map(({ namespace, key }) =>
          documentOf(keyPrefix, namespace, key),
        );
        if (mode === "hybrid") expect(found.toSorted()).toEqual(documents);
        expect(found).toEqual(documents);
      }
    });

    test("has pages that follow each other while equally good items are put again", async () => {
      const store = await openStore({ index: textIndex() });
      const put = (n: number) => store.put(["a"], `${n}`, { text: n < 25 ? "the very same" : `the ${n}` });
      for (let n = 0; n < 30; n++) await put(n);
      for (const limit of [2, 3, 7]) {
        const found = await pages(store, { query: "the very same", mode }, limit, async (page) => {
          await put((page * 5) % 25);
          await put((page * 7 + 3) % 25);
        });
        expect(found).toHaveLength(30);
        expect(new Set(keysOf(found)).size).toBe(30);
      }
    });

    test.each([2, 3])("has pages of %i of one ranking, whatever has to be left out", async (limit) => {
      const index = { ...textIndex(new FakeEmbeddings(8)), fields: ["text", "more[*]"] };
      const store = await openStore({ index, [LIMITS]: { rankedValues: 3, rankWindow: 7 } });
      const texts = randomTexts(45);
      await store.batch(
        texts.map((text, n) => ({
          namespace: ["a", `${n % 2}`],
          key: `${n}`,
          value: { text, n, more: n % 3 === 0 ? texts.slice(n + 1, n + 3) : [] },
        })),
      );
      const search = { query, mode };
      for (const filter of [{}, { n: { $gte: 10, $lt: 31 } }, { n: { $ne: 3 } }, { n: { $in: [1, 44] } }]) {
        const all = await store.search(["a"], { ...search, filter, limit: 50 });
        const found = await pages(store, { ...search, filter }, limit);
        expect(found).toEqual(all);
        expect(new Set(keysOf(all)).size).toBe(all.length);
      }
    });
  });
});
