import { randomUUID } from "node:crypto";
import { describe, expect, test } from "vitest";
import { VersionConflictError } from "../../src/store/errors.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { RedisItem } from "../../src/store/types.js";
import { connect, freshPrefix, type TestClient } from "../helpers/redis.js";
import { atEveryGap, SteppingConnection } from "../helpers/stepping-connection.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { ENGINES } from "./helpers.js";

// A second client does something before each command of an operation, and after the last one.

interface Setting {
  readonly client: TestClient;
  readonly keyPrefix: string;
  /** The client whose operation is interrupted. */
  readonly store: RedisStore;
  /** The client that comes in between. */
  readonly other: RedisStore;
  /** A namespace with one item, "k". */
  readonly namespace: string[];
  readonly version: number;
}

const value = (by: string) => ({ text: `green apples ${by}`, more: ["red", "blue"], by });

const operations: Record<string, (setting: Setting) => Promise<unknown>> = {
  put: ({ store, namespace }) => store.put(namespace, "k", value("first")),
  "put of a new item": ({ store, namespace }) => store.put(namespace, "new", value("first"), { ttl: 10 }),
  "put with ifVersion": ({ store, namespace, version }) =>
    store.put(namespace, "k", value("first"), { ifVersion: version }),
  delete: ({ store, namespace }) => store.delete(namespace, "k"),
  get: ({ store, namespace }) => store.get(namespace, "k"),
  "search without a query": ({ store, namespace }) => store.search(namespace),
  "search with a filter": ({ store, namespace }) => store.search(namespace, { filter: { more: "red" } }),
  "search by meaning": ({ store, namespace }) => store.search(namespace, { query: "apples" }),
  "search by words": ({ store, namespace }) => store.search(namespace, { query: "apples", mode: "text" }),
  listNamespaces: ({ store, namespace }) => store.listNamespaces({ prefix: namespace.slice(0, 1) }),
  deleteNamespace: ({ store, namespace }) => store.deleteNamespace(namespace, { batchSize: 1 }),
  deleteWhere: ({ store, namespace }) => store.deleteWhere(namespace, { by: { $startsWith: "b" } }),
  putItem: ({ store, namespace }) => store.putItem(namespace, "k", value("first"), { ttl: 10 }),
  batch: ({ store, namespace }) =>
    store.batch([
      { namespace, key: "k" },
      { namespace, key: "k", value: value("first") },
      { namespacePrefix: namespace, query: "apples" },
      { namespace, key: "new", value: value("first") },
      { namespace, key: "new", value: null },
    ]),
};

const others: Record<string, (setting: Setting) => Promise<unknown>> = {
  "puts the item": ({ other, namespace }) => other.put(namespace, "k", value("second")),
  "puts the item with fewer vectors": ({ other, namespace }) =>
    other.put(namespace, "k", { text: "green apples", by: "second" }),
  "puts another item": ({ other, namespace }) => other.put(namespace, "other", value("second")),
  "deletes the item": ({ other, namespace }) => other.delete(namespace, "k"),
  "deletes the namespace and puts the item": async ({ other, namespace }) => {
    await other.deleteNamespace(namespace);
    await other.put(namespace, "k", value("second"));
  },
  "lets all items expire": async ({ client, keyPrefix, namespace }) => {
    const keys = await client.keys(`${keyPrefix}*:${namespace.join(":")}:*`);
    if (keys.length > 0) await client.unlink(keys);
  },
  "makes the server forget scripts": ({ client }) => client.scriptFlush(),
};

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  test.each(Object.keys(operations))(
    "%s keeps what is stored whole, whatever comes between",
    async (name) => {
      const client = await connect(url());
      const connection = new SteppingConnection(client);
      const keyPrefix = freshPrefix();
      const embeddings = new FakeEmbeddings();
      const index = { dims: embeddings.dims, embeddings, fields: ["text", "more[*]"], text: true };
      const store = new RedisStore({ client: connection, keyPrefix, index, ttl: { refreshOnRead: true } });
      const other = new RedisStore({ client: await connect(url()), keyPrefix, index });
      await store.setup();
      connection.reset();
      await other.setup();

      for (const [what, work] of Object.entries(others)) {
        await atEveryGap(async () => {
          const namespace = [randomUUID(), "items"];
          await other.put(namespace, "k", value("before"));
          const { version } = (await other.get(namespace, "k")) as RedisItem;
          const setting = { client, keyPrefix, store, other, namespace, version };
          return {
            connection,
            operation: () => (operations[name] as (typeof operations)[string])(setting),
            work: () => work(setting),
            check: async (gap, outcome) => {
              const where = `another client ${what} ${gap}`;
              const conflict =
                outcome.status === "rejected" && outcome.reason instanceof VersionConflictError;
              expect(
                outcome.status === "fulfilled" || conflict,
                `${where}: ${String(Reflect.get(outcome, "reason"))}`,
              ).toBe(true);
              await expectWhole(other, namespace, where);
            },
          };
        });
      }
    },
  );
});

/** Every item is found by all ways, with all of its vectors, and its namespace is listed; or by none. */
async function expectWhole(store: RedisStore, namespace: string[], where: string): Promise<void> {
  const items: RedisItem[] = [];
  for (const key of ["k", "new", "other"]) {
    const item = await store.get(namespace, key);
    if (item) items.push(item);
  }
  const keys = items.map(({ key }) => key).sort();
  const [listed, filtered, byMeaning, byWords, namespaces] = await store.batch([
    { namespacePrefix: namespace },
    { namespacePrefix: namespace, filter: { by: { $in: ["before", "first", "second"] } } },
    { namespacePrefix: namespace, query: "apples" },
    { namespacePrefix: namespace, query: "apples", mode: "text" },
    { matchConditions: [{ matchType: "prefix", path: namespace }], limit: 10, offset: 0 },
  ]);
  for (const found of [listed, filtered, byMeaning, byWords]) {
    expect(found.map(({ key }) => key).sort(), where).toEqual(keys);
    for (const each of found) {
      expect(each.value, where).toEqual(items.find(({ key }) => key === each.key)?.value);
    }
  }
  expect(namespaces, where).toEqual(items.length > 0 ? [namespace] : []);
  for (const word of ["red", "blue"]) {
    const having = items
      .filter((item) => "more" in item.value)
      .map(({ key }) => key)
      .sort();
    const found = await store.search(namespace, { query: word, minScore: 0.999_99 });
    expect(found.map(({ key }) => key).sort(), where).toEqual(having);
  }
}
