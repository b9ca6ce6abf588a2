import { createHash, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { Keyring } from "../../src/encryption/keyring.js";
import type { EncryptionOptions } from "../../src/encryption/options.js";
import { EncryptionError, InvalidInputError } from "../../src/errors.js";
import { EncryptedItemCodec } from "../../src/store/items/encrypted-item-codec.js";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { RedisStore } from "../../src/store/redis-store.js";
import type { RedisItem, StoreOperation } from "../../src/store/types.js";
import { connect, freshPrefix, plainRedisUrl } from "../helpers/redis.js";
import { FakeEmbeddings } from "./fake-embeddings.js";
import { documentOf, ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

const KEYS = { old: randomBytes(32), new: randomBytes(32).toString("base64") };

function keysWith(
  current: keyof typeof KEYS,
  ids: (keyof typeof KEYS)[] = ["old", "new"],
): EncryptionOptions {
  return { keys: Object.fromEntries(ids.map((id) => [id, KEYS[id]])), current };
}

const ENCRYPTION = keysWith("new");

/** Another key with the id of one that is in use. */
const OTHER_OLD: EncryptionOptions = { keys: { old: randomBytes(32) }, current: "old" };

/** Values that a filter tells apart in each way that there is. */
const FOODS = [
  { text: "The user likes pizza with olives", kind: "food", rank: 3, tags: ["a", "b"], at: "2026-01-02" },
  { text: "The user likes green apples", kind: "food", rank: 1, tags: ["b"], sure: true },
  {
    text: "Works in a pizza bakery, likes apples",
    kind: "work",
    rank: 2,
    deep: { city: "Zürich", since: null },
  },
  { text: "我喜欢吃披萨", kind: "food", tags: [], at: "2025-12-31" },
  { text: "Nothing of that", sure: false, rank: [5, 6], long: "x".repeat(300), [`p${"p".repeat(1_200)}`]: 1 },
];

const FILTERS: Record<string, unknown>[] = [
  { kind: "food" },
  { kind: { $ne: "food" } },
  { kind: { $in: ["work", "play"] } },
  { kind: { $nin: ["work", "play"] } },
  { sure: { $exists: true } },
  { sure: { $exists: false } },
  { sure: true },
  { tags: "b" },
  { tags: [] },
  { rank: { $gte: 2 } },
  { rank: { $lt: 3 } },
  { at: { $gt: "2026" } },
  { text: { $startsWith: "The user" } },
  { deep: { city: "Zürich" } },
  { "deep.since": null },
  { long: "x".repeat(300) },
  { $or: [{ kind: "work" }, { tags: "a" }] },
  { $not: { kind: "food", rank: 1 } },
  { $and: [{ kind: "food" }, { $not: { tags: "a" } }] },
];

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  const index = () => ({ ...textIndex(), numericFields: ["rank"] });
  const openStore = (options: RedisStoreOptions = {}) =>
    openStoreAt({ engine, index: index(), encryption: ENCRYPTION, ...options }, url());
  const keysOf = (found: readonly { key: string }[]) => found.map(({ key }) => key);
  const putFoods = (store: RedisStore, values: readonly { text: string }[] = FOODS, from = 0) =>
    store.batch(values.map((value, at) => ({ namespace: ["food", "u1"], key: `k${from + at}`, value })));

  test("search answers as without encryption: listings, filters, words, meaning and both", async () => {
    const [plain, encrypted] = [await openStore({ encryption: undefined }), await openStore()];
    for (const store of [plain, encrypted]) await putFoods(store);
    const queries = ["pizza", "披萨", "likes green", "PIZZA apples olives", "nothing-of that", "missing"];
    for (const asked of [
      ...FILTERS.map((filter) => ({ filter, orderBy: "key" as const })),
      ...FILTERS.map((filter) => ({ filter, query: "likes pizza", mode: "hybrid" as const })),
      ...queries.flatMap((query) =>
        (["vector", "text", "hybrid"] as const).map((mode) => ({ query, mode, limit: 4 })),
      ),
      { query: "likes", mode: "text" as const, filter: { kind: "food" }, offset: 1 },
    ]) {
      const [wanted, found] = await Promise.all(
        [plain, encrypted].map((store) => store.search(["food"], asked)),
      );
      const named = (items: typeof found) => items?.map(({ key, value, score }) => ({ key, value, score }));
      expect([asked, named(found)]).toEqual([asked, named(wanted)]);
    }
  });

  test("get, putItem, iterate, deleteWhere and conditional puts read what was put", async () => {
    const store = await openStore({ ttl: { defaultTTL: 60 } });
    const value = { text: "pizza", bytes: new Uint8Array([1, 2]), $bytes: "x", empty: {} };
    const put = await store.putItem(["food", "u1"], "k", value, { index: ["text"] });
    expect(put.value).toEqual(value);
    expect(await store.get(["food", "u1"], "k")).toEqual(put);
    await store.put(["food", "u1"], "k", { text: "apples" }, { ifVersion: put.version });
    const items: RedisItem[] = [];
    for await (const item of store.iterate(["food"], { filter: { text: "apples" } })) items.push(item);
    expect(items).toMatchObject([{ key: "k", value: { text: "apples" } }]);
    expect(await store.deleteWhere([], { text: { $startsWith: "app" } })).toBe(1);
    expect(await store.get(["food", "u1"], "k")).toBeNull();
  });

  test("nothing in Redis tells of a value: no word, no path, no embedded field, no digest of a text", async () => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    const marked = { text: "Markedtext markedword", markedpath: { markeddeep: ["markedvalue"] }, rank: 1 };
    await store.put(["food"], "k", marked, { index: ["text", "markedpath.markeddeep"] });
    await store.search([], {
      query: "markedword",
      mode: "hybrid",
      filter: { "markedpath.markeddeep": "markedvalue" },
    });
    await store.reindex();
    const raw = Buffer.concat(await dump(keyPrefix, url()));
    expect(raw.includes("rank")).toBe(true);
    const digests = ["sha1", "sha256"].flatMap((algorithm) =>
      ["Markedtext markedword", "markedvalue", "markedword"].flatMap((text) =>
        (["hex", "base64url", "base64"] as const).map((encoding) =>
          createHash(algorithm).update(text).digest(encoding).slice(0, 12),
        ),
      ),
    );
    const text = raw.toString("latin1").toLowerCase();
    for (const secret of ["marked", ...digests]) expect(text).not.toContain(secret.toLowerCase());
  });

  test("while keys are rotated, items of both are found; reencrypt leaves one key, and versions as they are", async () => {
    const keyPrefix = freshPrefix();
    const embeddings = new FakeEmbeddings();
    const options = { keyPrefix, index: { ...textIndex(embeddings), numericFields: ["rank"] } };
    const before = await openStore({ ...options, encryption: keysWith("old") });
    const after = await openStore({ ...options, encryption: keysWith("new") });
    await putFoods(before, FOODS.slice(0, 2));
    await putFoods(after, FOODS.slice(2), 2);
    await before.put(["food", "u1"], "fields", { title: "Olives", kind: "food" }, { index: ["title"] });
    const expectAll = async (stores: RedisStore[]) => {
      for (const store of stores) {
        const by = async (asked: object) => keysOf(await store.search(["food"], asked)).sort();
        expect(await by({ filter: { kind: "food" } })).toEqual(["fields", "k0", "k1", "k3"]);
        expect(await by({ filter: { kind: { $ne: "food" } } })).toEqual(["k2", "k4"]);
        expect(await by({ query: "pizza", mode: "text" })).toEqual(["k0", "k2"]);
        expect((await by({ query: "apples", mode: "hybrid", limit: 2 })).sort()).toEqual(["k1", "k2"]);
        expect((await by({ query: "apples", limit: 2 })).sort()).toEqual(["k1", "k2"]);
      }
    };
    await expectAll([before, after]);
    const versions = async () =>
      (await after.search([], { orderBy: "key" })).map(({ key, version }) => [key, version]);
    const known = await versions();

    const progress: unknown[] = [];
    const report = await after.reencrypt([], { batchSize: 2, onProgress: (at) => progress.push(at) });
    expect(report).toEqual({ items: 6, rewritten: 3 });
    expect(progress.at(-1)).toEqual({ items: 6, rewritten: 3, total: 6 });
    expect(await after.reencrypt([])).toEqual({ items: 6, rewritten: 0 });
    const onProgress = () => Promise.reject(new Error("enough"));
    await expect(after.reencrypt([], { onProgress })).rejects.toThrow("onProgress failed: Error");
    const alone = await openStore({ ...options, encryption: keysWith("new", ["new"]) });
    await expectAll([before, after, alone]);
    expect(await versions()).toEqual(known);
    const calls = embeddings.documentCalls.length;
    expect(await alone.reindex()).toMatchObject({ items: 6, embedded: 0, undecodable: [] });
    expect(embeddings.documentCalls.length).toBe(calls);
    await expectAll([alone]);
  });

  test("reindex takes vectors over whose texts were put under another key, and reencrypt finds what it described", async () => {
    const keyPrefix = freshPrefix();
    const embeddings = new FakeEmbeddings();
    const options = { keyPrefix, index: textIndex(embeddings) };
    const before = await openStore({ ...options, encryption: keysWith("old") });
    await putFoods(before);
    const after = await openStore({ ...options, encryption: keysWith("new") });
    expect(await after.reindex()).toMatchObject({ items: 5, embedded: 0 });
    expect(await after.reencrypt(["food"])).toEqual({ items: 5, rewritten: 5 });
    // Values have the current key now, and what they are found by the old one.
    await before.reindex();
    expect(await after.reencrypt([])).toEqual({ items: 5, rewritten: 5 });
    const alone = await openStore({ ...options, encryption: keysWith("new", ["new"]) });
    expect(keysOf(await alone.search([], { filter: { tags: "a" } }))).toEqual(["k0"]);
    expect(keysOf(await alone.search([], { query: "olives", mode: "text" }))).toEqual(["k0"]);
    expect(await alone.reindex()).toMatchObject({ items: 5, embedded: 0 });
  });

  test("a store from before encryption is encrypted by reencrypt, and from then on needs the keys", async () => {
    const keyPrefix = freshPrefix();
    const plain = await openStore({ keyPrefix, encryption: undefined });
    await putFoods(plain);
    await expect(openStore({ keyPrefix })).rejects.toThrow(/not encrypted.*allowPlaintext/);
    const moving = await openStore({ keyPrefix, encryption: { ...ENCRYPTION, allowPlaintext: true } });
    await moving.put(["food", "u1"], "new", { text: "pizza", kind: "food" });
    expect(keysOf(await moving.search([], { filter: { kind: "food" } })).sort()).toEqual([
      "k0",
      "k1",
      "k3",
      "new",
    ]);
    expect(keysOf(await moving.search([], { query: "pizza", mode: "text" })).sort()).toEqual([
      "k0",
      "k2",
      "new",
    ]);
    await expect(plain.get(["food", "u1"], "new")).rejects.toThrow(EncryptionError);
    expect(await moving.reencrypt([])).toEqual({ items: 6, rewritten: 5 });

    await expect(plain.put(["food", "u1"], "late", { text: "x" })).rejects.toThrow(
      /are encrypted.*`encryption`/,
    );
    await expect(openStore({ keyPrefix, encryption: undefined })).rejects.toThrow(EncryptionError);
    await expect(openStore({ keyPrefix, index: undefined, encryption: undefined })).rejects.toThrow(
      EncryptionError,
    );
    const store = await openStore({ keyPrefix });
    expect(keysOf(await store.search([], { filter: { kind: "food" } })).sort()).toEqual([
      "k0",
      "k1",
      "k3",
      "new",
    ]);
    expect(keysOf(await store.search([], { query: "pizza", mode: "text" })).sort()).toEqual([
      "k0",
      "k2",
      "new",
    ]);
    expect(await store.reindex()).toMatchObject({ items: 6, embedded: 0 });
    const raw = Buffer.concat(await dump(keyPrefix, url())).toString("latin1");
    for (const secret of ["pizza", "Zürich", "披萨", "kind=", "since"]) {
      expect(raw).not.toContain(Buffer.from(secret).toString("latin1"));
    }
    expect(await openStore({ keyPrefix }).then((again) => again.reencrypt([]))).toEqual({
      items: 6,
      rewritten: 0,
    });
  });

  test("an item that was moved, swapped, altered, or put without the key is refused, and named", async () => {
    const keyPrefix = freshPrefix();
    const client = await connect(url());
    const store = await openStore({ keyPrefix });
    const documents = ["k", "other"].map((key) => documentOf(keyPrefix, ["food"], key)) as [string, string];
    const elsewhere = documentOf(keyPrefix, ["food", "below"], "k");
    const sealed = async (document: string) =>
      (await client.withTypeMapping({ 36: Buffer }).hGet(document, "value")) as unknown as Buffer;
    const write = () =>
      Promise.all([
        store.put(["food"], "k", { text: "pizza" }),
        store.put(["food"], "other", { text: "apples" }),
        store.put(["food", "below"], "k", { text: "olives" }),
      ]);
    await write();
    const flipped = Buffer.from(await sealed(documents[0]));
    flipped[flipped.length - 20] = (flipped[flipped.length - 20] as number) ^ 1;
    for (const [put, cause] of [
      [await sealed(documents[1]), /moved here/],
      [await sealed(elsewhere), /moved here/],
      [flipped, /altered/],
      [Buffer.from('{"text":"pizza"}'), /not encrypted/],
    ] as const) {
      await client.hSet(documents[0], "value", put);
      const reads = [
        () => store.get(["food"], "k"),
        () => store.search(["food"]),
        () => store.search(["food"], { query: "pizza", mode: "text" }),
        () => store.search(["food"], { query: "pizza" }),
        () => store.search(["food"], { filter: { text: "pizza" } }),
        () => store.iterate(["food"]).next(),
        () => store.deleteWhere(["food"], { text: "pizza" }),
        () => store.reencrypt(["food"]),
        () => store.reindex(),
      ];
      for (const read of reads) {
        const error = await read().then(
          () => undefined,
          (thrown: unknown) => thrown,
        );
        expect([String(read), error]).toEqual([String(read), expect.any(EncryptionError)]);
        expect(error).toMatchObject({ code: "ENCRYPTION", location: { key: documents[0] } });
        expect((error as Error).message).toMatch(/item "k" in namespace \["food"\]/);
        expect((error as Error).message).toMatch(cause);
      }
    }
    await write();
    expect(keysOf(await store.search(["food"], { orderBy: "key" }))).toEqual(["k", "k", "other"]);
    // What an item is found by is not believed either.
    await client.hSet(documents[1], "paths", (await client.hGet(documents[0], "paths")) as string);
    expect(keysOf(await store.search(["food"], { filter: { text: "pizza" } }))).toEqual(["k"]);
    await client.hSet(documents[0], "value", "{}");
    await store.delete(["food"], "k");
    expect(keysOf(await store.search(["food"], { orderBy: "key" }))).toEqual(["k", "other"]);
  });

  test("a key that is missing is named, and so is one with another's id", async () => {
    const keyPrefix = freshPrefix();
    await putFoods(await openStore({ keyPrefix, encryption: keysWith("old") }));
    const client = await connect(url());
    const open = (encryption: EncryptionOptions) =>
      new RedisStore({ client, keyPrefix, engine, index: index(), encryption });
    const without = open(keysWith("new", ["new"]));
    await expect(without.get(["food", "u1"], "k0")).rejects.toMatchObject({
      code: "ENCRYPTION",
      keyId: "old",
    });
    await expect(without.reindex()).rejects.toThrow(/key "old", which is not in encryption\.keys/);
    // What is looked for by keyed digests would not be found, without a word.
    for (const store of [without, open(OTHER_OLD)]) {
      for (const asked of [{ filter: { kind: "food" } }, { query: "pizza", mode: "text" as const }]) {
        await expect(store.search([], asked)).rejects.toMatchObject({ code: "ENCRYPTION", keyId: "old" });
      }
      await expect(store.put(["a"], "k", {})).rejects.toMatchObject({ code: "ENCRYPTION", keyId: "old" });
      await expect(store.setup()).rejects.toMatchObject({ code: "ENCRYPTION", keyId: "old" });
    }
    // What was refused has said of no key that it is in use.
    const old = await openStore({ keyPrefix, encryption: keysWith("old", ["old"]) });
    expect(await old.search([], { filter: { kind: "food" } })).toHaveLength(3);
    const wrong = open(OTHER_OLD);
    await expect(wrong.get(["food", "u1"], "k0")).rejects.toThrow(/key "old": that is not the key/);
    const [outcome] = await Promise.allSettled([wrong.search([], { limit: 1 })]);
    expect(outcome).toMatchObject({ status: "rejected", reason: { keyId: "old" } });
  });
});

