/** One line of the table of filter semantics: which of the values match. */
export interface FilterCase {
  says: string;
  filter: Record<string, unknown>;
  matching: Record<string, unknown>[];
  others: Record<string, unknown>[];
}

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
];
