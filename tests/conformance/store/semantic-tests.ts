import { expect } from "vitest";
import { cosine, FakeEmbeddings } from "../../store/fake-embeddings.js";
import { keysOf } from "./search-tests.js";
import type { Suite } from "./suite.js";

export function semanticTests({ holds }: Suite): void {
  const model = new FakeEmbeddings();
  const fields = ["text"];

  holds(
    "the most similar come first, with their similarity",
    { embeddings: model, fields },
    async (store) => {
      const texts = ["green apples", "green pears", "red wine", "blue cheese and red wine"];
      for (const text of texts) await store.put(["a"], text, { text });
      const found = await store.search(["a"], { query: "green apples" });
      const expected = texts
        .map((text) => ({ key: text, score: cosine(model.vector(text), model.vector("green apples")) }))
        .sort((a, b) => b.score - a.score);
      expect(found.map(({ key }) => key)).toEqual(expected.map(({ key }) => key));
      found.forEach(({ score }, at) => {
        expect(score).toBeCloseTo(expected[at]?.score as number, 5);
      });
      expect(found[0]?.score).toBeCloseTo(1, 5);
    },
  );

  holds("a query stays within its namespace", { embeddings: model, fields }, async (store) => {
    await store.put(["memories", "1"], "mine", { text: "my name is Bob" });
    await store.put(["memories", "2"], "other", { text: "my name is Alice" });
    await store.put(["memories", "10"], "sibling", { text: "my name is Eve" });
    expect(keysOf(await store.search(["memories", "1"], { query: "my name" }))).toEqual(["mine"]);
    expect(await store.search(["memories", "3"], { query: "my name" })).toEqual([]);
    expect(keysOf(await store.search(["memories"], { query: "my name" }))).toEqual([
      "mine",
      "other",
      "sibling",
    ]);
  });

  holds("a filter narrows a query before the limit", { embeddings: model, fields }, async (store) => {
    for (let n = 0; n < 30; n++) await store.put(["a"], `near ${n}`, { text: "green apples", kind: "near" });
    for (let n = 0; n < 5; n++) await store.put(["a"], `far ${n}`, { text: `thing ${n}`, kind: "far" });
    const found = await store.search(["a"], { query: "green apples", filter: { kind: "far" }, limit: 5 });
    expect(keysOf(found)).toEqual(["far 0", "far 1", "far 2", "far 3", "far 4"]);
  });

  holds("pages of a query follow each other", { embeddings: model, fields }, async (store) => {
    for (let n = 0; n < 23; n++) await store.put(["a"], `${n}`, { text: `apples ${"x ".repeat(n % 7)}${n}` });
    const all = await store.search(["a"], { query: "apples", limit: 100 });
    const pages: string[] = [];
    for (let offset = 0; offset < 25; offset += 5) {
      pages.push(...(await store.search(["a"], { query: "apples", limit: 5, offset })).map(({ key }) => key));
    }
    expect(pages).toEqual(all.map(({ key }) => key));
    expect(new Set(pages).size).toBe(23);
  });

  holds("keys of any case and punctuation are all found", { embeddings: model, fields }, async (store) => {
    const keys = [
      "a",
      "A",
      "b",
      "B",
      "a-B",
      "aB",
      "ab",
      "A-b",
      "a_b",
      "_a",
      "-a",
      "0",
      "ä",
      "Ä",
      "z",
      "é",
      "E",
    ];
    await store.batch(keys.map((key) => ({ namespace: ["a"], key, value: { text: "green apples", n: 1 } })));
    const all = [...keys].sort();
    expect(keysOf(await store.search(["a"], { query: "apples", limit: 100 }))).toEqual(all);
    expect(keysOf(await store.search(["a"], { limit: 100 }))).toEqual(all);
    expect(keysOf(await store.search(["a"], { filter: { n: { $gte: 0 } }, limit: 100 }))).toEqual(all);
  });

  holds("a changed item is found by its new text only", { embeddings: model, fields }, async (store) => {
    await store.put(["a"], "k", { text: "green apples" });
    await store.put(["a"], "k", { text: "red wine" });
    const [found] = await store.search(["a"], { query: "red wine" });
    expect(found?.score).toBeCloseTo(1, 5);
    const [again] = await store.search(["a"], { query: "green apples" });
    expect(again?.score).toBeLessThan(0.9);
  });

  holds("a deleted item is not found", { embeddings: model, fields }, async (store) => {
    await store.put(["a"], "k", { text: "green apples" });
    await store.delete(["a"], "k");
    expect(await store.search(["a"], { query: "green apples" })).toEqual([]);
  });

  holds(
    "an item that is not indexed is stored but not found by a query",
    { embeddings: model, fields },
    async (store) => {
      await store.put(["a"], "yes", { text: "green apples" });
      await store.put(["a"], "no", { text: "green apples" }, false);
      await store.put(["a"], "without text", { other: 1 });
      expect(keysOf(await store.search(["a"], { query: "green apples" }))).toEqual(["yes"]);
      expect(keysOf(await store.search(["a"]))).toEqual(["no", "without text", "yes"]);
    },
  );

  holds("index: false takes an item's vectors away", { embeddings: model, fields }, async (store) => {
    await store.put(["a"], "k", { text: "green apples" });
    await store.put(["a"], "k", { text: "green apples" }, false);
    expect(await store.search(["a"], { query: "green apples" })).toEqual([]);
  });

  holds("a put can say which fields are embedded", { embeddings: model, fields }, async (store) => {
    await store.put(["a"], "k", { text: "green apples", other: { title: "red wine" } }, ["other.title"]);
    const [found] = await store.search(["a"], { query: "red wine" });
    expect(found?.score).toBeCloseTo(1, 5);
    const [worse] = await store.search(["a"], { query: "green apples" });
    expect(worse?.score).toBeLessThan(0.9);
  });

  const several = {
    embeddings: model,
    fields: ["title", "chapters[*].content", "tags[-1]", "authors[0].name"],
  };
  const book = {
    title: "a book of fruit",
    chapters: [{ content: "green apples" }, { content: "yellow pears" }, { no: "content" }],
    tags: ["first", "last"],
    authors: [{ name: "Ann Smith" }, { name: "Bob Jones" }],
  };

  holds(
    "each field of an item can find it, and it is found once, with its best score",
    several,
    async (store) => {
      await store.put(["a"], "book", book);
      await store.put(["a"], "other", { title: "something else entirely" });
      for (const query of ["a book of fruit", "green apples", "yellow pears", "last", "Ann Smith"]) {
        const found = await store.search(["a"], { query });
        expect(found.map(({ key }) => key)).toEqual(["book", "other"]);
        expect(found[0]?.score).toBeCloseTo(1, 5);
        expect(found[0]?.value).toEqual(book);
      }
      const [best] = await store.search(["a"], { query: "Bob Jones" });
      expect(best?.score).toBeLessThan(0.9);
    },
  );

  holds("items with many vectors do not push others off a page", several, async (store) => {
    for (let n = 0; n < 4; n++) {
      const chapters = Array.from({ length: 12 }, (_, at) => ({ content: `apples ${n} ${at}` }));
      await store.put(["a"], `book ${n}`, { title: "apples", chapters });
    }
    const found = await store.search(["a"], { query: "apples", limit: 4 });
    expect(keysOf(found)).toEqual(["book 0", "book 1", "book 2", "book 3"]);
  });

  holds("all vectors of an item are replaced and deleted with it", several, async (store) => {
    await store.put(["a"], "book", book);
    await store.put(["a"], "book", { title: "only a title" });
    const [left] = await store.search(["a"], { query: "yellow pears" });
    expect(left?.score).toBeLessThan(0.9);
    await store.delete(["a"], "book");
    expect(await store.search(["a"], { query: "yellow pears" })).toEqual([]);
  });

  holds(
    "the whole item is embedded unless fields are named",
    { embeddings: new FakeEmbeddings(256) },
    async (store) => {
      await store.put(["a"], "k", { b: "green", a: { c: ["apples", 1] } });
      await store.put(["a"], "other", { x: "unrelated words" });
      const [found] = await store.search(["a"], { query: "green apples" });
      expect(found?.key).toBe("k");
    },
  );
}
