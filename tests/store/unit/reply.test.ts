import { describe, expect, test } from "vitest";
import type { Reply } from "../../../src/redis/command.js";
import {
  decodeIndexInfo,
  isExistingIndex,
  isUnknownIndex,
  isWrongLength,
} from "../../../src/store/engines/redis-search/index-commands.js";
import { decodeRows, decodeSearchReply } from "../../../src/store/engines/redis-search/reply.js";

const bulk = (text: string) => Buffer.from(text);

describe("replies of FT.SEARCH", () => {
  const expected = {
    total: 7,
    documents: [
      { id: "k1", score: 0.5, fields: [bulk("value"), bulk("{}")] },
      { id: "k2", score: 0.25, fields: undefined },
    ],
  };

  test("as a list", () => {
    const reply = [7, bulk("k1"), bulk("0.5"), [bulk("value"), bulk("{}")], bulk("k2"), bulk("0.25"), null];
    expect(decodeSearchReply(reply, true)).toEqual(expected);
  });

  test("as the map of newer servers", () => {
    const reply: Reply = [
      ...["attributes", [], "warning", [], "total_results", 7, "format", "STRING"],
      "results",
      [
        ["id", bulk("k1"), "score", 0.5, "extra_attributes", [bulk("value"), bulk("{}")], "values", []],
        ["id", bulk("k2"), "score", 0.25, "extra_attributes", null, "values", []],
      ],
    ];
    expect(decodeSearchReply(reply, true)).toEqual(expected);
  });

  test("without scores, and without documents", () => {
    expect(decodeSearchReply([1, bulk("k1"), [bulk("a"), bulk("1")]], false)).toEqual({
      total: 1,
      documents: [{ id: "k1", score: undefined, fields: [bulk("a"), bulk("1")] }],
    });
    expect(decodeSearchReply([0], true)).toEqual({ total: 0, documents: [] });
    expect(decodeSearchReply(["total_results", 0, "results", []], true)).toEqual({ total: 0, documents: [] });
  });

  test("that are only half of the answer are an error", () => {
    const reply: Reply = ["total_results", 1, "results", [], "warning", [bulk("Timeout limit was reached")]];
    expect(() => decodeSearchReply(reply, false)).toThrow(/stopped before it had looked at everything/);
  });
});

describe("replies of FT.AGGREGATE", () => {
  const fields = [bulk("__key"), bulk("k1"), bulk("kind"), bulk("item")];

  test("as a list with a score before each row, of older servers", () => {
    expect(decodeRows([1, bulk("0.5"), fields, bulk("0.25"), []], true)).toEqual([
      { id: "k1", score: 0.5, fields },
    ]);
    expect(decodeRows([2, fields, null], false)).toEqual([{ id: "k1", score: 0, fields }]);
    expect(decodeRows([0], true)).toEqual([]);
  });

  test("with the score as a field, as a list and as the map of newer servers", () => {
    const scored = [...fields, bulk("__score"), bulk("0.5")];
    expect(decodeRows([1, scored], false)).toEqual([{ id: "k1", score: 0.5, fields: scored }]);
    const reply: Reply = [
      ...["attributes", [], "warning", [], "total_results", 1],
      ...["results", [["extra_attributes", scored, "values", []]]],
    ];
    expect(decodeRows(reply, false)).toEqual([{ id: "k1", score: 0.5, fields: scored }]);
  });

  test("that are only half of the answer are an error", () => {
    const reply: Reply = ["results", [], "warning", [bulk("Timeout limit was reached")]];
    expect(() => decodeRows(reply, false)).toThrow(/stopped before it had looked at everything/);
  });
});

test("the error texts of all servers are recognised", () => {
  for (const text of [
    "idx: no such index",
    "No such index idx",
    "SEARCH_INDEX_NOT_FOUND Index not found: idx",
    "Unknown Index name",
  ]) {
    expect(isUnknownIndex(new Error(text))).toBe(true);
    expect(isExistingIndex(new Error(text))).toBe(false);
  }
  for (const text of ["Index already exists", "SEARCH_INDEX_EXISTS Index already exists"]) {
    expect(isExistingIndex(new Error(text))).toBe(true);
    expect(isUnknownIndex(new Error(text))).toBe(false);
  }
  expect(isWrongLength(new Error("Error parsing vector similarity query: query vector blob size (12)"))).toBe(
    true,
  );
  expect(isWrongLength(new Error("SEARCH_QUERY_BAD Error parsing vector similarity query: x"))).toBe(true);
  expect(isWrongLength(new Error("ERR syntax"))).toBe(false);
});

test("the size of an index is told by older and newer servers in their own ways", () => {
  const parts = ["inverted_sz_mb", bulk("1"), "vector_index_sz_mb", bulk("2.5"), "indexing", 1];
  expect(decodeIndexInfo(parts)).toEqual({ indexing: true, progress: 0, failures: 0, bytes: 3.5 * 2 ** 20 });
  const whole = [
    "percent_indexed",
    bulk("0.25"),
    "total_index_memory_sz_mb",
    bulk("4"),
    "hash_indexing_failures",
    bulk("3"),
    "indexing",
    bulk("0"),
  ];
  expect(decodeIndexInfo(whole)).toEqual({
    indexing: false,
    progress: 0.25,
    failures: 3,
    bytes: 4 * 2 ** 20,
  });
  const below = ["inverted_sz_mb", bulk("1"), "tag_overhead_sz_mb", bulk("17592186044416")];
  expect(decodeIndexInfo(below)).toEqual({ indexing: false, progress: 0, failures: 0, bytes: 2 ** 20 });
});
