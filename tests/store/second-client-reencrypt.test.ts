import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { EncryptionOptions } from "../../src/encryption/options.js";
import { EncryptionError } from "../../src/errors.js";
import type { Command } from "../../src/redis/command.js";
import type { RedisClient } from "../../src/redis/connection.js";
import { StoreKeys } from "../../src/store/keys.js";
import { LIMITS } from "../../src/store/limits.js";
import { RedisStore } from "../../src/store/redis-store.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";
import { deleteUnder } from "../helpers/servers/delete-under.mjs";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES } from "./helpers.js";

// reencrypt(), with a second client that comes between any two of its commands, or after the last one.

const KEYS = { old: randomBytes(32), new: randomBytes(32) };
const NAMESPACE = ["n"];

const CONFIGURATIONS = {
  plain: undefined,
  old: { keys: KEYS, current: "old" },
  new: { keys: KEYS, current: "new" },
  "new, from plain": { keys: KEYS, current: "new", allowPlaintext: true },
  "new alone": { keys: { new: KEYS.new }, current: "new" },
} satisfies Record<string, EncryptionOptions | undefined>;

type Configuration = keyof typeof CONFIGURATIONS;

interface Setting {
  readonly client: TestClient;
  readonly keys: StoreKeys;
  configure(configuration: Configuration): RedisStore;
  /** Values that were put and acknowledged, by key. */
  readonly present: Map<string, number>;
}

const valueFor = (key: string, count: number) => ({
  text: `text ${key}`,
  more: `more ${key}`,
  count,
  kind: "same",
});

/** Puts an item again, or refuses as the store is encrypted by now. */
async function put({ present }: Setting, store: RedisStore, key: string): Promise<void> {
  const count = (present.get(key) ?? 0) + 1;
  try {
    await store.put(NAMESPACE, key, valueFor(key, count));
    present.set(key, count);
  } catch (error) {
    expect(error).toBeInstanceOf(EncryptionError);
  }
}

/** Puts, puts again, deletes and lets expire. */
async function change(setting: Setting, configuration: Configuration): Promise<void> {
  const store = setting.configure(configuration);
  for (const key of ["a", "d"]) await put(setting, store, key);
  await store.delete(NAMESPACE, "b");
  setting.present.delete("b");
  await setting.client.unlink(setting.keys.ofItem(NAMESPACE, "c").document);
  setting.present.delete("c");
}

const others: Record<
  Exclude<Configuration, "new, from plain" | "new alone">,
  Record<string, (setting: Setting) => Promise<unknown>>
> = {
  plain: { "changes items": (setting) => change(setting, "plain") },
  old: {
    "changes items with the old key": (setting) => change(setting, "old"),
    reindexes: ({ configure }) => configure("old").reindex(),
  },
  new: {
    "changes items with the new key": (setting) => change(setting, "new"),
    "encrypts them too": ({ configure }) => configure("new").reencrypt([]),
  },
};

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  const isGap = ({ args }: Command) => /^(EVALSHA|HMGET|GET)/.test(String(args[0]));

  // With a search engine each scenario takes its time.
  const rotation = { from: "old", by: "new", others: { ...others.old, ...others.new } } as const;
  test.each([
    { from: "plain", by: "new, from plain", others: others.plain } as const,
    ...(engine === "core" ? [rotation] : []),
  ])("reencrypt of what is $from loses nothing, whatever comes between", async ({ from, by, others }) => {
    const client = await connect(url());
    const second = await connect(url());
    for (const [what, work] of Object.entries(others)) {
      await atEveryGap(async () => {
        const keyPrefix = freshPrefix();
        const connection = new SteppingConnection(client);
        const configure = (configuration: Configuration, through: RedisClient = second) => {
          const embeddings = new FakeEmbeddings(8);
          const index = { dims: 8, embeddings, fields: ["text", "more"], text: true };
          const encryption = CONFIGURATIONS[configuration];
          const limits = { [LIMITS]: { partitionsTogether: 256 } };
          return new RedisStore({ client: through, keyPrefix, engine, index, encryption, ...limits });
        };
        const setting: Setting = {
          ...{ client: second, keys: new StoreKeys(keyPrefix), configure },
          present: new Map(["a", "b", "c"].map((key) => [key, 1])),
        };
        const first = [...setting.present].map(([key, count]) => ({
          namespace: NAMESPACE,
          key,
          value: valueFor(key, count),
        }));
        await configure(from).batch(first);
        const store = configure(by, connection);
        await store.setup();
        connection.reset();
        return {
          connection,
          operation: () => store.reencrypt([], { batchSize: 2 }),
          work: () => work(setting),
          check: async (gap, outcome) => {
            const where = `another client ${what} ${gap}`;
            expect(outcome.status, `${where}: ${String(Reflect.get(outcome, "reason"))}`).toBe("fulfilled");
            await expectFound(setting, from === "plain" ? "new" : by, where);
            // What others put with the old key behind it is left to the next one.
            if (from === "old") await configure("new").reencrypt([]);
            await expectFound(setting, "new alone", where);
            if (engine === "search") await deleteUnder(second, keyPrefix);
          },
        };
      }, isGap);
    }
  });
});

/** All that was acknowledged is read as it was put, and found by what it holds. */
async function expectFound({ configure, present }: Setting, by: Configuration, where: string): Promise<void> {
  const wanted = [...present].map(([key, count]) => [key, count]).sort();
  const found = await configure(by).batch([
    { namespacePrefix: [], limit: 100 },
    { namespacePrefix: [], filter: { kind: "same" }, limit: 100 },
    { namespacePrefix: [], query: "text", mode: "text", limit: 100 },
    { namespacePrefix: [], query: "more", limit: 100 },
  ]);
  for (const items of found) {
    expect(items.map(({ key, value }) => [key, value.count]).sort(), `${where}, ${by}`).toEqual(wanted);
  }
}
