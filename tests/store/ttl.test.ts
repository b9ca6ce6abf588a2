import { describe, expect, test, vi } from "vitest";
import { InvalidInputError } from "../../src/errors.js";
import { StoreKeys } from "../../src/store/keys.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { RedisItem } from "../../src/store/types.js";
import { connect as connectTo, freshPrefix } from "../helpers/redis.js";
import { SteppingConnection } from "../helpers/stepping-connection.js";
import { documentOf, ENGINES, namespaceKeys, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());
  const connect = () => connectTo(url());

  const fields = ["title", "chapters[*]"];
  const book = { title: "a book", chapters: ["green apples", "yellow pears"] };
  /** In minutes. */
  const SHORT = 300 / 60_000;

  test("search that starts times to live again keeps a namespace as long as its last item", async () => {
    const keyPrefix = freshPrefix();
    const client = await connect();
    const store = await openStore({ keyPrefix, ttl: { refreshOnRead: true } });
    // In both orders: whichever item is refreshed last.
    for (const ttls of [
      [10, 1],
      [1, 10],
    ]) {
      await store.batch(ttls.map((ttl, n) => ({ namespace: ["a"], key: `k${n}`, value: {}, ttl })));
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await store.search(["a"])).toHaveLength(2);
      const { keys, updates, expiry } = namespaceKeys(keyPrefix, ["a"]);
      const longest = await client.pExpireTime(documentOf(keyPrefix, ["a"], ttls[0] === 10 ? "k0" : "k1"));
      for (const key of [keys, updates, expiry]) expect(await client.pExpireTime(key)).toBe(longest);
    }
  });

  test("put with a ttl lets an item expire with all of its documents, and its namespace with its last item", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({
      keyPrefix,
      index: { ...textIndex(), fields },
      ttl: { defaultTTL: SHORT },
    });
    await store.put(["a", "b"], "book", book);
    await store.put(["a", "c"], "stays", book, { ttl: null });
    expect(await store.search(["a"], { query: "yellow pears" })).toHaveLength(2);
    await vi.waitFor(async () => expect(await store.get(["a", "b"], "book")).toBeNull(), 10_000);
    expect(await store.search(["a"], { query: "yellow pears" })).toMatchObject([{ key: "stays" }]);
    expect(await store.search(["a"])).toMatchObject([{ key: "stays" }]);
    expect(await store.search(["a", "b"])).toEqual([]);
    await vi.waitFor(async () => expect(await store.listNamespaces()).toEqual([["a", "c"]]), 10_000);
    const client = await connect();
    await vi.waitFor(async () => {
      expect(await client.keys(`${keyPrefix}*:a:b:*`)).toEqual([]);
      const { registry, recent } = namespaceKeys(keyPrefix, ["a", "b"]).partition;
      expect(await client.exists([registry, recent])).toBe(0);
    }, 10_000);
  });

  test("delete of the last item that does not expire lets all keys of its namespace expire", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    await store.put(["a"], "expires", {}, { ttl: 10 });
    await store.put(["a"], "expires last", {}, { ttl: 20 });
    await store.put(["a"], "stays", {});
    const client = await connect();
    const { keys, updates, expiry } = namespaceKeys(keyPrefix, ["a"]);
    const names = [keys, updates, expiry];
    const lives = () => Promise.all(names.map((name) => client.pTTL(name)));
    expect(await lives()).toEqual([-1, -1, -1]);
    await store.delete(["a"], "stays");
    for (const life of await lives()) {
      expect(life).toBeGreaterThan(19 * 60_000);
      expect(life).toBeLessThanOrEqual(20 * 60_000);
    }
    await store.put(["a"], "stays", {});
    expect(await lives()).toEqual([-1, -1, -1]);
    await store.put(["a"], "stays", {}, { ttl: 30 });
    for (const life of await lives()) expect(life).toBeGreaterThan(29 * 60_000);
  });

  test("put refuses a time to live that Redis cannot hold, and leaves the item as it is", async () => {
    const store = await openStore({ index: { ...textIndex(), fields } });
    await store.put(["a"], "book", book);
    const before = await store.get(["a"], "book");
    for (const ttl of [
      Number.MAX_SAFE_INTEGER,
      144_000_000_001,
      Number.POSITIVE_INFINITY,
      Number.NaN,
      0,
      -1,
    ]) {
      await expect(store.put(["a"], "book", { title: "other" }, { ttl })).rejects.toThrow(InvalidInputError);
    }
    expect(await store.get(["a"], "book")).toEqual(before);
    expect(await store.search(["a"], { query: "yellow pears" })).toMatchObject([{ key: "book" }]);
    await expect(openStore({ ttl: { defaultTTL: 1e300 } })).rejects.toThrow(/ttl.defaultTTL/);
  });

  test("put takes the longest time to live there is, and the shortest", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({
      keyPrefix,
      index: { ...textIndex(), fields },
      ttl: { refreshOnRead: true },
    });
    await store.put(["a"], "book", book, { ttl: 144_000_000_000 });
    expect((await store.get(["a"], "book"))?.value).toEqual(book);
    expect(await store.search(["a"], { query: "yellow pears" })).toMatchObject([{ key: "book" }]);
    const client = await connect();
    const lives = await Promise.all((await client.keys(`${keyPrefix}*:a:*`)).map((key) => client.pTTL(key)));
    expect(lives).toHaveLength(6);
    for (const life of lives) expect(life).toBeGreaterThan(8.63e15);
    await store.put(["a"], "short", book, { ttl: Number.MIN_VALUE });
    await vi.waitFor(async () => expect(await store.get(["a"], "short")).toBeNull());
  });

  test("search returns a full page although items in the index have expired", async () => {
    const store = await openStore();
    for (let n = 0; n < 20; n++) await store.put(["a"], `stays ${n}`, { n });
    for (let n = 0; n < 20; n++) await store.put(["a"], `goes ${n}`, { n }, { ttl: SHORT });
    await vi.waitFor(async () => expect(await store.get(["a"], "goes 19")).toBeNull(), 10_000);
    const page = await store.search(["a"], { limit: 10 });
    expect(page).toHaveLength(10);
    expect(page.filter(({ key }) => key.startsWith("goes"))).toEqual([]);
  });

  test("put without a ttl takes it away, and with another one changes it", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, index: { ...textIndex(), fields } });
    const client = await connect();
    const lives = async () => {
      const keys = (await client.keys(`${keyPrefix}:store:doc:*`)).concat(
        await client.keys(`${keyPrefix}:store:ns:*`),
      );
      return Promise.all(keys.map((key) => client.pTTL(key)));
    };
    await store.put(["a"], "k", book, { ttl: 1 });
    for (const life of await lives()) expect(life).toBeGreaterThan(50_000);
    await store.put(["a"], "k", book, { ttl: 10 });
    for (const life of await lives()) expect(life).toBeGreaterThan(500_000);
    await store.put(["a"], "k", book);
    expect(await lives()).toEqual([-1, -1, -1, -1, -1]);
  });

  test("get and search restart the time to live of an item where that is asked for", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({
      keyPrefix,
      index: { ...textIndex(), fields },
      ttl: { defaultTTL: 10, refreshOnRead: true },
    });
    const plain = await openStore({ keyPrefix, index: { ...textIndex(), fields } });
    const client = await connect();
    const keys = async () => [
      ...(await client.keys(`${keyPrefix}:store:doc:*`)),
      ...(await client.keys(`${keyPrefix}:store:ns:*`)),
    ];
    const shorten = async () => {
      for (const key of await keys()) await client.pExpire(key, 60_000);
    };
    const lives = async () => Promise.all((await keys()).map((key) => client.pTTL(key)));
    await store.put(["a"], "k", book);
    const reads = [
      () => store.get(["a"], "k"),
      () => store.search(["a"]),
      () => store.search(["a"], { query: "yellow pears" }),
    ];
    for (const read of reads) {
      await shorten();
      await plain.get(["a"], "k");
      for (const life of await lives()) expect(life).toBeLessThanOrEqual(60_000);
      expect(await read()).not.toBeNull();
      for (const life of await lives()) expect(life).toBeGreaterThan(500_000);
    }
    const { version } = (await store.get(["a"], "k")) ?? {};
    expect((await plain.get(["a"], "k"))?.version).toBe(version);
  });

  test("get and search tell when an item expires, to the millisecond", async () => {
    const keyPrefix = freshPrefix();
    const options = { keyPrefix, index: { ...textIndex(), fields } };
    const store = await openStore(options);
    const refreshing = await openStore({ ...options, ttl: { refreshOnRead: true } });
    await store.put(["a"], "never", book);
    await store.put(["a", "b"], "book", book, { ttl: 10 });
    await store.put(["a", "c"], "other", book, { ttl: 20 });
    const client = await connect();
    const deadlines = async () => ({
      never: undefined,
      book: new Date(await client.pExpireTime(documentOf(keyPrefix, ["a", "b"], "book"))),
      other: new Date(await client.pExpireTime(documentOf(keyPrefix, ["a", "c"], "other"))),
    });
    const told = (items: readonly RedisItem[]) =>
      Object.fromEntries(items.map(({ key, expiresAt }) => [key, expiresAt]));
    const check = async (reader: RedisStore) => {
      expect(told(await reader.search(["a"]))).toEqual(await deadlines());
      expect(told(await reader.search(["a"], { query: "yellow pears" }))).toEqual(await deadlines());
      const [never, item] = await reader.batch([
        { namespace: ["a"], key: "never" },
        { namespace: ["a", "b"], key: "book" },
      ]);
      expect(never?.expiresAt).toBeUndefined();
      expect(item?.expiresAt).toEqual((await deadlines()).book);
    };
    await check(store);
    const before = await deadlines();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await check(refreshing); // by which they live longer
    const after = await deadlines();
    expect(after.book.getTime()).toBeGreaterThan(before.book.getTime());
    await check(store);
    expect(await deadlines()).toEqual(after);
    expect((await (await openStore(options)).get(["a", "c"], "other"))?.expiresAt).toEqual(after.other);
    await store.put(["a", "b"], "book", book);
    expect((await store.get(["a", "b"], "book"))?.expiresAt).toBeUndefined();
  });

  test("search does not give an item the deadline of a put that came after it was found", async () => {
    const keyPrefix = freshPrefix();
    const other = await openStore({ keyPrefix });
    await other.put(["a"], "k", { v: 1 }, { ttl: 10 });
    const connection = new SteppingConnection(await connect());
    const store = new RedisStore({ client: connection, keyPrefix });
    await store.setup();
    connection.reset();
    await store.search(["a"]);
    const last = connection.sent.length - 1;
    for (const ttl of [30, null]) {
      await other.put(["a"], "k", { v: 1 }, { ttl: 10 });
      const before = await other.get(["a"], "k");
      connection.reset();
      connection.before(last, () => other.put(["a"], "k", { v: 2 }, { ttl }));
      expect(await store.search(["a"])).toEqual([before]);
    }
  });

  test("get and search of an item do not shorten the life of its neighbours", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, ttl: { refreshOnRead: true } });
    await store.put(["a"], "long", { v: 1 }, { ttl: 10 });
    await store.put(["a"], "short", { v: 1 }, { ttl: 1 });
    const client = await connect();
    const lives = async () => {
      const { document, namespace } = new StoreKeys(keyPrefix).ofItem(["a"], "long");
      const names = [document, namespace.keys, namespace.updates, namespace.expiry];
      return Promise.all(names.map((name) => client.pTTL(name)));
    };
    for (const read of [() => store.get(["a"], "short"), () => store.search(["a"], { limit: 1 })]) {
      await read();
      for (const life of await lives()) expect(life).toBeGreaterThan(500_000);
    }
  });

  test("put of an item that stays lets its namespace stay, whatever expires beside it", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    await store.put(["a"], "goes", { v: 1 }, { ttl: 1 });
    await store.put(["a"], "stays", { v: 1 });
    const client = await connect();
    const names = await client.keys(`${keyPrefix}:store:ns:*`);
    expect(names).toHaveLength(3);
    expect(await Promise.all(names.map((name) => client.pTTL(name)))).toEqual([-1, -1, -1]);
  });

  test.each([undefined, 10])(
    "put of an item that has expired makes it anew, with a ttl of %s",
    async (ttl) => {
      const store = await openStore();
      await store.put(["a"], "other", { v: 1 });
      await store.put(["a"], "k", { v: "old" }, { ttl: SHORT });
      await vi.waitFor(async () => expect(await store.get(["a"], "k")).toBeNull(), 10_000);
      await store.put(["a"], "k", { v: "new" }, ttl === undefined ? {} : { ttl });
      expect((await store.search(["a"], { filter: { v: "new" } })).map(({ key }) => key)).toEqual(["k"]);
      await store.delete(["a"], "other");
      expect(await store.listNamespaces()).toEqual([["a"]]);
      expect(await store.search(["a"])).toMatchObject([{ key: "k", value: { v: "new" } }]);
    },
  );

  test("get and search leave an item without a ttl as it is", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix, ttl: { refreshOnRead: true } });
    await store.put(["a"], "k", { v: 1 });
    await store.put(["a"], "l", { v: 1 }, { ttl: 5 });
    expect(await store.search(["a"])).toHaveLength(2);
    expect(await store.get(["a"], "none")).toBeNull();
    const client = await connect();
    expect(await client.pTTL(documentOf(keyPrefix, ["a"], "k"))).toBe(-1);
    expect(await client.pTTL(namespaceKeys(keyPrefix, ["a"]).keys)).toBe(-1);
  });

  test("listNamespaces forgets a namespace with the last of its items that expire", async () => {
    const store = await openStore();
    await store.put(["a"], "stays", { v: 1 });
    await store.put(["a"], "goes", { v: 1 }, { ttl: SHORT });
    await store.put(["a"], "goes later", { v: 1 }, { ttl: 2 * SHORT });
    await store.delete(["a"], "stays");
    expect(await store.listNamespaces()).toEqual([["a"]]);
    await vi.waitFor(async () => expect(await store.listNamespaces()).toEqual([]), 10_000);
    expect(await store.get(["a"], "goes later")).toBeNull();
  });
});
