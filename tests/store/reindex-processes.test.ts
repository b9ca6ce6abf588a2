import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createConnection, type RedisClient } from "../../src/redis/connection.js";
import { StoreKeys } from "../../src/store/keys.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, connectCluster, freshPrefix, plainRedisUrl, redisUrl } from "../helpers/redis.js";
import { startCluster, type TestCluster } from "../helpers/servers/index.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { textIndex } from "./helpers.js";
import { type Job, type News, type Place, writtenItem } from "./processes/jobs.js";
import { startWorker, type Worker } from "./processes/processes.js";

// reindex() while several processes write, search and reindex for several configurations, and some of them are killed.

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster?.stop());

interface Server {
  readonly name: string;
  readonly engine: "search" | "core";
  readonly place: () => Place;
  readonly open: () => Promise<RedisClient>;
}

const SERVERS: Server[] = [
  {
    ...{ name: "engine search", engine: "search" },
    ...{ place: () => ({ url: redisUrl() }), open: () => connect(redisUrl()) },
  },
  {
    ...{ name: "engine core", engine: "core" },
    ...{ place: () => ({ url: plainRedisUrl() }), open: () => connect(plainRedisUrl()) },
  },
  {
    ...{ name: "engine core and a cluster of three masters", engine: "core" },
    ...{ place: () => ({ rootNodes: cluster.rootNodes }), open: () => connectCluster(cluster.rootNodes) },
  },
];

/** Items that are there all the time. */
const LASTING = Array.from({ length: 60 }, (_, n) => ({
  namespace: ["a", `${n % 5}`],
  key: `k${n}`,
  value: { text: `text ${n}` },
}));

/** Milliseconds after which another process takes over from one that was killed. */
const LEASE = 600;

describe.each(SERVERS)("on $name", ({ engine, place, open }) => {
  test("reindex by several processes, some killed, beside others that write and search loses nothing and writes nothing that was refused", async () => {
    const keyPrefix = freshPrefix();
    const client = await open();
    const storeOf = (dims: number) =>
      new RedisStore({ client, keyPrefix, engine, index: textIndex(new FakeEmbeddings(dims)) });
    await storeOf(8).batch(LASTING);

    const acknowledged = new Set<string>();
    const refused = new Set<string>();
    let onWritten = () => {};
    const onNews = (news: News) => {
      if (news.news === "acknowledged") for (const key of news.keys) acknowledged.add(key);
      if (news.news === "refused") for (const key of news.keys) refused.add(key);
      onWritten();
    };
    const written = (count: number) =>
      new Promise<void>((resolve) => {
        onWritten = () => acknowledged.size >= count && resolve();
        onWritten();
      });
    const start = (dims: number, what: Partial<Job> & Pick<Job, "do">, each?: (news: News) => void) =>
      startWorker(
        { place: place(), keyPrefix, engine, dims, reindexLease: LEASE, ...what } as Job,
        (news) => {
          onNews(news);
          each?.(news);
        },
      );
    const keys = LASTING.map(({ key }) => key);
    const reading = { do: "read", path: ["a"], query: "text", keys } as const;
    const others = await Promise.all([
      start(8, { do: "write", name: "a" }),
      start(8, { do: "write", name: "b" }),
      start(12, { do: "write", name: "c" }),
      start(8, reading),
      start(12, reading),
    ]);
    await written(20);

    const reindexing = { do: "reindex", batchSize: 16 } as const;
    const reindexers: Worker[] = [];
    const reindex = async (dims: number, more: { left?: number } = {}, each?: (news: News) => void) => {
      const worker = await start(dims, { ...reindexing, ...more }, each);
      reindexers.push(worker);
      return worker.ended;
    };
    expect(await reindex(12, { left: 600 })).toBe("killed");
    others[1]?.kill();
    const ends = await Promise.all([
      reindex(12),
      reindex(12, {}, ({ news }) => {
        // Wherever this one is by then: most of all it waits for the first.
        if (news === "pass") reindexers[2]?.kill();
      }),
      reindex(16),
      reindex(12, { left: 900 }),
    ]);
    expect(ends).not.toContain("failed");
    // The last word: an index for what the writer "c" has.
    expect(await reindex(12)).toBe("done");
    await written(acknowledged.size + 10);
    for (const worker of others) worker.stop();
    expect(await Promise.all(others.map(({ ended }) => ended))).toEqual([
      ...["done", "killed", "done", "done", "done"],
    ]);

    for (const worker of reindexers) {
      const passes = worker.told("pass").map(({ phase }) => phase);
      expect(passes.filter((phase) => phase === "rewriting").length).toBeLessThanOrEqual(4);
      expect(passes.filter((phase) => phase === "clearing").length).toBeLessThanOrEqual(1);
    }
    expect(reindexers.at(-1)?.told("conflict")).toEqual([]);
    for (const worker of [others[3], others[4]]) {
      expect(worker?.told("read").map(({ outcome }) => outcome)).toContain("all");
    }
    expect(others[3]?.told("read").map(({ outcome }) => outcome)).toContain("refused");
    expect([acknowledged.size > 40, refused.size > 0]).toEqual([true, true]);

    const store = storeOf(12);
    const gone = await store.batch(
      [...refused].map((each) => ({ namespace: writtenItem(each).namespace, key: each })),
    );
    expect(gone.filter((item) => item !== null)).toEqual([]);
    const items = [...LASTING, ...[...acknowledged].map(writtenItem)];
    const found = await store.batch(
      items.map(({ namespace, value }) => ({ namespacePrefix: namespace, query: value.text, limit: 1 })),
    );
    expect(items.filter(({ key }, at) => found[at]?.[0]?.key !== key).map(({ key }) => key)).toEqual([]);
    // What is there and what is found is the same; of the writer that was killed one item may be there that it did
    // not hear of any more.
    const everything = { namespacePrefix: [], limit: 10_000 };
    const [listed, ...ranked] = await store.batch([
      everything,
      { ...everything, query: "text" },
      { ...everything, query: "text", mode: "text" },
    ]);
    const keysOf = (some: readonly { key: string }[]) => some.map(({ key }) => key).sort();
    for (const each of ranked) expect(keysOf(each)).toEqual(keysOf(listed));
    expect(listed.length - items.length).toBeLessThanOrEqual(1);
    // Nothing is left of those that were killed.
    const { reindex: state } = new StoreKeys(keyPrefix);
    expect(await createConnection(client).pipeline([{ key: state, args: ["EXISTS", state] }])).toEqual([0]);
  }, 120_000);
});
