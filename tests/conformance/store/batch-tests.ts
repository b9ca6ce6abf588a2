import { AsyncBatchedStore } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import { FakeEmbeddings } from "../../store/fake-embeddings.js";
import type { Suite } from "./suite.js";

export function batchTests({ holds }: Suite): void {
  holds("a batch answers each operation in its place", {}, async (store) => {
    await store.put(["a"], "k", { v: 1 });
    const results = await store.batch([
      { namespace: ["a"], key: "none" },
      { namespace: ["a"], key: "new", value: { v: 2 } },
      { namespacePrefix: ["a"] },
      { namespace: ["a"], key: "k" },
      { matchConditions: undefined, limit: 10, offset: 0 },
      { namespace: ["a"], key: "k2", value: null },
    ]);
    expect(results).toHaveLength(6);
    expect(results[0]).toBeNull();
    expect(results[2]).toMatchObject([{ key: "k" }]);
    expect(results[3]).toMatchObject({ value: { v: 1 } });
    expect(results[4]).toEqual([["a"]]);
  });

  holds("an empty batch is no error", {}, async (store) => {
    expect(await store.batch([])).toEqual([]);
  });

  holds("reads of a batch see the store as it was before it", {}, async (store) => {
    await store.put(["a"], "k", { v: "before" });
    const [, item, found, none] = await store.batch([
      { namespace: ["a"], key: "k", value: { v: "after" } },
      { namespace: ["a"], key: "k" },
      { namespacePrefix: ["a"], filter: { v: "before" } },
      { namespace: ["a"], key: "new" },
      { namespace: ["a"], key: "new", value: { v: "after" } },
    ]);
    expect(item).toMatchObject({ value: { v: "before" } });
    expect(found).toMatchObject([{ value: { v: "before" } }]);
    expect(none).toBeNull();
    expect(await store.get(["a"], "k")).toMatchObject({ value: { v: "after" } });
    expect(await store.get(["a"], "new")).toMatchObject({ value: { v: "after" } });
  });

  holds("of several writes of one item in a batch the last one counts", {}, async (store) => {
    await store.batch([
      { namespace: ["a"], key: "k", value: { v: 1 } },
      { namespace: ["a"], key: "k", value: { v: 2 } },
      { namespace: ["a"], key: "gone", value: { v: 1 } },
      { namespace: ["a"], key: "gone", value: null },
      { namespace: ["a"], key: "back", value: null },
      { namespace: ["a"], key: "back", value: { v: 3 } },
    ]);
    expect((await store.get(["a"], "k"))?.value).toEqual({ v: 2 });
    expect(await store.get(["a"], "gone")).toBeNull();
    expect((await store.get(["a"], "back"))?.value).toEqual({ v: 3 });
  });

  const batched = new FakeEmbeddings();
  holds("all texts of a batch are embedded in one call", { embeddings: batched }, async (store) => {
    batched.documentCalls = [];
    await store.batch(
      Array.from({ length: 20 }, (_, n) => ({
        namespace: ["a"],
        key: `${n}`,
        value: { text: `number ${n}` },
      })),
    );
    expect(batched.documentCalls).toHaveLength(1);
    expect(batched.documentCalls[0]).toHaveLength(20);
  });

  holds("LangGraph's batching proxy works on it", { embeddings: new FakeEmbeddings() }, async (store) => {
    const proxy = new AsyncBatchedStore(store);
    proxy.start();
    try {
      await Promise.all([
        proxy.put(["a", "1"], "k", { text: "green apples" }),
        proxy.put(["a", "2"], "k", { text: "green pears" }),
      ]);
      const [item, found, none] = await Promise.all([
        proxy.get(["a", "1"], "k"),
        proxy.search(["a", "1"], { query: "green apples" }),
        proxy.get(["a", "1"], "none"),
      ]);
      expect(item).toMatchObject({ value: { text: "green apples" } });
      expect(found).toMatchObject([{ key: "k", namespace: ["a", "1"] }]);
      expect(none).toBeNull();
      await proxy.delete(["a", "1"], "k");
      expect(await proxy.get(["a", "1"], "k")).toBeNull();
    } finally {
      await proxy.stop();
    }
  });
}