test("once a key was used, who lacks it is refused, until reencrypt of all items is done", async () => {
  const keyPrefix = freshPrefix();
  const open = (encryption: EncryptionOptions) =>
    openStoreAt({ keyPrefix, encryption, engine: "core" }, plainRedisUrl());
  const old = keysWith("old", ["old"]);
  await (await open(old)).put(["a"], "k", { n: 1 });
  const both = await open(keysWith("new"));
  await both.put(["a"], "l", { n: 2 });
  await expect(open(old)).rejects.toMatchObject({ code: "ENCRYPTION", keyId: "new" });
  await both.reencrypt(["a"]);
  const renewed = keysWith("new", ["new"]);
  await expect(open(renewed)).rejects.toMatchObject({ code: "ENCRYPTION", keyId: "old" });
  await both.reencrypt([]);
  expect(await (await open(renewed)).search([])).toHaveLength(2);
});

test("a stored value is refused whichever bit of it is flipped, and in another field", () => {
  const codec = new EncryptedItemCodec(new Keyring(ENCRYPTION, "p").cipher("item"));
  const item = { namespace: ["food", "u1"], key: "k", document: "d" };
  const sealed = Buffer.from(codec.encode('{"text":"pizza"}', item, "value"));
  expect(codec.decode(sealed, item, "value")).toBe('{"text":"pizza"}');
  for (let bit = 0; bit < 8 * sealed.length; bit++) {
    const flipped = Buffer.from(sealed);
    flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
    expect(() => codec.decode(flipped, item, "value"), `bit ${bit}`).toThrow(EncryptionError);
  }
  for (let length = 0; length < sealed.length; length++) {
    expect(() => codec.decode(sealed.subarray(0, length), item, "value")).toThrow(EncryptionError);
  }
  expect(() => codec.decode(sealed, item, "fields")).toThrow(EncryptionError);
  const other = { namespace: ["food"], key: "u1", document: "d" };
  expect(() => codec.decode(sealed, other, "value")).toThrow(EncryptionError);
});

