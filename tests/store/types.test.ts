import type { InMemoryStore, Item, SearchItem } from "@langchain/langgraph-checkpoint";
import { expectTypeOf, test } from "vitest";
import type { RedisStore } from "../../src/store/redis-store.js";
import type { ItemValue, RedisItem, RedisSearchItem } from "../../src/store/types.js";

interface Profile {
  name: string;
  visits: number;
}

declare const store: RedisStore;

// Checked by the compiler: nothing of this runs.
test("get, search, iterate, putItem and batch are typed by the value", () => {
  const calls = {
    get: () => store.get<Profile>(["a"], "k"),
    plainGet: () => store.get(["a"], "k"),
    search: () => store.search<Profile>(["a"], { query: "x" }),
    plainSearch: () => store.search(["a"]),
    iterate: () => store.iterate<Profile>(["a"], { filter: { name: "Bob" } }),
    put: () => store.put(["a"], "k", { name: "Bob", visits: 1 }),
    putItem: () => store.putItem(["a"], "k", { name: "Bob", visits: 1 }),
    putProfile: (profile: Profile) => store.putItem(["a"], "k", profile, { ttl: 5 }),
    batch: () =>
      store.batch([
        { namespace: ["a"], key: "k" },
        { namespacePrefix: ["a"] },
        { namespace: ["a"], key: "k", value: {} },
      ]),
  };
  expectTypeOf(calls.get).returns.resolves.toEqualTypeOf<RedisItem<Profile> | null>();
  expectTypeOf(calls.plainGet).returns.resolves.toEqualTypeOf<RedisItem | null>();
  expectTypeOf(calls.search).returns.resolves.toEqualTypeOf<RedisSearchItem<Profile>[]>();
  expectTypeOf(calls.plainSearch).returns.resolves.toEqualTypeOf<RedisSearchItem[]>();
  expectTypeOf(calls.iterate).returns.toExtend<AsyncIterable<RedisItem<Profile>>>();
  expectTypeOf(calls.put).returns.resolves.toEqualTypeOf<void>();
  expectTypeOf(calls.putItem).returns.resolves.toEqualTypeOf<RedisItem<{ name: string; visits: number }>>();
  expectTypeOf(calls.putProfile).returns.resolves.toEqualTypeOf<RedisItem<Profile>>();
  expectTypeOf(calls.batch).returns.resolves.toEqualTypeOf<
    readonly [RedisItem | null, RedisSearchItem[], undefined]
  >();
});

test("an item's value is what was said, and anything unless something was said", () => {
  expectTypeOf<RedisItem<Profile>["value"]["visits"]>().toEqualTypeOf<number>();
  expectTypeOf<RedisItem["value"]>().toEqualTypeOf<ItemValue>();
  expectTypeOf<RedisItem["expiresAt"]>().toEqualTypeOf<Date | undefined>();
  expectTypeOf<RedisSearchItem<Profile>["score"]>().toEqualTypeOf<number | undefined>();
  // @ts-expect-error: a value is an object
  expectTypeOf<RedisItem<string>>().not.toBeAny();
  // @ts-expect-error: a profile has no such property
  expectTypeOf<RedisItem<Profile>["value"]["age"]>().not.toBeAny();
});

test("items and the store can be used where LangGraph's are expected", () => {
  expectTypeOf<RedisItem<Profile>>().toExtend<Item>();
  expectTypeOf<RedisSearchItem<Profile>>().toExtend<SearchItem>();
  expectTypeOf<RedisStore["get"]>().toExtend<InMemoryStore["get"]>();
  expectTypeOf<RedisStore["search"]>().toExtend<InMemoryStore["search"]>();
  expectTypeOf<RedisStore["put"]>().toExtend<InMemoryStore["put"]>();
});
