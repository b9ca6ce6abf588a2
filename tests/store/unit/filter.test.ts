import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { FilterError } from "../../../src/store/errors.js";
import { matches } from "../../../src/store/filter/match.js";
import { parseFilter } from "../../../src/store/filter/parse-filter.js";
import type { Json } from "../../../src/store/items/json.js";
import { filter, value } from "../model/arbitraries.js";
import { satisfies } from "../model/oracle.js";

describe("filters", () => {
  test("a filter matches what the oracle of the random sequences says", () => {
    fc.assert(
      fc.property(value, filter, (item, asked) => {
        expect(matches(item as Json, parseFilter(asked))).toBe(satisfies(item, asked));
      }),
      { numRuns: 20_000 },
    );
  });

  test("$not is the opposite of its filter, and of $not", () => {
    fc.assert(
      fc.property(value, filter, (item, asked) => {
        const is = matches(item as Json, parseFilter(asked));
        expect(matches(item as Json, parseFilter({ $not: asked }))).toBe(!is);
        expect(matches(item as Json, parseFilter({ $not: { $not: asked } }))).toBe(is);
        expect(matches(item as Json, parseFilter({ $or: [asked, { $not: asked }] }))).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  test("a list with a hole in it is refused", () => {
    // biome-ignore lint/suspicious/noSparseArray: it is what is tested
    expect(() => parseFilter({ n: { $in: [, 5] } })).toThrow(FilterError);
  });

  test("a path with many dots finds what it spells, however it is divided into names", () => {
    const names = Array.from({ length: 40 }, (_, n) => `n${n}`);
    const nested = names.reduceRight<Json>((inner, name) => ({ [name]: inner }), "x");
    const joined = { [names.slice(0, 20).join(".")]: { [names.slice(20).join(".")]: ["y", "x"] } };
    for (const item of [nested, joined, { [names.join(".")]: "x" }]) {
      expect(matches(item, parseFilter({ [names.join(".")]: "x" }))).toBe(true);
      expect(matches(item, parseFilter({ [names.slice(1).join(".")]: "x" }))).toBe(false);
      expect(matches(item, parseFilter({ [`${names.join(".")}.`]: "x" }))).toBe(false);
    }
  });
});
