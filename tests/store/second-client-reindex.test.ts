import { describe, expect, test } from "vitest";
import type { Command } from "../../src/redis/command.js";
import type { RedisClient } from "../../src/redis/connection.js";
import { IndexMismatchError, ReindexConflictError } from "../../src/store/errors.js";
import { StoreKeys } from "../../src/store/keys.js";
import { LIMITS } from "../../src/store/limits.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { RedisItem, RedisSearchItem } from "../../src/store/types.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";
import { deleteUnder } from "../helpers/servers/delete-under.mjs";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES } from "./helpers.js";

// What has to do with the index, with a second client that comes between any two commands, or after the last one.

/** A store with vectors of so many dimensions, or without an index, as one process after the other may be configured. */
type Configure = (dims?: number, client?: RedisClient) => RedisStore;

interface Setting {
  readonly client: TestClient;
  readonly keys: StoreKeys;
  readonly configure: Configure;
  /** The client whose operation is interrupted, with 12 dimensions where it reindexes, else with 8. */
  readonly store: RedisStore;
  /** Keys that were put and acknowledged. */
  readonly present: Set<string>;
}

const value = (key: string) => ({ text: `text ${key}`, more: [`first ${key}`, `second ${key}`] });
const NAMESPACE = ["n"];

/** Puts an item if the index is one for that. */
async function tryPut({ present }: Setting, store: RedisStore, key: string): Promise<void> {
  try {
    await store.put(NAMESPACE, key, value(key));
    present.add(key);
  } catch (error) {
    expect(error).toBeInstanceOf(IndexMismatchError);
  }
}

const operations: Record<string, { dims: number; run: (setting: Setting) => Promise<unknown> }> = {
  search: {
    dims: 8,
    run: async ({ store }) => {
      const found = await store.search(NAMESPACE, { query: "text", limit: 100 });
      expect(found.map(({ key }) => key)).toEqual(expect.arrayContaining(["c"]));
    },
  },
  reindex: { dims: 12, run: ({ store }) => store.reindex({ batchSize: 2 }) },
  setup: { dims: 8, run: ({ store }) => store.setup() },
  put: { dims: 8, run: (setting) => tryPut(setting, setting.store, "own") },
  delete: {
    dims: 8,
    run: async ({ store, present }) => {
      await store.delete(NAMESPACE, "a");
      present.delete("a");
    },
  },
};

/** @property everywhere Whether the search engine could make a difference to it. */
const others: Record<string, { everywhere?: true; work: (setting: Setting) => Promise<unknown> }> = {
  "puts, puts again, deletes and lets expire with the old configuration": {
    everywhere: true,
    work: async (setting) => {
      const { client, keys, configure, present } = setting;
      const old = configure(8);
      await tryPut(setting, old, "d");
      await tryPut(setting, old, "c");
      await old.delete(NAMESPACE, "a");
      present.delete("a");
      const { document } = keys.ofItem(NAMESPACE, "b");
      await client.unlink([document, ...(await client.keys(`${document}:*`))]);
      present.delete("b");
    },
  },
  "puts with the new configuration": { work: (setting) => tryPut(setting, setting.configure(12), "f") },
  "reindexes for the same": { work: ({ configure }) => configure(12).reindex({ batchSize: 2 }) },
  "reindexes for another": {
    everywhere: true,
    work: ({ configure }) => configure(16).reindex({ batchSize: 2 }),
  },
  "sets up with the old configuration": { work: ({ configure }) => configure(8).setup() },
  "loses the definition": { work: ({ client, keys }) => client.unlink(keys.definition) },
  "makes the server forget scripts": { work: ({ client }) => client.scriptFlush() },
};

