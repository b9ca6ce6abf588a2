import { type BaseStore, InMemoryStore, InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { RedisStore } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { freshPrefix, plainRedisUrl } from "../helpers/redis.js";

const NAMESPACES = [
  [],
  [""],
  ["a"],
  ["a", ""],
  ["a.b"],
  ["a:b"],
  ["a", "b:"],
  ["a\0b"],
  ["langgraph"],
  ["langgraph", "x"],
  ["a", "langgraph"],
  ["*"],
  ["a b/c|{d}%"],
];

const METHODS: Record<string, (store: BaseStore, namespace: string[]) => Promise<unknown>> = {
  put: (store, namespace) => store.put(namespace, "k", { v: 1 }),
  get: (store, namespace) => store.get(namespace, "k"),
  delete: (store, namespace) => store.delete(namespace, "k"),
  search: (store, namespace) => store.search(namespace),
  "listNamespaces of a prefix": (store, namespace) => store.listNamespaces({ prefix: namespace }),
  "listNamespaces of a suffix": (store, namespace) => store.listNamespaces({ suffix: namespace }),
};

const refused = (call: Promise<unknown>) =>
  call.then(
    () => false,
    (error) => {
      expect(error).toBeInstanceOf(InvalidNamespaceError);
      return true;
    },
  );

test.each(Object.entries(METHODS))(
  "%s refuses the namespaces that the InMemoryStore of the installed LangGraph refuses, and no others",
  async (_, call) => {
    const store = await RedisStore.fromConnString(plainRedisUrl(), { keyPrefix: freshPrefix() });
    onTestFinished(() => store.stop());
    for (const namespace of NAMESPACES) {
      const expected = await refused(call(new InMemoryStore(), namespace));
      expect([namespace, await refused(call(store, namespace))]).toEqual([namespace, expected]);
    }
  },
);

test("put refuses a namespace in a batch as it does by itself, and does the rest of the batch", async () => {
  const store = await RedisStore.fromConnString(plainRedisUrl(), { keyPrefix: freshPrefix() });
  onTestFinished(() => store.stop());
  const good = { namespace: ["a"], key: "k", value: { v: 1 } };
  await expect(store.batch([good, { ...good, namespace: ["a.b"] }])).rejects.toThrow(/1 of 2/);
  expect((await store.get(["a"], "k"))?.value).toEqual({ v: 1 });
  expect(await store.listNamespaces()).toEqual([["a"]]);
});
