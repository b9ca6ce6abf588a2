import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeValue, encodeValue } from "../../../src/store/items/value.js";

const name = fc.oneof(
  fc.constantFrom("$bytes", "$$bytes", "$$$bytes", "bytes", "__proto__", "a"),
  fc.string(),
);
const { tree } = fc.letrec<{ tree: unknown; object: object }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom(null, true, 0, 1.5e300, "", "AAEC", '{"$bytes":"AA=="}'),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ maxLength: 9 }),
    fc.array(tie("tree"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(name, tie("tree"), { maxKeys: 2 }),
}));

test("every value comes back as it was, also where it looks like stored bytes", () => {
  fc.assert(
    fc.property(fc.dictionary(name, tree, { maxKeys: 3 }), (value) => {
      const encoded = encodeValue(value, () => "an item");
      const decoded = decodeValue(encoded.text, "a key");
      expect(decoded).toEqual(value);
      expect(encoded.value).toEqual(value);
      expect(encodeValue(decoded, () => "an item").text).toBe(encoded.text);
    }),
    { numRuns: 2_000 },
  );
});

test("what was put may be changed, and nothing that is stored changes with it", () => {
  const bytes = Uint8Array.of(1);
  const list = [bytes];
  const { value } = encodeValue({ list, bytes }, () => "an item");
  list.push(bytes);
  bytes[0] = 2;
  expect({ ...value }).toEqual({ list: [Uint8Array.of(1)], bytes: Uint8Array.of(1) });
});
