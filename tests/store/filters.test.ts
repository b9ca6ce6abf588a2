import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { matches } from "../../src/store/filter/match.js";
import { parseFilter } from "../../src/store/filter/parse-filter.js";
import type { Json } from "../../src/store/items/json.js";
import { freshPrefix } from "../helpers/redis.js";
import { ENGINES, openStore, textIndex } from "./helpers.js";
import { filter, value } from "./model/arbitraries.js";
import { satisfies } from "./model/oracle.js";

/** More paths and values than the index is told of. */
const LARGE = {
  tags: ["a", true],
  score: 1,
  ...Object.fromEntries(Array.from({ length: 1_100 }, (_, n) => [`p${n}`, n])),
};

const KEYS = { a: randomBytes(32), b: randomBytes(32) };

test.each([
  ...ENGINES.map((each) => ({ ...each, how: "without encryption", runs: 150, current: [] })),
  ...ENGINES.map((each) => ({ ...each, how: "with two keys", runs: 75, current: ["a", "b"] })),
])(
  "search finds exactly what a random filter matches, in a listing and with a query, on engine $engine, $how",
  { timeout: 60_000 },
  async ({ url, runs, current }) => {
    const index = { ...textIndex(), numericFields: ["score", "deep.a"] };
    const keyPrefix = freshPrefix();
    const open = (id?: string) =>
      openStore(
        { keyPrefix, index, encryption: id === undefined ? undefined : { keys: KEYS, current: id } },
        url(),
      );
    const [store, writer] = [await open(current[0]), await open(current[1])];
    const values: Record<string, unknown>[] = [LARGE, ...fc.sample(value, 150)];
    const puts = values.map((each, n) => ({
      namespace: ["a"],
      key: `${n}`,
      value: { ...each, text: "some text" },
    }));
    await store.batch(puts.filter((_, n) => n % 2 === 0));
    await writer.batch(puts.filter((_, n) => n % 2 === 1));
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
      { numRuns: runs },
    );
  },
);
