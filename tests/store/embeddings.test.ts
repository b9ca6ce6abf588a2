import { describe, expect, test } from "vitest";
import { BatchError, EmbeddingError, InvalidVectorError } from "../../src/store/errors.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());

  test.each([
    ["too short", [1, 2], /has 2 dimensions, this store is configured with 16/],
    ["too long", new Array(17).fill(1), /has 17 dimensions/],
    ["not a number", new Array(16).fill(Number.NaN), /NaN at position 0/],
    ["too large for 32 bits", [...new Array(15).fill(1), 1e39], /1e\+39 at position 15/],
    ["zero", new Array(16).fill(0), /no direction/],
    ["of texts", new Array(16).fill("1"), /has no number at position 0/],
    ["missing", undefined, /not an array of numbers/],
  ])(
    "put refuses a vector that is %s with the item's key, the others are stored",
    async (_, vector, message) => {
      const embeddings = new FakeEmbeddings();
      const store = await openStore({ index: textIndex(embeddings) });
      const right = embeddings.vector.bind(embeddings);
      embeddings.vector = (text) => (text === "bad" ? (vector as number[]) : right(text));
      const error = await store
        .batch([
          { namespace: ["a"], key: "good key", value: { text: "good" } },
          { namespace: ["a"], key: "bad key", value: { text: "bad" } },
        ])
        .catch((each: unknown) => each as BatchError);
      expect(error).toBeInstanceOf(BatchError);
      const [failure] = (error as BatchError).failures;
      expect(failure).toMatchObject({ index: 1, operation: { key: "bad key" } });
      expect(failure?.error).toBeInstanceOf(InvalidVectorError);
      expect(failure?.error.message).toMatch(message);
      expect(failure?.error.message).toMatch(/"bad key"/);
      expect(await store.get(["a"], "bad key")).toBeNull();
      expect(await store.search(["a"], { query: "good" })).toMatchObject([{ key: "good key" }]);
      await expect(store.search(["a"], { query: "bad" })).rejects.toThrow(InvalidVectorError);
    },
  );

  test.each([
    ["huge", 1e25],
    ["as large as possible", 3e37],
    ["tiny", 1e-30],
    ["smaller than a normal 32-bit number", 1e-42],
  ])("search compares vectors by cosine that are %s", async (_, size) => {
    const embeddings = new FakeEmbeddings();
    const right = embeddings.vector.bind(embeddings);
    embeddings.vector = (text) => right(text).map((each) => each * size);
    const store = await openStore({ index: textIndex(embeddings) });
    const normal = await openStore({ index: textIndex(new FakeEmbeddings()) });
    for (const text of ["green apples", "red wine", "green wine"]) {
      await Promise.all([store, normal].map((each) => each.put(["a"], text, { text })));
    }
    const [found, expected] = await Promise.all(
      [store, normal].map((each) => each.search(["a"], { query: "green apples" })),
    );
    expect(found?.map(({ key }) => key)).toEqual(expected?.map(({ key }) => key));
    found?.forEach(({ score }, at) => {
      expect(score).toBeCloseTo(expected?.[at]?.score as number, 2);
    });
  });

  test.each(["l2", "ip"] as const)(
    "put and search refuse vectors whose comparison by %s overflows",
    async (distance) => {
      const embeddings = new FakeEmbeddings();
      const right = embeddings.vector.bind(embeddings);
      embeddings.vector = (text) => right(text).map((each) => (text.startsWith("huge") ? each * 1e25 : each));
      const store = await openStore({ index: { ...textIndex(embeddings), distance } });
      await store.put(["a"], "k", { text: "apples" });
      const put = store.put(["a"], "l", { text: "huge apples" });
      await expect(put).rejects.toThrow(InvalidVectorError);
      await expect(put).rejects.toThrow(/"l".*too long/);
      await expect(store.search(["a"], { query: "huge apples" })).rejects.toThrow(/too long/);
      embeddings.vector = (text) => right(text).map(() => 2 ** 60.4 * (text === "minus" ? -1 : 1));
      await store.put(["a"], "plus", { text: "plus" });
      await store.put(["a"], "minus", { text: "minus" });
      const found = await store.search(["a"], { query: "plus" });
      expect(found.map(({ key }) => key)).toEqual(["plus", "k", "minus"]);
      for (const { score } of found) expect(score).toSatisfy(Number.isFinite);
    },
  );

  test("put accepts a vector of zeros where direction does not matter", async () => {
    const embeddings = new FakeEmbeddings(4);
    embeddings.vector = (text) => (text === "zero" ? [0, 0, 0, 0] : [0, 0, 3, 4]);
    const store = await openStore({ index: { ...textIndex(embeddings), distance: "l2" } });
    await store.put(["a"], "zero", { text: "zero" });
    await store.put(["a"], "five away", { text: "x" });
    const found = await store.search(["a"], { query: "zero" });
    expect(found.map(({ key, score }) => [key, score])).toEqual([
      ["zero", 1],
      ["five away", 1 / 6],
    ]);
  });

  test("search ranks by inner product where the index says so", async () => {
    const embeddings = new FakeEmbeddings(2);
    embeddings.vector = (text) => (text === "long" ? [3, 4] : text === "short" ? [0.3, 0.4] : [1, 0]);
    const store = await openStore({ index: { ...textIndex(embeddings), distance: "ip" } });
    await store.put(["a"], "long", { text: "long" });
    await store.put(["a"], "short", { text: "short" });
    const found = await store.search(["a"], { query: "query" });
    expect(found.map(({ key }) => key)).toEqual(["long", "short"]);
    expect(found[0]?.score).toBeCloseTo(3, 5);
    expect(found[1]?.score).toBeCloseTo(0.3, 5);
  });

  test("put and search fail when the embedding model fails, and leave nothing half written", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: textIndex(embeddings) });
    await store.put(["a"], "old", { text: "old text" });
    embeddings.failure = new Error("rate limit");
    await expect(store.put(["a"], "old", { text: "new text" })).rejects.toMatchObject({
      cause: new Error("rate limit"),
      code: "EMBEDDING_FAILED",
    });
    await expect(store.search(["a"], { query: "anything" })).rejects.toThrow(EmbeddingError);
    const error = await store
      .batch([
        { namespace: ["a"], key: "needs it", value: { text: "some text" } },
        { namespace: ["a"], key: "does not", value: { other: 1 } },
        { namespace: ["a"], key: "old" },
      ])
      .catch((each: unknown) => each as BatchError);
    expect((error as BatchError).failures.map(({ index }) => index)).toEqual([0]);
    expect((error as BatchError).results[2]).toMatchObject({ value: { text: "old text" } });
    expect((await store.search([])).map(({ key }) => key)).toEqual(["does not", "old"]);
  });

  test("put fails when the embedding model returns too few vectors", async () => {
    const embeddings = new FakeEmbeddings();
    embeddings.embedDocuments = async () => [];
    const store = await openStore({ index: textIndex(embeddings) });
    await expect(store.put(["a"], "k", { text: "x" })).rejects.toThrow(
      /given 1 texts and answered with 0 vectors/,
    );
  });

  test("put and search embed a text once, however often it is stored and asked for", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: { ...textIndex(embeddings), cacheSize: 2 } });
    await store.put(["a"], "1", { text: "one" });
    await store.put(["a"], "2", { text: "one", changed: true });
    await store.put(["a"], "3", { text: "two" });
    await store.put(["a"], "3", { text: "one" });
    expect(embeddings.documentCalls).toEqual([["one"], ["two"]]);
    await store.put(["a"], "4", { text: "three" }); // forgets "two"
    await store.put(["a"], "5", { text: "one" });
    await store.put(["a"], "6", { text: "two" });
    expect(embeddings.documentCalls).toEqual([["one"], ["two"], ["three"], ["two"]]);
    for (let n = 0; n < 3; n++) await store.search(["a"], { query: "one" });
    await store.batch([
      { namespacePrefix: ["a"], query: "new" },
      { namespacePrefix: ["b"], query: "new" },
    ]);
    expect(embeddings.queryCalls).toEqual(["one", "new"]);
  });

  test("put and search tell long texts apart to the last character", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: textIndex(embeddings) });
    for (const length of [40, 63, 64, 2_000, 100_000]) {
      const [one, two] = ["1", "2"].map((end) => `${"apples ".repeat(length).slice(0, length)}${end}`) as [
        string,
        string,
      ];
      await store.put(["a"], "one", { text: one });
      await store.put(["a"], "two", { text: two });
      await store.search(["a"], { query: one });
      await store.search(["a"], { query: two });
      expect(embeddings.documentCalls.splice(0)).toEqual([[one], [two]]);
      expect(embeddings.queryCalls.splice(0)).toEqual([one, two]);
    }
  });

  test("put does not embed blank texts", async () => {
    const embeddings = new FakeEmbeddings();
    const store = await openStore({ index: { ...textIndex(embeddings), fields: ["text", "title"] } });
    await store.put(["a"], "k", { text: "", title: " \n" });
    await store.put(["a"], "l", { text: null });
    expect(embeddings.documentCalls).toEqual([]);
    expect(await store.search(["a"])).toHaveLength(2);
  });
});
