import { describe, expect, test } from "vitest";
import { FilterError, InvalidInputError } from "../../src/index.js";
import type { RedisStore } from "../../src/store/redis-store.js";
import type { IterateOptions } from "../../src/store/types.js";
import { connect, freshPrefix } from "../helpers/redis.js";
import { documentOf, ENGINES, openStore } from "./helpers.js";

async function namesOf(store: RedisStore, path: string[], options: IterateOptions = {}): Promise<string[]> {
  const names: string[] = [];
  for await (const { namespace, key } of store.iterate(path, options))
    names.push(`${namespace.join("/")}:${key}`);
  return names;
}

/** Items in several namespaces, in the order of an iteration. */
const ITEMS = [
  ...["a:0", "a:1", "a:2", "a/1:0", "a/1:1", "a/2:0", "a/2:1", "a/2:2", "a/2:3", "a/3:0"],
  ...["b:0", "b/x:1"],
];

async function fill(store: RedisStore): Promise<void> {
  await store.batch(
    [...ITEMS].reverse().map((name, n) => {
      const [path, key] = name.split(":") as [string, string];
      return { namespace: path.split("/"), key, value: { name, n, even: n % 2 === 0 } };
    }),
  );
}

describe.each(ENGINES)("on engine $engine", ({ engine, url }) => {
  test.each([1, 2, 3, 500])(
    "iterate yields all items under a path in order, %i at a time, and from any item on",
    async (batchSize) => {
      const store = await openStore({ engine }, url());
      await fill(store);
      expect(await namesOf(store, [], { batchSize })).toEqual(ITEMS);
      const inA = ITEMS.filter((name) => name.startsWith("a"));
      expect(await namesOf(store, ["a"], { batchSize })).toEqual(inA);
      expect(await namesOf(store, ["a", "2"], { batchSize })).toEqual(ITEMS.slice(5, 9));
      expect(await namesOf(store, ["none"], { batchSize })).toEqual([]);
      const even = inA.filter((_, n) => (ITEMS.length - 1 - n) % 2 === 0);
      expect(await namesOf(store, ["a"], { batchSize, filter: { even: true } })).toEqual(even);
      for (const [at, name] of inA.entries()) {
        const [path, key] = name.split(":") as [string, string];
        const after = { namespace: path.split("/"), key };
        expect(await namesOf(store, ["a"], { batchSize, after })).toEqual(inA.slice(at + 1));
        expect(await namesOf(store, ["a"], { batchSize, after, filter: { even: true } })).toEqual(
          even.filter((each) => inA.indexOf(each) > at),
        );
      }
      expect(await namesOf(store, ["a"], { batchSize, after: { namespace: ["a", "2"], key: "15" } })).toEqual(
        inA.slice(7),
      );
      expect(await namesOf(store, ["a"], { batchSize, after: { namespace: ["z"], key: "" } })).toEqual([]);
    },
  );
});

test.each([1, 2, 3])(
  "iterate yields what is there all the time once, %i at a time, while others write",
  async (batchSize) => {
    const keyPrefix = freshPrefix();
    const store = await openStore({ keyPrefix });
    const client = await connect();
    await fill(store);
    const seen: string[] = [];
    let n = 0;
    for await (const { namespace, key, value } of store.iterate<{ n: number }>(["a"], { batchSize })) {
      seen.push(`${namespace.join("/")}:${key}`);
      expect(typeof value.n).toBe("number");
      // Some are put again, before and behind where it is, others come and go, one expires, one namespace goes.
      await store.put(["a", "2"], `${n % 4}`, { n });
      await store.put(["a"], `0${n}`, { n });
      await store.delete(["a"], `0${n - 1}`);
      if (n === 1) await client.unlink(documentOf(keyPrefix, ["a", "1"], "1"));
      if (n === 1) await store.deleteNamespace(["a", "3"]);
      n++;
    }
    const lasting = ["a:0", "a:1", "a:2", "a/1:0", "a/2:0", "a/2:1", "a/2:2", "a/2:3"];
    expect(seen.filter((name) => lasting.includes(name))).toEqual(lasting);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).not.toContain("a/3:0");
  },
);

test("iterate leaves times to live as they are, and tells them", async () => {
  const store = await openStore({ ttl: { refreshOnRead: true } });
  const { expiresAt } = await store.putItem(["a"], "goes", {}, { ttl: 10 });
  await store.put(["a"], "stays", {});
  await new Promise((resolve) => setTimeout(resolve, 20));
  const found = [];
  for await (const item of store.iterate(["a"])) found.push(item.expiresAt);
  expect(found).toEqual([expiresAt, undefined]);
});

test("iterate that is left early can be gone on with, and fails for a stopped store", async () => {
  const store = await openStore();
  await fill(store);
  let after: IterateOptions["after"];
  for await (const item of store.iterate([], { batchSize: 2 })) {
    after = item;
    if (item.key === "1") break;
  }
  expect(await namesOf(store, [], { after })).toEqual(ITEMS.slice(2));
  await store.stop();
  await expect(namesOf(store, [])).rejects.toThrow(/iterate/);
});

test("iterate refuses arguments that it cannot use, at the call", async () => {
  const store = await openStore();
  expect(() => store.iterate(["a"], { filter: { a: { $unknown: 1 } } })).toThrow(FilterError);
  for (const [options, message] of [
    [{ batchSize: 0 }, /batchSize/],
    [{ after: "a" }, /after must be \{ namespace, key \}/],
    [{ after: { namespace: ["a"] } }, /after.key must be a string/],
    [{ after: { namespace: "a", key: "k" } }, /after.namespace/],
    [{ limit: 10 }, /limit/],
  ] as const) {
    expect(() => store.iterate(["a"], options as never)).toThrow(message);
    expect(() => store.iterate(["a"], options as never)).toThrow(InvalidInputError);
  }
  expect(() => store.iterate("a" as never)).toThrow(/path must be an array/);
});
