import { expect } from "vitest";
import { FakeEmbeddings } from "../../store/fake-embeddings.js";
import { FILTER_TABLE } from "./filter-table.js";
import { keysOf } from "./search-tests.js";
import type { StoreSetup, Suite } from "./suite.js";

export function filterTests({ holds }: Suite): void {
  const modes: [string, StoreSetup, { query?: string }[]][] = [
    ["without an index", {}, [{}]],
    [
      "with an index",
      { embeddings: new FakeEmbeddings(), numericFields: ["score", "deep.b"] },
      [{}, { query: "text" }],
    ],
  ];
  for (const { says, filter, matching, others } of FILTER_TABLE) {
    for (const [mode, setup, searches] of modes) {
      holds(`filter: ${says} (${mode})`, setup, async (store) => {
        const puts = [...matching, ...others].map((value, n) => ({
          namespace: ["a"],
          key: `${n < matching.length ? "match" : "other"} ${String(n).padStart(3, "0")}`,
          value: { ...value, text: "some text" },
        }));
        await store.batch(puts);
        for (const options of searches) {
          const found = await store.search(["a"], { ...options, filter, limit: 100 });
          expect(keysOf(found)).toEqual(keysOf(puts.slice(0, matching.length)));
        }
      });
    }
  }

  holds("a filter that cannot be understood is an error", {}, async (store) => {
    await store.put(["a"], "k", { score: 1 });
    const filters = [
      { score: { $foo: 1 } },
      { score: { $gt: 1, $regex: "x" } },
      { $or: { score: 1 } },
      { $or: [null] },
      { $and: [{ score: 1 }, 5] },
      { $not: [{ score: 1 }] },
      { $nor: [{ score: 1 }] },
      { $or: [{ score: { $foo: 1 } }] },
      { score: { $not: { $foo: 1 } } },
      { score: { $startsWith: 1 } },
      { score: { $gt: 1, other: 2 } },
      { score: { $in: "x" } },
      { score: { $gt: true } },
      { score: { $exists: 1 } },
      { score: Number.NaN },
      { score: undefined },
    ];
    for (const filter of filters) await expect(store.search(["a"], { filter })).rejects.toThrow();
  });
}