/** What may come of an operation or of the other client: it was done, or somebody else has come first. */
function expectToldWhy(outcome: PromiseSettledResult<unknown>, where: string): void {
  const isTold =
    outcome.status === "fulfilled" ||
    outcome.reason instanceof ReindexConflictError ||
    outcome.reason instanceof IndexMismatchError;
  expect(isTold, `${where}: ${String(Reflect.get(outcome, "reason"))}`).toBe(true);
}

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  // Where nothing is decided nothing can go wrong; and with a search engine each scenario takes its time.
  const isGap = ({ args }: Command) =>
    (engine === "core" ? /^(EVALSHA|H?GET|HMGET)/ : /^(EVALSHA|FT)/).test(String(args[0]));
  const tried = Object.entries(others).filter(([, { everywhere }]) => engine === "core" || everywhere);

  test.each(Object.keys(operations))("%s loses nothing, whatever comes between", async (name) => {
    const client = await connect(url());
    const second = await connect(url());
    const { dims, run } = operations[name] as (typeof operations)[string];
    for (const [what, { work }] of tried) {
      await atEveryGap(async () => {
        const keyPrefix = freshPrefix();
        const connection = new SteppingConnection(client);
        const configure: Configure = (dims, through = second) => {
          const fields = ["text", "more[*]"];
          const index = dims && { dims, embeddings: new FakeEmbeddings(dims), fields, text: true };
          const limits = { reindexLease: 5_000, partitionsTogether: 256 };
          const options = { client: through, keyPrefix, engine, index: index || undefined, [LIMITS]: limits };
          return new RedisStore(options);
        };
        const keys = new StoreKeys(keyPrefix);
        const present = new Set(["a", "b", "c"]);
        await configure(8).batch(
          [...present].map((key) => ({ namespace: NAMESPACE, key, value: value(key) })),
        );
        const store = configure(dims, connection);
        const setting: Setting = { client: second, keys, configure, store, present };
        return {
          connection,
          operation: () => run(setting),
          work: async () => {
            // Whoever holds the lease is as good as dead.
            if (await second.exists(keys.reindex)) await second.hSet(keys.reindex, "until", "0");
            const [outcome] = await Promise.allSettled([work(setting)]);
            expectToldWhy(outcome as PromiseSettledResult<unknown>, what);
          },
          check: async (gap, outcome) => {
            const where = `another client ${what} ${gap}`;
            expectToldWhy(outcome, where);
            await expectConsistent(setting, where);
            if (engine === "core") return;
            const indexes = (await second.ft._list())
              .map(String)
              .filter((each) => each.startsWith(keyPrefix));
            expect(indexes, where).toHaveLength(1);
            await deleteUnder(second, keyPrefix);
          },
        };
      }, isGap);
    }
  });
});

/** All that was acknowledged is found by all of its texts, by the index that serves. */
async function expectConsistent(setting: Setting, where: string): Promise<void> {
  const { client, keys, configure } = setting;
  // Whoever comes next finds the definition again where it was lost.
  await configure().setup();
  const serving = Number(/"dims":(\d+)/.exec(String(await client.get(keys.definition)))?.[1]);
  // What was interrupted has to be called again: some puts may be known to the old index only.
  if (await client.exists(keys.reindex)) await configure(serving).reindex();
  await expectFound(setting, serving, where);
}

async function expectFound({ configure, present }: Setting, dims: number, where: string): Promise<void> {
  const store = configure(dims);
  const wanted = [...present].sort();
  const items = wanted.flatMap((key) => [value(key).text, ...value(key).more].map((text) => ({ key, text })));
  const [listed, byMeaning, byWords, namespaces, ...own] = await store.batch([
    { namespacePrefix: [], limit: 100 },
    { namespacePrefix: [], query: "text", limit: 100 },
    { namespacePrefix: [], query: "text", mode: "text", limit: 100 },
    { limit: 10, offset: 0 },
    ...items.map(({ text }) => ({ namespacePrefix: [], query: text, limit: 1 })),
  ]);
  for (const found of [listed, byMeaning, byWords]) {
    expect((found as RedisItem[]).map(({ key }) => key).sort(), where).toEqual(wanted);
  }
  expect(namespaces, where).toEqual(wanted.length > 0 ? [NAMESPACE] : []);
  for (const [at, { key }] of items.entries()) {
    const [best] = own[at] as RedisSearchItem[];
    expect([best?.key, best?.score], where).toEqual([key, expect.closeTo(1, 4)]);
  }
}
