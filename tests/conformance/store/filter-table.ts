/** One line of the table of filter semantics: which of the values match. */
export interface FilterCase {
  says: string;
  filter: Record<string, unknown>;
  matching: Record<string, unknown>[];
  others: Record<string, unknown>[];
}

const LONG = "a long text ".repeat(20);

/** What filters mean, in every mode and on every engine. `score` is declared numeric in one of the modes. */
export const FILTER_TABLE: FilterCase[] = [
  {
    says: "a plain scalar is equality of JSON values",
    filter: { score: 1 },
    matching: [{ score: 1 }, { score: 1.0, other: 2 }],
    others: [{ score: "1" }, { score: true }, { score: 2 }, { score: null }, { other: 1 }, {}],
  },
  {
    says: "true is not the string true",
    filter: { flag: true },
    matching: [{ flag: true }],
    others: [{ flag: "true" }, { flag: 1 }, { flag: false }, {}],
  },
  {
    says: "strings are equal by every character and by case",
    filter: { name: "Ann, {b} | c*" },
    matching: [{ name: "Ann, {b} | c*" }],
    others: [
      { name: "ann, {b} | c*" },
      { name: "Ann" },
      { name: "Ann, {b} | c" },
      { name: " Ann, {b} | c*" },
    ],
  },
  {
    says: "long strings are equal by every character",
    filter: { name: LONG },
    matching: [{ name: LONG }, { name: ["x", LONG] }],
    others: [{ name: `${LONG}.` }, { name: LONG.toUpperCase() }, { name: "long" }, {}],
  },
  {
    says: "a long string can be excluded",
    filter: { name: { $nin: [LONG, "x"] } },
    matching: [{ name: `${LONG}.` }, { name: "long" }, {}],
    others: [{ name: LONG }, { name: "x" }, { name: ["y", LONG] }],
  },
  {
    says: "a list of values can be long",
    filter: { score: { $in: Array.from({ length: 1_500 }, (_, n) => n) } },
    matching: [{ score: 0 }, { score: [-1, 1_499] }],
    others: [{ score: -1 }, { score: 1_500 }, { score: "1" }, {}],
  },
  {
    says: "a path can be long",
    filter: { ["a.".repeat(2_000)]: { $exists: false }, [`${LONG}${LONG}.x`.repeat(5)]: 1 },
    matching: [{ [`${LONG}${LONG}.x`.repeat(5)]: 1 }],
    others: [{ [`${LONG}${LONG}.x`.repeat(5)]: 2 }, { a: { a: 1 } }, {}],
  },
  {
    says: "the empty string is a value of its own",
    filter: { name: "" },
    matching: [{ name: "" }],
    others: [{ name: " " }, { name: null }, {}],
  },
  {
    says: "null is equal to null and not to what is missing",
    filter: { score: null },
    matching: [{ score: null }],
    others: [{ score: 0 }, { score: "" }, { score: "null" }, {}],
  },
  {
    says: "$eq is the same as a plain scalar",
    filter: { score: { $eq: 1 } },
    matching: [{ score: 1 }],
    others: [{ score: "1" }, {}],
  },
  {
    says: "$eq of an object is equality, whatever the order of its properties",
    filter: { deep: { $eq: { a: 1, b: [2] } } },
    matching: [{ deep: { b: [2], a: 1 } }],
    others: [{ deep: { a: 1 } }, { deep: { a: 1, b: [2], c: 3 } }, { deep: { a: 1, b: [2, 3] } }, {}],
  },
  {
    says: "an infinite bound is none",
    filter: { score: { $gte: 2, $lte: Number.POSITIVE_INFINITY } },
    matching: [{ score: 2 }, { score: 3.5 }],
    others: [{ score: 1 }, { score: "x" }, { score: null }, {}],
  },
  {
    says: "any number is between the infinities",
    filter: { score: { $gt: Number.NEGATIVE_INFINITY, $lt: Number.POSITIVE_INFINITY } },
    matching: [{ score: 0 }, { score: -5e300 }, { score: Number.MAX_VALUE }],
    others: [{ score: "x" }, {}],
  },
  {
    says: "no number is beyond the infinities",
    filter: { score: { $gt: Number.POSITIVE_INFINITY } },
    matching: [],
    others: [{ score: 1 }, { score: Number.MAX_VALUE }, {}],
  },
  {
    says: "an infinite bound beside another one says nothing",
    filter: { score: { $gte: "b", $lte: Number.POSITIVE_INFINITY } },
    matching: [{ score: "b" }, { score: "c" }],
    others: [{ score: "a" }, { score: 1 }, {}],
  },
  {
    says: "an operator beside a $and of several holds, too",
    filter: { score: { $gt: 3, $and: [{ $ne: 7 }, { $ne: 8 }] } },
    matching: [{ score: 4 }],
    others: [{ score: 2 }, { score: 7 }, { score: 8 }, {}],
  },
  {
    says: "an empty object matches objects",
    filter: { score: {} },
    matching: [{ score: {} }, { score: { a: 1 } }, { score: [1, { a: 1 }] }],
    others: [{ score: 1 }, { score: null }, { score: [] }, {}],
  },
  {
    says: "$ne holds for what is missing",
    filter: { score: { $ne: 1 } },
    matching: [{ score: 2 }, { score: "1" }, { score: null }, {}],
    others: [{ score: 1 }, { score: [1, 2] }],
  },
  {
    says: "$in is equality with one of several",
    filter: { score: { $in: [1, "a", null] } },
    matching: [{ score: 1 }, { score: "a" }, { score: null }],
    others: [{ score: "1" }, { score: 2 }, {}],
  },
  {
    says: "$in of nothing matches nothing",
    filter: { score: { $in: [] } },
    matching: [],
    others: [{ score: 1 }, {}],
  },
  {
    says: "$nin holds for what is missing",
    filter: { score: { $nin: [1, "a"] } },
    matching: [{ score: 2 }, { score: "1" }, {}],
    others: [{ score: 1 }, { score: "a" }],
  },
  {
    says: "$exists: null exists, what is missing does not",
    filter: { score: { $exists: true } },
    matching: [{ score: null }, { score: 0 }, { score: "" }, { score: [] }, { score: {} }],
    others: [{}, { other: 1 }],
  },
  {
    says: "$exists: false is the opposite",
    filter: { score: { $exists: false } },
    matching: [{}, { other: 1 }],
    others: [{ score: null }, { score: [] }],
  },
  {
    says: "ranges compare numbers with numbers only",
    filter: { score: { $gt: 1 } },
    matching: [{ score: 1.5 }, { score: 1e21 }],
    others: [{ score: 1 }, { score: 0 }, { score: "2" }, { score: true }, { score: null }, {}],
  },
  {
    says: "$gte and $lte include the bound",
    filter: { score: { $gte: -1, $lte: 1 } },
    matching: [{ score: -1 }, { score: 0 }, { score: 1 }],
    others: [{ score: -1.5 }, { score: 1.5 }, {}],
  },
  {
    says: "$lt excludes it",
    filter: { score: { $lt: 0.1 } },
    matching: [{ score: 0.09999999999999999 }, { score: -5e300 }],
    others: [{ score: 0.1 }, { score: "0" }, {}],
  },
  {
    says: "ranges compare strings with strings, by code unit",
    filter: { score: { $gte: "b" } },
    matching: [{ score: "b" }, { score: "ba" }, { score: "ä" }],
    others: [{ score: "B" }, { score: "a" }, { score: 5 }, {}],
  },
  {
    says: "dates are ISO strings, in order of time",
    filter: { at: { $gte: new Date("2026-01-01T00:00:00Z"), $lt: "2026-02" } },
    matching: [{ at: "2026-01-01T00:00:00.000Z" }, { at: "2026-01-31T23:59:59.000Z" }],
    others: [{ at: "2025-12-31T23:59:59.999Z" }, { at: "2026-02-01T00:00:00.000Z" }, { at: 1767225600000 }],
  },
  {
    says: "a dotted key is a path",
    filter: { "deep.a": 3 },
    matching: [{ deep: { a: 3 } }, { deep: { a: 3, b: 4 } }, { "deep.a": 3 }],
    others: [{ deep: { a: 4 } }, { deep: 3 }, { a: 3 }, {}],
  },
  {
    says: "a plain object matches when each of its entries does",
    filter: { deep: { a: 3, b: { $gt: 1 } } },
    matching: [{ deep: { a: 3, b: 4 } }, { deep: { a: 3, b: 2, c: 1 } }],
    others: [{ deep: { a: 3 } }, { deep: { a: 3, b: 1 } }, { deep: { a: 4, b: 4 } }, {}],
  },
  {
    says: "objects nest",
    filter: { deep: { deeper: { deepest: "x" } } },
    matching: [{ deep: { deeper: { deepest: "x", other: 1 } } }],
    others: [{ deep: { deeper: { deepest: "y" } } }, { deep: { deepest: "x" } }],
  },
  {
    says: "$ne within an object holds for what is missing",
    filter: { deep: { a: { $ne: 1 } } },
    matching: [{ deep: { a: 2 } }, { deep: {} }, {}],
    others: [{ deep: { a: 1 } }],
  },
  {
    says: "a path into an array matches when an element does",
    filter: { tags: "x" },
    matching: [{ tags: ["x"] }, { tags: ["y", "x"] }, { tags: "x" }, { tags: [["x"]] }],
    others: [{ tags: ["xy"] }, { tags: [] }, { tags: { x: 1 } }, {}],
  },
  {
    says: "$ne and $nin of an array hold when no element is equal",
    filter: { tags: { $nin: ["x", "z"] } },
    matching: [{ tags: ["y"] }, { tags: [] }, {}],
    others: [{ tags: ["y", "x"] }, { tags: "z" }],
  },
  {
    says: "a range is matched by an element that is within all of its bounds",
    filter: { score: { $gt: 1, $lt: 5 } },
    matching: [{ score: [0, 3] }, { score: 2 }, { score: ["x", 4.5] }],
    others: [{ score: [0, 6] }, { score: [] }, { score: ["3"] }],
  },
  {
    says: "arrays on the way of a path are entered",
    filter: { "chapters.title": "two" },
    matching: [{ chapters: [{ title: "one" }, { title: "two" }] }, { chapters: { title: "two" } }],
    others: [{ chapters: [{ title: "one" }] }, { chapters: ["two"] }],
  },
  {
    says: "a plain object is matched by one element as a whole",
    filter: { chapters: { title: "two", pages: 2 } },
    matching: [
      {
        chapters: [
          { title: "one", pages: 1 },
          { title: "two", pages: 2 },
        ],
      },
    ],
    others: [
      {
        chapters: [
          { title: "one", pages: 2 },
          { title: "two", pages: 1 },
        ],
      },
    ],
  },
  {
    says: "an array is equal to an array with the same elements",
    filter: { tags: ["x", 1] },
    matching: [{ tags: ["x", 1] }],
    others: [{ tags: [1, "x"] }, { tags: ["x"] }, { tags: ["x", 1, 2] }, { tags: "x" }],
  },
  {
    says: "several entries have to match together",
    filter: { a: 1, b: { $ne: 2 } },
    matching: [{ a: 1 }, { a: 1, b: 3 }],
    others: [{ a: 1, b: 2 }, { b: 3 }],
  },
  {
    says: "property names may hold anything",
    filter: { "a,b {c}|(d) *": "v", __proto__x: 1 },
    matching: [{ "a,b {c}|(d) *": "v", __proto__x: 1 }],
    others: [{ "a,b {c}|(d) *": "w", __proto__x: 1 }, { a: "v" }],
  },
  {
    says: "very long strings are told apart to the last character",
    filter: { name: `${"x".repeat(6000)}1` },
    matching: [{ name: `${"x".repeat(6000)}1` }],
    others: [{ name: `${"x".repeat(6000)}2` }, { name: "x".repeat(6000) }],
  },
  {
    says: "what inherits from Object is not in a value",
    filter: { constructor: { $exists: true } },
    matching: [],
    others: [{}, { a: 1 }],
  },
  {
    says: "$startsWith matches strings that begin with it",
    filter: { name: { $startsWith: "Ann, {b}" } },
    matching: [{ name: "Ann, {b}" }, { name: "Ann, {b} | c*" }, { name: ["x", "Ann, {b}y"] }],
    others: [{ name: "ann, {b}" }, { name: "Ann" }, { name: " Ann, {b}" }, { name: 5 }, { name: null }, {}],
  },
  {
    says: "every string begins with the empty one",
    filter: { name: { $startsWith: "" } },
    matching: [{ name: "" }, { name: "x" }],
    others: [{ name: 5 }, { name: null }, { name: [] }, { name: { x: "" } }, {}],
  },
  {
    says: "$startsWith and a range hold for one value",
    filter: { name: { $startsWith: "a", $gt: "ab" } },
    matching: [{ name: "ac" }, { name: ["x", "abc"] }],
    others: [{ name: "ab" }, { name: "b" }, { name: ["aa", "b"] }],
  },
  {
    says: "$or matches when one of its filters does",
    filter: { $or: [{ score: { $gt: 5 } }, { name: "Ann", flag: true }, { tags: "x" }] },
    matching: [{ score: 6 }, { name: "Ann", flag: true }, { tags: ["y", "x"] }, { score: 9, tags: "x" }],
    others: [
      { score: 5 },
      { name: "Ann" },
      { flag: true },
      { tags: ["y"] },
      { name: "Ann", flag: false },
      {},
    ],
  },
  {
    says: "$or stands beside fields, and several of them hold together",
    filter: {
      flag: true,
      $or: [{ score: 1 }, { score: { $exists: false } }],
      $and: [{ $or: [{ a: 1 }, { b: 2 }] }],
    },
    matching: [
      { flag: true, score: 1, a: 1 },
      { flag: true, b: 2 },
      { flag: true, a: 1, b: 2 },
    ],
    others: [
      { flag: true, score: 1 },
      { flag: true, score: 2, a: 1 },
      { score: 1, a: 1 },
      { a: 1, b: 2 },
      {},
    ],
  },
  {
    says: "$or of nothing matches nothing, $and of nothing everything",
    filter: { $or: [{ $or: [] }, { score: 1, $and: [] }] },
    matching: [{ score: 1 }],
    others: [{ score: 2 }, {}],
  },
  {
    says: "$or of an empty filter matches everything",
    filter: { $or: [{ score: 1 }, {}] },
    matching: [{ score: 1 }, { score: 2 }, {}],
    others: [],
  },
  {
    says: "$and matches when all of its filters do, each by a value of its own",
    filter: { $and: [{ tags: "x" }, { tags: "y" }, { score: { $lt: 1 } }] },
    matching: [
      { tags: ["x", "y"], score: 0 },
      { tags: ["y", "z", "x"], score: [2, -1] },
    ],
    others: [{ tags: ["x"], score: 0 }, { tags: ["x", "y"], score: 1 }, { tags: ["x", "y"] }, {}],
  },
  {
    says: "$not matches exactly what its filter does not",
    filter: { $not: { score: { $gt: 5 }, name: "Ann" } },
    matching: [{ score: 5, name: "Ann" }, { score: 6 }, { name: "Ann" }, { score: 6, name: "Bob" }, {}],
    others: [
      { score: 6, name: "Ann" },
      { score: [1, 6], name: ["Ann", "Bob"] },
    ],
  },
  {
    says: "$not of a range holds for what is no number, and for what is missing",
    filter: { score: { $not: { $gte: 1, $lt: 3 } } },
    matching: [{ score: 0 }, { score: 3 }, { score: "2" }, { score: null }, { score: [0, 3] }, {}],
    others: [{ score: 1 }, { score: 2.5 }, { score: [0, 2] }],
  },
  {
    says: "$not of one bound does too",
    filter: { $not: { score: { $gte: 1 } } },
    matching: [{ score: 0.5 }, { score: "2" }, { score: [0, -1] }, {}],
    others: [{ score: 1 }, { score: 2 }, { score: [0, 2] }],
  },
  {
    says: "$not of $ne is equality, $not of $exists is the opposite",
    filter: { $not: { $or: [{ score: { $ne: 1 } }, { name: { $exists: true } }] } },
    matching: [{ score: 1 }, { score: [2, 1] }],
    others: [{ score: 2 }, { score: 1, name: null }, {}],
  },
  {
    says: "$not of a plain object holds when no element matches it",
    filter: { $not: { chapters: { title: "two", pages: { $gt: 1 } } } },
    matching: [
      {
        chapters: [
          { title: "two", pages: 1 },
          { title: "one", pages: 2 },
        ],
      },
      { chapters: [] },
      {},
    ],
    others: [{ chapters: [{ title: "one" }, { title: "two", pages: 2 }] }],
  },
  {
    says: "$not twice is nothing",
    filter: { $not: { $not: { score: 1, tags: { $nin: ["x"] } } } },
    matching: [{ score: 1 }, { score: 1, tags: ["y"] }],
    others: [{ score: 1, tags: ["y", "x"] }, { tags: ["y"] }, { score: 2 }, {}],
  },
  {
    says: "what follows a field is combined too",
    filter: { score: { $or: [{ $lt: 0 }, { $gt: 10 }, "none"], $not: { $in: [-1, 11] } } },
    matching: [{ score: -2 }, { score: 12 }, { score: "none" }, { score: [-2, 5] }],
    others: [{ score: 5 }, { score: -1 }, { score: 11 }, { score: [12, 11] }, {}],
  },
  {
    says: "within a plain object alternatives are asked of one element",
    filter: { chapters: { pages: 2, title: { $or: ["one", { $startsWith: "tw" }] } } },
    matching: [
      {
        chapters: [
          { title: "x", pages: 3 },
          { title: "two", pages: 2 },
        ],
      },
    ],
    others: [
      {
        chapters: [
          { title: "one", pages: 1 },
          { title: "x", pages: 2 },
        ],
      },
      { chapters: [] },
      {},
    ],
  },
  {
    says: "alternatives nest deeper than a query can",
    filter: Array.from({ length: 40 }).reduce<Record<string, unknown>>(
      (inner, _, n) => ({ [n % 2 ? "$or" : "$and"]: [inner, { score: n }] }),
      { name: "deep" },
    ),
    matching: [{ score: 39 }, { score: [38, 37] }],
    others: [{ score: 38 }, { name: "deep" }, {}],
  },
];
