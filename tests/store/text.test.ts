import { describe, expect, test } from "vitest";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { documentOf, ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt({ engine, ...options }, url());
  const keysOf = (found: readonly { key: string }[]) => found.map(({ key }) => key).sort();

  describe("a store with an index of words only", () => {
    const index = { text: true } as const;

    test("finds items by words, best first, and by no other items' words", async () => {
      const store = await openStore({ index });
      await store.put(["a"], "both", { note: "green apples", more: { deep: ["and pears"] } });
      await store.put(["a"], "one", { note: "green grass grows where green things grow" });
      await store.put(["a"], "none", { note: "red wine" });
      const found = await store.search(["a"], { query: "green PEARS" });
      expect(found.map(({ key }) => key)).toEqual(["both", "one"]);
      expect(found[0]?.score).toBeGreaterThan(found[1]?.score as number);
      expect(await store.search(["a"], { query: "pears", mode: "text" })).toMatchObject([{ key: "both" }]);
      expect(keysOf(await store.search(["a"]))).toEqual(["both", "none", "one"]);
    });

    // Redis Search 2.6 counts some of the words only.
    test.runIf(engine === "core")(
      "ranks items with all words of the query before those with some, within a path and with a filter",
      async () => {
        const store = await openStore({ index });
        // Which of four words an item has is told by the bits of its number.
        const has = (at: number, word: number) => ((at >> word) & 1) === 1;
        await store.batch(
          Array.from({ length: 80 }, (_, at) => ({
            namespace: ["a", `b${at % 2}`],
            key: `k${at}`,
            value: {
              n: 1,
              text: [0, 1, 2, 3].map((word) => (has(at, word) ? `common${word}` : `f${at}x${word}`)),
            },
          })),
        );
        for (const [path, filter] of [
          [["a"], {}],
          [["a", "b1"], {}],
          [[], {}],
          [["a"], { n: 1 }],
        ] as const) {
          for (const words of [
            [0, 1],
            [0, 1, 2, 3],
          ]) {
            const query = words.map((word) => `common${word}`).join(" ");
            const found = await store.search([...path], { query, filter, limit: 80 });
            const counts = found.map(
              ({ key }) => words.filter((word) => has(Number(key.slice(1)), word)).length,
            );
            const complete = counts.filter((count) => count === words.length).length;
            expect(complete).toBeGreaterThan(3);
            expect(counts.slice(0, complete)).toEqual(Array(complete).fill(words.length));
          }
        }
      },
    );

    test.runIf(engine === "core")(
      "ranks an item with a rare word of the query before one with a frequent one",
      async () => {
        const store = await openStore({ index });
        await store.batch(
          Array.from({ length: 60 }, (_, at) => ({
            namespace: ["a"],
            key: `k${at}`,
            value: { text: at % 20 === 7 ? "rare thing" : at % 3 === 0 ? "frequent thing" : "other thing" },
          })),
        );
        for (const query of ["frequent rare", "rare frequent", "missing frequent rare"]) {
          const found = await store.search(["a"], { query, limit: 60 });
          expect(keysOf(found.slice(0, 3))).toEqual(["k27", "k47", "k7"]);
          expect(found).toHaveLength(3 + 19);
        }
      },
    );

    test("finds a word, and not others with its stem", async () => {
      const store = await openStore({ index });
      for (const text of ["dog", "dogs", "run", "running"]) await store.put(["a"], text, { text });
      expect(keysOf(await store.search(["a"], { query: "dogs running" }))).toEqual(["dogs", "running"]);
      expect(keysOf(await store.search([], { query: "dog" }))).toEqual(["dog"]);
    });

    test.each([
      ["Chinese", "我喜欢吃意大利面", "意大利面"],
      ["Japanese", "東京に住んでいます", "東京"],
      ["Thai", "ฉันชอบกินพิซซ่า", "พิซซ่า"],
      ["German", "Die Größe der Äpfel", "äPFEL"],
      ["Arabic", "أحب البيتزا", "البيتزا"],
      ["Hindi", "मुझे पिज़्ज़ा पसंद है", "पिज़्ज़ा"],
      ["Korean", "한국어를 좋아해요", "한국어를"],
      ["Greek", "Μου αρέσει η πίτσα", "ΠΊΤΣΑ"],
      ["English", "I said: don't call 555-0123", "don’t"],
      ["emoji", "I ❤️ Rome", "❤"],
      ["emoji of several parts", "the family 👨‍👩‍👧 moves", "👨‍👩‍👧"],
      ["a flag", "from 🇮🇹", "🇮🇹"],
      ["a letter of four bytes", "𠮷野家 is here", "𠮷野家"],
      ["a word of 64 characters and more", `${"𝒳".repeat(80)} end`, "𝒳".repeat(80)],
      ["a number in a text", "invoice 4711", "4711"],
    ])("finds words in %s", async (_, text, query) => {
      const store = await openStore({ index });
      await store.put(["a"], "it", { text });
      await store.put(["a"], "phone", { text: "call me ☎️ 👍🏽 in Rom 🇩🇪" });
      await store.put(["a"], "other", { text: "nothing here 披萨 пицца 京" });
      expect(keysOf(await store.search(["a"], { query }))).toContain("it");
      expect(keysOf(await store.search(["a"], { query }))).not.toContain("phone");
    });

    test("names of properties, numbers and keys are no words", async () => {
      const store = await openStore({ index });
      await store.put(["space"], "key", {
        text: "value",
        count: 4711,
        flag: true,
        nested: { invoice: "paid" },
      });
      for (const query of ["text", "count", "4711", "true", "invoice", "space", "key"]) {
        expect(await store.search([], { query })).toEqual([]);
      }
      expect(await store.search([], { query: "paid value" })).toMatchObject([{ key: "key" }]);
    });

    test("has the words of index.fields only", async () => {
      const store = await openStore({ index: { ...index, fields: ["title", "parts[*].text"] } });
      await store.put(["a"], "k", { title: "green", parts: [{ text: "apples", by: "ann" }], rest: "wine" });
      for (const query of ["green", "apples"]) expect(await store.search(["a"], { query })).toHaveLength(1);
      for (const query of ["ann", "wine"]) expect(await store.search(["a"], { query })).toEqual([]);
    });

    test("forgets the words of what is put again or deleted", async () => {
      const store = await openStore({ index });
      await store.put(["a"], "k", { text: "green apples" });
      await store.put(["a"], "k", { text: "red wine" });
      expect(await store.search(["a"], { query: "green" })).toEqual([]);
      expect(await store.search(["a"], { query: "wine" })).toHaveLength(1);
      await store.delete(["a"], "k");
      expect(await store.search(["a"], { query: "wine" })).toEqual([]);
    });

    test("combines a query with filters and pages", async () => {
      const store = await openStore({ index });
      for (let n = 0; n < 20; n++) await store.put(["a"], `${n}`, { text: `apples ${n}`, odd: n % 2 === 1 });
      const filter = { odd: true };
      const all = await store.search(["a"], { query: "apples", filter, limit: 20 });
      expect(all).toHaveLength(10);
      const pages = [];
      for (let offset = 0; offset < 12; offset += 3)
        pages.push(...(await store.search(["a"], { query: "apples", filter, limit: 3, offset })));
      expect(pages.map(({ key }) => key)).toEqual(all.map(({ key }) => key));
    });

    test("refuses the modes that need vectors", async () => {
      const store = await openStore({ index });
      for (const mode of ["vector", "hybrid"] as const) {
        await expect(store.search(["a"], { query: "x", mode })).rejects.toThrow(/needs an embedding model/);
      }
      expect(await store.search(["a"], { mode: "vector" })).toEqual([]);
    });

    test("takes a text of any size", async () => {
      const store = await openStore({ index });
      await store.put(["a"], "long", { text: `first ${"汉字 word ".repeat(100_000)} last` });
      expect(await store.search(["a"], { query: "first" })).toHaveLength(1);
      expect(await store.search(["a"], { query: "last" })).toEqual([]);
      expect(await store.search(["a"], { query: "汉字".repeat(100_000) })).toHaveLength(1);
    });
  });

  test("words are of the item, whatever a put says of its vectors", async () => {
    const store = await openStore({ index: textIndex() });
    await store.put(["a"], "not embedded", { text: "green apples" }, false);
    await store.put(["a"], "embedded by another field", { text: "green pears", other: "red wine" }, [
      "other",
    ]);
    await store.put(["a"], "embedded", { text: "green grass" });
    const byWords = await store.search(["a"], { query: "green", mode: "text" });
    expect(keysOf(byWords)).toEqual(["embedded", "embedded by another field", "not embedded"]);
    expect(await store.search(["a"], { query: "wine", mode: "text" })).toEqual([]);
    expect(keysOf(await store.search(["a"], { query: "apples" }))).not.toContain("not embedded");
  });

  test("without index.text a store with embeddings has no words", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: { ...textIndex(), text: undefined } });
    await store.put(["a"], "k", { text: "green apples" });
    for (const mode of ["text", "hybrid"] as const) {
      await expect(store.search(["a"], { query: "green", mode })).rejects.toThrow(/index\.text/);
    }
    const client = await connect(url());
    expect(await client.hKeys(documentOf(keyPrefix, ["a"], "k"))).not.toContain("words");
  });

  test("reindex adds words to items that were stored without, and takes them away again", async () => {
    const keyPrefix = freshPrefix();
    const client = await connect(url());
    const configured = (text: boolean) =>
      new RedisStore({ client, engine, keyPrefix, index: { ...textIndex(new FakeEmbeddings()), text } });
    const plain = configured(false);
    await plain.put(["a"], "k", { text: "green apples" });
    await plain.put(["a"], "not embedded", { text: "green pears" }, false);
    const store = configured(true);
    expect(await store.reindex()).toMatchObject({ items: 2, embedded: 0, reused: 1 });
    const found = await store.search(["a"], { query: "green", mode: "text" });
    expect(keysOf(found)).toEqual(["k", "not embedded"]);
    const fields = () => client.hKeys(documentOf(keyPrefix, ["a"], "k"));
    expect(await fields()).toContain("words");
    await configured(false).reindex();
    expect(await fields()).not.toContain("words");
    const words = new RedisStore({ client, engine, keyPrefix, index: { text: true } });
    expect(await words.reindex()).toMatchObject({ items: 2, embedded: 0, reused: 0 });
    expect(keysOf(await words.search(["a"], { query: "green" }))).toEqual(["k", "not embedded"]);
    expect(await words.stats()).toMatchObject({ items: 2, vectors: 0 });
  });
});
