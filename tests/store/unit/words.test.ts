import { describe, expect, test } from "vitest";
import { FieldPath } from "../../../src/store/embedding/field-path.js";
import { itemWords } from "../../../src/store/text/item-words.js";
import { queryWords, wordsOf } from "../../../src/store/text/words.js";

describe("wordsOf", () => {
  test.each([
    [
      "Hello, WORLD! don't snake_case x-1 @tag {brace} ÄPFEL ﬁne",
      ["hello", "world", "don", "t", "snake_case", "x", "1", "tag", "brace", "äpfel", "fine"],
    ],
    ["我喜欢吃意大利面", ["我", "喜欢", "吃", "意大利", "面"]],
    ["東京に住んでいます", ["東京", "に", "住", "んで", "い", "ます"]],
    ["ฉันชอบกินพิซซ่า", ["ฉัน", "ชอบ", "กิน", "พิซซ่า"]],
    ["Ich mag Größe, STRASSE", ["ich", "mag", "größe", "strasse"]],
    ["أحب البيتزا", ["أحب", "البيتزا"]],
    ["मुझे पिज़्ज़ा पसंद है", ["मुझे", "पिज़्ज़ा", "पसंद", "है"].map((word) => word.normalize("NFKC"))],
    ["한국어를 좋아해요", ["한국어를", "좋아해요"]],
    ["می‌خواهم", ["میخواهم"]],
    ["hy\u00adphen", ["hyphen"]],
    ["ｆｕｌｌ カタカナabc漢字", ["full", "カタカナ", "abc", "漢字"]],
    ["I ❤️ Rome ☎️", ["i", "❤", "rome", "☎"]],
    ["❤ 👍 👍🏽 👨‍👩‍👧 🇮🇹🇩🇪", ["❤", "👍", "👍🏽", "👨‍👩‍👧", "🇮🇹", "🇩🇪"]],
    ["?!{}|* \u0301 \ud800", []],
  ])("of %j", (text, words) => {
    expect([...wordsOf(text)]).toEqual(words);
  });

  test("does not depend on where a long text without spaces is cut to be segmented", () => {
    const sentence = "我喜欢吃意大利面";
    const word = [...wordsOf(sentence)];
    expect([...wordsOf(sentence.repeat(200))]).toEqual(Array.from({ length: 200 }, () => word).flat());
  });

  test("has long words by their beginning, never by half a character", () => {
    expect([...wordsOf("a".repeat(1_000))]).toEqual(["a".repeat(64)]);
    const [word] = wordsOf(`a${"𠮷".repeat(1)}${"𝒳".repeat(2)}${"𐐷".repeat(500)}`);
    expect(word?.length).toBeLessThanOrEqual(64);
  });

  test("looks at a bounded part of a text", () => {
    expect([...wordsOf("汉字".repeat(5_000_000))].length).toBeLessThanOrEqual(100_000);
    expect([...wordsOf(`${"a ".repeat(50_000)}behind`)]).toHaveLength(50_000);
  });
});

test("queryWords are distinct and not without number", () => {
  expect(queryWords("a B a b c")).toEqual(["a", "b", "c"]);
  expect(queryWords(Array.from({ length: 500 }, (_, n) => `w${n}`).join(" "))).toHaveLength(100);
});

describe("itemWords", () => {
  const value = {
    title: "One apple",
    meta: { invoice: "Two pears", year: 2026, draft: true, none: null, bytes: Uint8Array.of(1) },
    chapters: [{ text: "three" }, "four", ["five"]],
  };
  const paths = (...sources: string[]) => sources.map(FieldPath.parse);

  test("are those of strings, never of names of properties", () => {
    expect(itemWords(value, paths("$")).join(" ")).toBe("one apple two pears three four five");
  });

  test("are those of the fields that are given, each text once", () => {
    expect(itemWords(value, paths("meta")).join(" ")).toBe("two pears");
    expect(itemWords(value, paths("chapters[*].text", "title")).join(" ")).toBe("three one apple");
    expect(itemWords(value, paths("title", "$")).join(" ")).toBe("one apple two pears three four five");
    expect(itemWords(value, paths("missing")).join(" ")).toBe("");
  });

  test("are those of a bounded part of an item", () => {
    const texts = Array.from({ length: 100 }, (_, at) => `${at} ${"word ".repeat(1_000)}`);
    const words = itemWords({ texts }, paths("$"));
    expect(words.length).toBeGreaterThan(15_000);
    expect(words.length).toBeLessThan(25_000);
  });
});