test("keys are fetched once before a store is open; one that fails is fetched again by the next operation", async () => {
  let fails = true;
  let fetched = 0;
  const fetch = async () => {
    fetched++;
    if (fails) throw new Error("no answer");
    return KEYS.new;
  };
  const keyPrefix = freshPrefix();
  const encryption = { keys: { kms: fetch }, current: "kms" };
  await expect(openStoreAt({ keyPrefix, encryption })).rejects.toThrow(/encryption\.keys\["kms"\] failed/);
  const store = new RedisStore({ client: await connect(), keyPrefix, encryption });
  const batch: StoreOperation[] = [
    { namespace: ["a"], key: "k" },
    { namespacePrefix: ["a"], limit: 1 },
    { matchConditions: [], limit: 1, offset: 0 },
    { namespace: ["a"], key: "k", value: null },
  ];
  const error: unknown = await store.batch(batch).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: "BATCH_FAILED", failures: [{ index: 0 }, { index: 1 }] });
  fails = false;
  fetched = 0;
  await Promise.all([store.put(["a"], "k", { n: 1 }), store.get(["a"], "k"), store.search(["a"])]);
  expect((await store.get(["a"], "k"))?.value).toEqual({ n: 1 });
  expect(fetched).toBe(1);
});

test("what cannot be used is refused before anything is sent", async () => {
  await expect(openStoreAt({ encryption: { keys: { a: "short" }, current: "a" } })).rejects.toThrow(
    /encryption\.keys\["a"\] must be 32 bytes/,
  );
  const store = await openStoreAt();
  await expect(store.reencrypt([])).rejects.toThrow(InvalidInputError);
  await expect(store.reencrypt("a" as unknown as string[])).rejects.toThrow(/path/);
});

/** All keys of a store with all that they hold. */
async function dump(keyPrefix: string, url: string): Promise<Buffer[]> {
  const client = (await connect(url)).withTypeMapping({ 36: Buffer });
  const found: Buffer[] = [];
  for await (const keys of client.scanIterator({ MATCH: `${keyPrefix}:*`, COUNT: 1_000 })) {
    for (const key of keys as unknown as Buffer[]) {
      const type = String(await client.type(key));
      const commands = { hash: ["HGETALL"], zset: ["ZRANGE", "0", "-1"], string: ["GET"] } as const;
      const [name, ...rest] = commands[type as keyof typeof commands];
      found.push(key, ...flat(await client.sendCommand([name, key, ...rest])));
    }
  }
  return found;
}

function flat(reply: unknown): Buffer[] {
  if (Array.isArray(reply)) return reply.flatMap(flat);
  if (reply instanceof Buffer) return [reply];
  if (typeof reply === "object" && reply !== null) return Object.entries(reply).flat().flatMap(flat);
  return [Buffer.from(String(reply))];
}
