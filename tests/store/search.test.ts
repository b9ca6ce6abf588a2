import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.js";
import { encodeKeyPart } from "../../src/redis/key-encoding.js";
import { LIMITS } from "../../src/store/limits.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { HOSTILE_STRINGS } from "../helpers/hostile.js";
import { legalLabels } from "../helpers/labels.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { documentOf, ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  test("a listing has items of one millisecond in the order of their keys, byte by byte", async () => {
    const store = await openStore({ scanBatchSize: 4 });
    const keys = [
      "a",
      "A",
      "b",
      "B",
      "a-B",
      "aB",
      "A-b",
      "_a",
      "-a",
      "0",
      "ä",
      "z",
      "é",
      "E",
      "~",
      "日",
      "a b",
    ];
    await store.batch(keys.map((key) => ({ namespace: ["a"], key, value: {} })));
    const found = await store.search(["a"], { limit: 20 });
    expect(found).toHaveLength(keys.length);
    const sorted = found.toSorted(
      (one, other) =>
        other.updatedAt.getTime() - one.updatedAt.getTime() ||
        Buffer.compare(Buffer.from(encodeKeyPart(one.key)), Buffer.from(encodeKeyPart(other.key))),
    );
    expect(found.map(({ key }) => key)).toEqual(sorted.map(({ key }) => key));
  });

  test.each([1, 2, 3])("search reads on where a page of %i ends, as often as it takes", async (size) => {
    const limits = { listPage: size, scanNamespaces: size, registryPage: size };
    const embeddings = new FakeEmbeddings(64);
    const options = { scanBatchSize: size, index: textIndex(embeddings), [LIMITS]: limits };
    const store = await openStore(options as RedisStoreOptions);
    const items = Array.from({ length: 23 }, (_, n) => ({
      namespace: ["a", `${n % 3}`],
      key: String(n).padStart(2, "0"),
      value: { text: `apples ${"and pears ".repeat(n)}`, n },
    }));
    for (const item of items) await store.put(item.namespace, item.key, item.value);
    // The index does not know these ranges: what it finds is tested afterwards, and most of it does not match.
    for (const filter of [{ n: { $lt: 4 } }, { n: { $gte: 20 } }, { n: { $gt: 5, $lt: 9 } }, {}]) {
      for (const query of [undefined, "apples"]) {
        const all = (await store.search(["a"], { filter, query, limit: 100 })).map(({ key }) => key);
        const expected = items.filter(({ value: { n } }) => matchesRange(n, filter)).map(({ key }) => key);
        expect(all.toSorted()).toEqual(expected);
        for (let offset = 0; offset <= all.length; offset++) {
          for (const limit of [1, 3, 23]) {
            const page = await store.search(["a"], { filter, query, limit, offset });
            expect(page.map(({ key }) => key)).toEqual(all.slice(offset, offset + limit));
          }
        }
      }
    }
  });

  describe("minScore", () => {
    test("makes nothing relevant an empty result", async () => {
      const store = await openStore({ index: { ...textIndex(new FakeEmbeddings(64)), minScore: 0.6 } });
      await store.put(["a"], "near", { text: "green apples" });
      await store.put(["a"], "far", { text: "something else entirely" });
      expect(await store.search(["a"], { query: "green apples" })).toMatchObject([{ key: "near" }]);
      expect(await store.search(["a"], { query: "unrelated" })).toEqual([]);
      expect(await store.search(["a"], { query: "green apples", minScore: -1 })).toHaveLength(2);
      expect(await store.search(["a"], { query: "green apples", minScore: 1.1 })).toEqual([]);
      expect(await store.search(["a"])).toHaveLength(2);
    });

    test("of a search goes before that of the store, 0 too", async () => {
      const embeddings = new FakeEmbeddings(2);
      embeddings.vector = (text) => (text === "far" ? [0.8, 0.6] : [1, 0]);
      const store = await openStore({ index: { ...textIndex(embeddings), minScore: 0.9 } });
      await store.put(["a"], "near", { text: "near" });
      await store.put(["a"], "far", { text: "far" });
      const found = async (minScore?: number) =>
        (await store.search(["a"], { query: "near", minScore })).map(({ key }) => key);
      expect(await found()).toEqual(["near"]);
      expect(await found(0)).toEqual(["near", "far"]);
      expect(await found(0.7)).toEqual(["near", "far"]);
    });

    test.each([
      ["cosine", 1, 1.000_001],
      ["ip", 6, 6.000_001],
      ["l2", 0.25, 0.250_001],
    ] as const)("includes a similarity by %s that is just as high", async (distance, minScore, more) => {
      const embeddings = new FakeEmbeddings(2);
      embeddings.vector = (text) => (text === "query" && distance === "l2" ? [2, 3] : [2, 0]);
      if (distance === "ip") embeddings.vector = (text) => (text === "query" ? [3, 0] : [2, 5]);
      const store = await openStore({ index: { ...textIndex(embeddings), distance } });
      await store.put(["a"], "k", { text: "apples" });
      for (const mode of ["vector", "hybrid"] as const) {
        expect(await store.search(["a"], { query: "query", mode, minScore })).toHaveLength(1);
        expect(await store.search(["a"], { query: "query", mode, minScore: more })).toEqual([]);
      }
    });

    test("is refused where there is no similarity", async () => {
      const store = await openStore({ index: textIndex() });
      await expect(store.search(["a"], { query: "x", mode: "text", minScore: 1 })).rejects.toThrow(
        InvalidInputError,
      );
    });
  });

  describe("text search", () => {
    test("finds items by words, the rarer the better, and each item once", async () => {
      const store = await openStore({ index: { ...textIndex(), fields: ["text", "more[*]"] } });
      for (let n = 0; n < 10; n++) await store.put(["a"], `common ${n}`, { text: "common words" });
      await store.put(["a"], "rare", { text: "a rare thing", more: ["another rare thing", "rare again"] });
      await store.put(["b"], "rare", { text: "rare in another namespace" });
      const found = await store.search(["a"], { query: "rare common", mode: "text", limit: 20 });
      expect(found).toHaveLength(11);
      expect(found[0]).toMatchObject({ key: "rare" });
      expect(found[0]?.score).toBeGreaterThan(found[1]?.score as number);
      expect(await store.search(["a"], { query: "nowhere", mode: "text" })).toEqual([]);
      expect(await store.search(["a"], { query: "?! {} @", mode: "text" })).toEqual([]);
      const filtered = { query: "common", mode: "text", filter: { text: { $ne: "common words" } } } as const;
      expect(await store.search(["a"], filtered)).toEqual([]);
    });

    test("compares words by letter, not by case or form, in any script", async () => {
      const store = await openStore({ index: textIndex() });
      await store.put(["a"], "german", { text: "Die ÄPFEL sind grün, Straße." });
      await store.put(["a"], "japanese", { text: "リンゴ 緑" });
      await store.put(["a"], "code", { text: "call snake_case_name(x)" });
      const find = async (query: string) =>
        (await store.search(["a"], { query, mode: "text" })).map(({ key }) => key);
      expect(await find("äpfel")).toEqual(["german"]);
      expect(await find("A\u0308PFEL")).toEqual(["german"]);
      expect(await find("straße")).toEqual(["german"]);
      expect(await find("緑")).toEqual(["japanese"]);
      expect(await find("snake_case_name")).toEqual(["code"]);
    });

    test("pages follow each other", async () => {
      const store = await openStore({ index: textIndex() });
      for (let n = 0; n < 13; n++) await store.put(["a"], `${n}`, { text: `apples ${"x ".repeat(n)}` });
      const all = await store.search(["a"], { query: "apples", mode: "text", limit: 50 });
      const pages = [];
      for (let offset = 0; offset < 15; offset += 4) {
        pages.push(...(await store.search(["a"], { query: "apples", mode: "text", limit: 4, offset })));
      }
      expect(pages).toEqual(all);
      expect(all).toHaveLength(13);
    });

    test("needs texts to be indexed", async () => {
      const without = await openStore({ index: { ...textIndex(), text: false } });
      await without.put(["a"], "k", { text: "green apples" });
      expect(await without.search(["a"], { query: "green apples" })).toHaveLength(1);
      await expect(without.search(["a"], { query: "x", mode: "text" })).rejects.toThrow(/index\.text/);
      const plain = await openStore();
      await expect(plain.search(["a"], { query: "x", mode: "hybrid" })).rejects.toThrow(/index\.text/);
      await expect(plain.search(["a"], { query: "x", mode: "both" as never })).rejects.toThrow(
        /mode must be one of/,
      );
    });
  });

  test.each(["vector", "text", "hybrid"] as const)(
    "equally good items are paged stably in mode %s",
    async (mode) => {
      const store = await openStore({ index: textIndex() });
      for (let n = 0; n < 40; n++)
        await store.put(["a"], `${n}`, { text: n < 30 ? "the very same" : `the ${n}` });
      const pages = [];
      for (let offset = 0; offset < 40; offset += 3) {
        pages.push(...(await store.search(["a"], { query: "the very same", mode, limit: 3, offset })));
      }
      expect(new Set(pages.map(({ key }) => key)).size).toBe(40);
    },
  );

  describe("hybrid search", () => {
    /** Similar to the query "q" in the order of the letters. */
    const byLetter = () => {
      const embeddings = new FakeEmbeddings(2);
      embeddings.vector = (text) => {
        const angle = text === "q" || text === "q word" ? 0 : ("abcdefgh".indexOf(text.charAt(0)) + 1) / 10;
        return [Math.cos(angle), Math.sin(angle)];
      };
      return embeddings;
    };

    test("what is high in both rankings comes first, by reciprocal ranks", async () => {
      const store = await openStore({ index: textIndex(byLetter()) });
      for (const text of ["a", "b", "c word", "d", "e word word"]) await store.put(["x"], text, { text });
      const similar = await store.search(["x"], { query: "q word" });
      expect(similar.map(({ key }) => key)).toEqual(["a", "b", "c word", "d", "e word word"]);
      const words = await store.search(["x"], { query: "q word", mode: "text" });
      expect(words.map(({ key }) => key)).toEqual(["e word word", "c word"]);
      const both = await store.search(["x"], { query: "q word", mode: "hybrid" });
      expect(both.map(({ key, score }) => [key, score])).toEqual([
        ["c word", 1 / 63 + 1 / 62],
        ["e word word", 1 / 65 + 1 / 61],
        ["a", 1 / 61],
        ["b", 1 / 62],
        ["d", 1 / 64],
      ]);
    });

    test("respects scope, filter, limit and offset", async () => {
      const store = await openStore({ index: textIndex(byLetter()) });
      for (const text of ["a", "b word", "c word", "d"])
        await store.put(["x"], text, { text, odd: text < "c" });
      await store.put(["y"], "other", { text: "a word" });
      const search = { query: "q word", mode: "hybrid" } as const;
      const all = await store.search(["x"], search);
      expect(all).toHaveLength(4);
      expect(await store.search(["x"], { ...search, limit: 2, offset: 1 })).toEqual(all.slice(1, 3));
      const odd = await store.search(["x"], { ...search, filter: { odd: true } });
      expect(odd.map(({ key }) => key)).toEqual(["b word", "a"]);
    });

    test("minScore leaves out what is dissimilar, also if it has the words", async () => {
      const store = await openStore({ index: textIndex(byLetter()) });
      for (const text of ["a", "g", "h word"]) await store.put(["x"], text, { text });
      const found = await store.search(["x"], { query: "q word", mode: "hybrid", minScore: 0.9 });
      expect(found.map(({ key }) => key)).toEqual(["a"]);
    });

    test("a query without a word is one by similarity", async () => {
      const embeddings = new FakeEmbeddings();
      embeddings.vector = () => new Array(16).fill(1);
      const store = await openStore({ index: textIndex(embeddings) });
      await store.put(["x"], "k", { text: "a" });
      expect(await store.search(["x"], { query: "🦜 !", mode: "hybrid" })).toHaveLength(1);
    });
  });

  test("search gives an item with several texts the score of the one that is most like the query", async () => {
    const embeddings = new FakeEmbeddings(2);
    embeddings.vector = (text) => (text === "apples" ? [1, 0] : [0, 1]);
    const store = await openStore({ index: { ...textIndex(embeddings), fields: ["text", "title", "more"] } });
    await store.put(["a"], "k", { text: "wine", title: "apples", more: "cheese" });
    const found = await store.search(["a"], { query: "apples" });
    expect(found.map(({ key, score }) => [key, score])).toEqual([["k", 1]]);
  });

  test("search takes the user's text as words only, in every mode", async () => {
    const store = await openStore({ index: { ...textIndex(new FakeEmbeddings()), fields: ["text"] } });
    await store.put(["mine"], "mine", { text: "a perfectly ordinary text" });
    await store.put(["other"], "other", { text: "a secret of somebody else" });
    const attacks = [
      ...HOSTILE_STRINGS.map((text) => `${text} ordinary`),
      "ordinary) | @scope:{other}",
      "ordinary | *",
      "*",
      "-ordinary secret",
      "@words:(secret)",
      "(ordinary | secret) => [KNN 10 @vector $p1]",
      "$p1 ordinary",
      '"exact phrase" ordinary~ %fuzzy% pre*',
      "ordinary\\",
      "word ".repeat(3_000),
    ];
    for (const query of attacks) {
      for (const mode of ["vector", "text", "hybrid"] as const) {
        const found = await store.search(["mine"], { query, mode });
        expect(found.every(({ key }) => key === "mine")).toBe(true);
      }
    }
    for (const hostile of HOSTILE_STRINGS) {
      const filter = { [hostile]: hostile, text: { $in: [hostile] } };
      expect(await store.search(["mine"], { filter })).toEqual([]);
    }
    for (const hostile of legalLabels(HOSTILE_STRINGS)) {
      expect(await store.search([hostile], { query: "ordinary" })).toEqual([]);
    }
  });

  test("search throws an error with the key of a damaged item", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    await store.put(["a"], "k", { v: 1 });
    const client = await connect();
    const key = documentOf(keyPrefix, ["a"], "k");
    await client.hSet(key, "value", "{broken");
    await expect(store.get(["a"], "k")).rejects.toMatchObject({
      name: "CorruptRecordError",
      location: { key },
    });
    await expect(store.search(["a"])).rejects.toThrow("the value of an item is not JSON");
    await client.hSet(key, { value: "{}", meta: "1 yesterday 3" });
    await expect(store.get(["a"], "k")).rejects.toThrow("an item has no times");
  });

  test("search filters documents with too many paths for the index all the same", async () => {
    const store = await openStore({ index: { ...textIndex(), numericFields: ["n1"] } });
    const large = Object.fromEntries(Array.from({ length: 2_000 }, (_, n) => [`n${n}`, n]));
    await store.put(["a"], "large", { ...large, text: "green apples" });
    await store.put(["a"], "small", { n1999: 1999, n1: 5 });
    const keys = async (filter: Record<string, unknown>) =>
      (await store.search(["a"], { filter })).map(({ key }) => key).sort();
    expect(await keys({ n1999: 1999 })).toEqual(["large", "small"]);
    expect(await keys({ n1999: { $ne: 1999 } })).toEqual([]);
    expect(await keys({ n5: { $exists: false } })).toEqual(["small"]);
    expect(await keys({ n1: { $lt: 3 } })).toEqual(["large"]);
    expect(await keys({ n1: { $gte: 1 } })).toEqual(["large", "small"]);
  });
});

function matchesRange(
  n: number,
  { n: range = {} }: { n?: { $gt?: number; $gte?: number; $lt?: number } },
): boolean {
  const { $gt = -1, $gte = 0, $lt = 100 } = range;
  return n > $gt && n >= $gte && n < $lt;
}
