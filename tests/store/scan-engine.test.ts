import { expect, test } from "vitest";
import { asClient, createConnection } from "../../src/redis/connection.js";
import { bm25, wordCounter } from "../../src/store/engines/scan/bm25.js";
import { SCAN } from "../../src/store/engines/scan/scan.js";
import { similarityTo } from "../../src/store/engines/similarity.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { SteppingConnection } from "../helpers/stepping-connection.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { documentOf, namespaceKeys, openStore, textIndex } from "./helpers.js";

test("search holds no more items at a time than it is allowed to", async () => {
  const connection = createConnection(await connect(plainRedisUrl()));
  let most = 0;
  const client = asClient({
    pipeline: async (commands) => {
      const replies = await connection.pipeline(commands);
      const scanned = replies.filter(
        (_, at) => commands[at]?.args[1] === SCAN.sha || commands[at]?.args[1] === SCAN.source,
      );
      const items = scanned.map((reply) => (Array.isArray(reply) ? reply.filter(Array.isArray).length : 0));
      most = Math.max(
        most,
        items.reduce((sum, each) => sum + each, 0),
      );
      return replies;
    },
  });
  const store = new RedisStore({
    client,
    keyPrefix: freshPrefix(),
    scanBatchSize: 10,
    index: textIndex(),
  });
  await store.batch(
    Array.from({ length: 300 }, (_, n) => ({
      namespace: ["a", `${n % 4}`],
      key: `${n}`,
      value: { text: `apples ${n}`, n },
    })),
  );
  for (const query of ["apples 7", undefined]) {
    for (const path of [["a"], ["a", "1"]]) {
      const found = await store.search(path, { query, filter: { n: { $gte: 0 } }, limit: 300 });
      expect(found).toHaveLength(path.length === 1 ? 300 : 75);
    }
  }
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(12); // ten, shared by four namespaces and rounded up
});

test.each([2, 3, 1_000])(
  "search lists all items of one millisecond, %i held at a time",
  async (scanBatchSize) => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, scanBatchSize }, plainRedisUrl());
    const client = await connect(plainRedisUrl());
    const later = 1_700_000_000_001;
    const items = [
      ...["a1", "a2", "a7", "b3", "b4", "c5", "c6", "c1"].map((name) => ({ name, updated: later })),
      ...["a3", "b1", "b2", "c4", "c8"].map((name) => ({ name, updated: later - 1 })),
    ];
    for (const { name, updated } of items) {
      const [namespace, key] = name as unknown as [string, string];
      await store.put(["n", namespace], key, {});
      // As if all had been put in two milliseconds.
      const document = documentOf(keyPrefix, ["n", namespace], key);
      await client.hSet(document, "meta", `${updated} ${updated} ${updated}000`);
      await client.zAdd(namespaceKeys(keyPrefix, ["n", namespace]).updates, { score: -updated, value: key });
    }
    const order = ["a1", "c1", "a2", "b3", "b4", "c5", "c6", "a7", "b1", "b2", "a3", "c4", "c8"];
    for (const limit of [1, 2, 4, 15]) {
      const pages: string[] = [];
      for (let offset = 0; offset < order.length; offset += limit) {
        const page = await store.search(["n"], { limit, offset });
        pages.push(...page.map(({ key, namespace }) => `${namespace[1]}${key}`));
      }
      expect(pages).toEqual(order);
    }
  },
);

test("search finds what is put again while it reads on", async () => {
  const store = await openStore({ scanBatchSize: 3, index: textIndex() }, plainRedisUrl());
  const names = Array.from({ length: 30 }, (_, n) => `${n}`);
  const putAll = () => Promise.all(names.map((key) => store.put(["a"], key, { text: `apples ${key}` })));
  await putAll();
  for (let round = 0; round < 15; round++) {
    const [found] = await Promise.all([store.search(["a"], { query: "apples", limit: 100 }), putAll()]);
    expect(found.map(({ key }) => key).sort()).toEqual([...names].sort());
  }
});

test("search does not find what was put again, and does not match any more, while it reads on", async () => {
  const connection = new SteppingConnection(await connect(plainRedisUrl()));
  const options = { keyPrefix: freshPrefix(), scanBatchSize: 1, index: textIndex() };
  const store = new RedisStore({ client: connection, ...options });
  const other = await openStore(options, plainRedisUrl());
  for (const key of ["0", "1", "2"]) await other.put(["a"], key, { text: "apples", ripe: true });
  await store.search(["a"], { query: "apples" });
  let reads = 0;
  connection.before(
    ({ args }) => args[1] === SCAN.sha && ++reads === 2,
    () => other.put(["a"], "0", { text: "apples", ripe: false }),
  );
  const found = await store.search(["a"], { query: "apples", filter: { ripe: true } });
  expect(found.map(({ key }) => key).sort()).toEqual(["1", "2"]);
});

test("search does not find items that were evicted, and forgets their namespace", async () => {
  const keyPrefix = freshPrefix();
  const store = await openStore({ keyPrefix, index: textIndex() }, plainRedisUrl());
  await store.put(["a"], "k", { text: "green apples" });
  await store.put(["b"], "k", { text: "green apples" });
  const client = await connect(plainRedisUrl());
  await client.unlink(documentOf(keyPrefix, ["a"], "k"));
  expect(await store.search([], { query: "green apples" })).toMatchObject([{ namespace: ["b"] }]);
  expect(await store.search([])).toMatchObject([{ namespace: ["b"] }]);
  expect(await store.listNamespaces()).toEqual([["b"]]);
  expect(await client.keys(`${keyPrefix}:store:ns:*`)).toHaveLength(2);
  const { keys, updates } = namespaceKeys(keyPrefix, ["b"]);
  expect(await client.exists([keys, updates])).toBe(2);
});

test("BM25 prefers rare words, repeated words, and short texts", () => {
  const query = ["rare", "common"];
  const texts = ["x", "common x x x x", "rare x", "common x", "common common"];
  const scores = bm25(texts.map(wordCounter(query.map((word) => [word]))));
  const order = texts
    .map((text, at) => ({ text, score: scores[at] as number }))
    .sort((a, b) => b.score - a.score);
  expect(order.map(({ text }) => text)).toEqual([
    "rare x",
    "common common",
    "common x",
    "common x x x x",
    "x",
  ]);
  expect(order.at(-1)?.score).toBe(0);
  expect(bm25([])).toEqual([]);
});

test("search compares vectors as the search engine does", async () => {
  const embeddings = new FakeEmbeddings(8);
  const texts = ["green apples", "red wine", "blue cheese and wine"];
  for (const distance of ["cosine", "l2", "ip"] as const) {
    const index = { ...textIndex(embeddings), distance };
    const search = await openStore({ index });
    const core = await openStore({ index }, plainRedisUrl());
    expect([search.engine, core.engine]).toEqual(["search", "core"]);
    for (const store of [search, core]) {
      for (const text of texts) await store.put(["a"], text, { text });
    }
    const [one, other] = await Promise.all(
      [search, core].map((store) => store.search(["a"], { query: "wine" })),
    );
    expect(other?.map(({ key }) => key)).toEqual(one?.map(({ key }) => key));
    one?.forEach(({ score }, at) => {
      expect(other?.[at]?.score).toBeCloseTo(score as number, 4);
    });
  }
  expect(similarityTo(Float32Array.of(3, 4), "l2")(Float32Array.of(0, 0))).toBeCloseTo(1 / 6);
});
