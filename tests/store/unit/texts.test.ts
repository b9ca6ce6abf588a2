import { describe, expect, test } from "vitest";
import { extractTexts, FieldPath, toText } from "../../../src/store/embedding/field-path.js";
import type { Json } from "../../../src/store/items/json.js";

describe("where texts are", () => {
  const value: Json = {
    title: "A title",
    meta: { title: "Nested", year: 2026, draft: false, none: null },
    chapters: [{ content: "one" }, { content: "two" }, "three", { other: 1 }],
    tags: ["x", "y", "y"],
    authors: [{ name: "Ann" }, { name: "Bob" }],
    grid: [["a", "b"], ["c"]],
    "odd key": { "2nd": "odd" },
  };

  test.each([
    ["title", ["A title"]],
    ["meta.title", ["Nested"]],
    ["$.meta.title", ["Nested"]],
    ["meta.year", ["2026"]],
    ["meta.draft", ["false"]],
    ["meta.none", []],
    ["missing.path", []],
    ["title.length", []],
    ["chapters[*].content", ["one", "two"]],
    ["chapters[2]", ["three"]],
    ["chapters.content", []],
    ["authors[0].name", ["Ann"]],
    ["authors[-1].name", ["Bob"]],
    ["authors[9].name", []],
    ["tags[-1]", ["y"]],
    ["tags[*]", ["x", "y"]],
    ["grid[*][*]", ["a", "b", "c"]],
    ["grid[1][0]", ["c"]],
    ["odd key.2nd", ["odd"]],
    ["constructor", []],
    ["tags.length", []],
    ["tags.0", ["x"]],
    ["tags.00", []],
    ["meta.*", ["Nested", "2026", "false"]],
    ["tags.*", ["x", "y"]],
    ["authors.*.name", ["Ann", "Bob"]],
    ["*[1].name", ["Bob"]],
    ["{title,meta.title}", ["A title", "Nested"]],
    ["meta.{title, year ,missing.path}", ["Nested", "2026"]],
    ["meta{title}", ["Nested"]],
    ["authors[*].{name}", ["Ann", "Bob"]],
    ["{odd key.2nd}", ["odd"]],
    ["meta", ["draft: false\ntitle: Nested\nyear: 2026"]],
  ])("%s", (path, texts) => {
    expect(extractTexts(value, [FieldPath.parse(path)])).toEqual(texts);
  });

  test("the whole value is the same text whatever the order of its properties", () => {
    const whole = FieldPath.parse("$");
    const one = { b: 1, a: { d: ["x", { e: null }], c: true } };
    const two = { a: { c: true, d: ["x", { e: null }] }, b: 1 };
    expect(extractTexts(one, [whole])).toEqual(["a.c: true\na.d: x\nb: 1"]);
    expect(extractTexts(two, [whole])).toEqual(extractTexts(one, [whole]));
    expect(extractTexts({}, [whole])).toEqual([]);
    expect(toText("plain")).toBe("plain");
  });

  test.each([
    "{",
    "{}",
    "{a",
    "a}",
    "{a,}",
    "{a,*}",
    "{a[0]}",
    "{a.{b}}",
    "{a,b}.c",
    "{a}{b}",
    "a.{b",
    "",
    "a..b",
    "a.",
    ".a",
    "a[",
    "a[]",
    "a[x]",
    "a]b",
    "[*",
    5,
  ])("%j cannot be read", (path) => {
    expect(() => FieldPath.parse(path)).toThrow(/field/);
  });
});
