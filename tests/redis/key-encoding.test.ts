import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeKeyPart, encodeKeyPart } from "../../src/redis/key-encoding.js";

/** Code units and pairs at each boundary of the surrogates, and what UTF-8 would write for half of a pair. */
const EDGES = [
  "\ud7ff",
  "\ud800",
  "\ud801",
  "\udbfe",
  "\udbff",
  "\udc00",
  "\udc01",
  "\udffe",
  "\udfff",
  "\ue000",
  "\ufffc",
  "\ufffd",
  "\ufffe",
  "\uffff",
  "\ud800\udc00",
  "\ud800\udfff",
  "\udbff\udc00",
  "\udbff\udfff",
  "\udc00\ud800",
  "\udfff\udbff",
  "\ud800\ud800",
  "\udfff\udfff",
];

test("encodeKeyPart keeps all texts of surrogates and their neighbours apart, and decodeKeyPart returns them", () => {
  const texts = EDGES.flatMap((a) => [a, `${a}a`, `a${a}`, ...EDGES.map((b) => a + b)]);
  const distinct = [...new Set(texts)];
  const encoded = distinct.map(encodeKeyPart);
  expect(encoded.map(decodeKeyPart)).toEqual(distinct);
  expect(new Set(encoded).size).toBe(distinct.length);
  // As the server sees them.
  expect(new Set(encoded.map((text) => Buffer.from(text).toString("hex"))).size).toBe(distinct.length);
});

test("encodeKeyPart is reversible, and its output has no separator, brace or glob", () => {
  const unit = fc.oneof(
    fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)),
    fc.constantFrom(...EDGES, ...":{}*?[]%~\\ \n\u0000/|"),
  );
  const text = fc.array(unit, { maxLength: 8 }).map((units) => units.join(""));
  fc.assert(
    fc.property(text, text, (a, b) => {
      expect(decodeKeyPart(encodeKeyPart(a))).toBe(a);
      expect(encodeKeyPart(a)).not.toMatch(/[:{}*?[\]\\^\s\p{Cc}]/u);
      expect(encodeKeyPart(a) === encodeKeyPart(b)).toBe(a === b);
    }),
    { numRuns: 2_000 },
  );
});
