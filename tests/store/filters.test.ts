import fc from "fast-check";
import { expect, test } from "vitest";
import { matches } from "../../src/store/filter/match.js";
import { parseFilter } from "../../src/store/filter/parse-filter.js";
import type { Json } from "../../src/store/items/json.js";
import { ENGINES, openStore, textIndex } from "./helpers.js";
import { filter, value } from "./model/arbitraries.js";
import { satisfies } from "./model/oracle.js";

/** More paths and values than the index is told of. */
const LARGE = {
  tags: ["a", true],
  score: 1,
  ...Object.fromEntries(Array.from({ length: 1_100 }, (_, n) => [`p${n}`, n])),
};

test.each(ENGINES)(
  "search finds exactly what a random filter matches, in a listing and with a query, on engine $engine",
  { timeout: 60_000 },
  async ({ url }) => {
    const store = await openStore({ index: { ...textIndex(), numericFields: ["score", "deep.a"] } }, url());
    const values: Record<string, unknown>[] = [LARGE, ...fc.sample(value, 150)];
    await store.batch(
      values.map((each, n) => ({ namespace: ["a"], key: `${n}`, value: { ...each, text: "some text" } })),
    );
    const all = { limit: values.length };
    await fc.assert(
      fc.asyncProperty(filter, async (asked) => {
        const wanted = values.flatMap((each, n) => (satisfies(each, asked) ? [`${n}`] : [])).sort();
        const predicates = parseFilter(asked);
        const matching = values
          .flatMap((each, n) => (matches(each as Json, predicates) ? [`${n}`] : []))
          .sort();
        expect(matching).toEqual(wanted);
        for (const options of [{}, { query: "some text" }]) {
          const found = await store.search(["a"], { ...options, ...all, filter: asked });
          expect(found.map(({ key }) => key).sort()).toEqual(wanted);
        }
      }),
      { numRuns: 150 },
    );
  },
);
