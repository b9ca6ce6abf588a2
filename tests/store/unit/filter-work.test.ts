import { describe, expect, test } from "vitest";
import { encodeKeyPart } from "../../../src/redis/key-encoding.js";
import { toFilterClauses } from "../../../src/store/engines/redis-search/filter-clauses.js";
import { QueryParams } from "../../../src/store/engines/redis-search/params.js";
import { matches, valuesAt } from "../../../src/store/filter/match.js";
import { parseFilter } from "../../../src/store/filter/parse-filter.js";
import { describeValue, UNDESCRIBED, valueToken } from "../../../src/store/filter/tokens.js";
import { PLAIN_CODEC } from "../../../src/store/items/item-codec.js";
import type { Json, JsonObject } from "../../../src/store/items/json.js";

/** A value that counts how often something is asked of it or of an object in it. */
function counting(value: Json) {
  const counter = { asked: 0 };
  const wrap = (each: unknown): unknown =>
    typeof each === "object" && each !== null
      ? new Proxy(each, {
          get: (target, name) => {
            counter.asked++;
            return wrap(Reflect.get(target, name));
          },
          ownKeys: (target) => {
            counter.asked++;
            return Reflect.ownKeys(target);
          },
          getOwnPropertyDescriptor: (target, name) => {
            counter.asked++;
            return Reflect.getOwnPropertyDescriptor(target, name);
          },
        })
      : each;
  return { value: wrap(value) as Json, counter };
}

/** `{ a: { a: ... 1 } }`, so many deep, and `a.a` beside each `a`. */
function nested(depth: number): JsonObject {
  let value: Json = 1;
  for (let level = 0; level < depth; level++) value = { a: value, "a.a": level, b: level };
  return value as JsonObject;
}

describe("what a filter costs", () => {
  test("is bounded by the value, however long the path is", () => {
    const asked = (path: string) => {
      const { value, counter } = counting(nested(100));
      matches(value, parseFilter({ [path]: 1 }));
      return counter.asked;
    };
    const whole = asked("a.".repeat(100));
    expect(asked("a.".repeat(10_000))).toBeLessThan(whole + 10);
    expect(asked("b.".repeat(10_000))).toBeLessThan(20);
  });

  test("does not grow with a list of values for each value that is asked", () => {
    const list = Array.from({ length: 10_000 }, (_, n) => `v${n}`);
    let lookups = 0;
    const { some } = parseFilter({ tags: { $in: list } })[0] as { some: object[] };
    const [test] = some as [{ list: string[]; others: Json[] }];
    test.list = new Proxy(test.list, {
      get: (target, name) => {
        lookups++;
        return Reflect.get(target, name);
      },
    });
    const values: Json = { tags: [{}, { x: 1 }, ...Array.from({ length: 1_000 }, (_, n) => `w${n}`)] };
    expect(matches(values, [{ path: "tags", some, none: [] } as never])).toBe(false);
    expect([lookups, test.others]).toEqual([0, []]);
  });

  test("valuesAt finds what dots in names and between them spell", () => {
    const value: Json = {
      a: { b: 1, "b.c": 2 },
      "a.b": 3,
      "a.b.c": 4,
      "": { "": 5 },
      "a.": { c: 6 },
      x: [{ y: 7 }, { y: [8] }],
    };
    expect(valuesAt(value, "a.b")).toEqual([1, 3]);
    expect(valuesAt(value, "a.b.c")).toEqual([2, 4]);
    expect(valuesAt(value, ".")).toEqual([5]);
    expect(valuesAt(value, "a..c")).toEqual([6]);
    expect(valuesAt(value, "x.y")).toEqual([7, [8], 8]);
    expect(valuesAt(value, "toString")).toEqual([]);
  });
});

describe("what describes a value", () => {
  const sizeOf = (value: Json) =>
    describeValue(value, []).tokens.reduce((size, token) => size + token.length, 0);

  test("is bounded, whatever is long or many in it", () => {
    const long = "x".repeat(1_000_000);
    expect(describeValue({ [long]: Array.from({ length: 900 }, (_, n) => n) }, []).tokens).toEqual([
      UNDESCRIBED,
    ]);
    expect(describeValue({ n: Array.from({ length: 1_500 }, (_, n) => n) }, []).tokens).toEqual([
      UNDESCRIBED,
    ]);
    expect(describeValue({ n: new Array(20_000).fill(1) }, []).tokens).toEqual([UNDESCRIBED]);
    expect(describeValue({ n: new Array(5_000).fill(1) }, []).tokens).toHaveLength(2);
    expect(sizeOf({ text: long, texts: Array.from({ length: 900 }, () => long) })).toBeLessThan(100);
    expect(
      sizeOf(Object.fromEntries(Array.from({ length: 400 }, (_, n) => [`${n}${"日".repeat(100)}`, n]))),
    ).toBeLessThan(100_000);
  });

  test("asks no more than ten thousand values", () => {
    const { value, counter } = counting({ n: new Array(1_000_000).fill(1) });
    describeValue(value, []);
    expect(counter.asked).toBeLessThan(25_000);
  });

  test("has the value of a string of up to 128 characters, and of a longer one that it is there", () => {
    const [short, long] = ["x".repeat(128), "x".repeat(129)];
    expect(describeValue({ a: short }, []).tokens).toEqual(["a?", valueToken("a", short)]);
    expect(describeValue({ a: long }, []).tokens).toEqual(["a?"]);
  });

  test("names paths as filters do", () => {
    const { tokens } = describeValue({ "a b": { "c.d": [{ é: "x y" }] } }, []);
    expect(tokens).toContain(valueToken("a b.c.d.é", "x y"));
    expect(tokens).toContain(`${encodeKeyPart("a b.c.d")}?`);
  });
});

describe("a query", () => {
  const clausesOf = (filter: object) => {
    const params = new QueryParams();
    const { clauses, isExact } = toFilterClauses(
      parseFilter(filter),
      { numericFields: [], codec: PLAIN_CODEC },
      params,
    );
    return { clauses, isExact, params: Object.values(params.toRecord()) };
  };

  test("asks of a long string, and of one of a thousand values and more, that there is something", () => {
    const many = Array.from({ length: 1_001 }, (_, n) => n);
    for (const operand of ["x".repeat(200), { $in: ["a", "x".repeat(200)] }, { $in: many }]) {
      expect(clausesOf({ a: operand })).toEqual({
        clauses: ["@paths:{$p1|$p2}"],
        isExact: false,
        params: ["a?", UNDESCRIBED],
      });
    }
    for (const operand of [{ $ne: "x".repeat(200) }, { $nin: many }]) {
      expect(clausesOf({ a: operand })).toEqual({ clauses: [], isExact: false, params: [] });
    }
  });
});
