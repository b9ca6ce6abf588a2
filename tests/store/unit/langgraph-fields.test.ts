import { InMemoryStore } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { expect, test } from "vitest";
import { extractTexts, FieldPath, toText } from "../../../src/store/embedding/field-path.js";
import type { Json } from "../../../src/store/items/json.js";
import { FakeEmbeddings } from "../fake-embeddings.js";

const NAMES = ["a", "b", "c", "0"];
const name = fc.constantFrom(...NAMES);
const { value } = fc.letrec<{ any: Json; value: { [name: string]: Json } }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom<Json[]>("one", "two", "three", 4, true, false, null),
    fc.array(tie("any"), { maxLength: 3 }),
    tie("value"),
  ),
  value: fc.dictionary(name, tie("any"), { maxKeys: 4, noNullPrototype: true }),
}));

const part = fc.oneof(
  name.map((each) => `.${each}`),
  fc.constantFrom(".*", "[*]", "[0]", "[1]", "[-1]"),
);
const braces = fc
  .array(fc.array(name, { minLength: 1, maxLength: 2 }), { minLength: 1, maxLength: 3 })
  .map((paths) => `.{${paths.map((each) => each.join(".")).join(",")}}`);
const path = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.option(braces, { nil: "", freq: 3 }))
  .map(([parts, last]) => (parts.join("") + last).replace(/^\./, ""));

test("a path leads to the same texts as in LangGraph", async () => {
  await fc.assert(
    fc.asyncProperty(value, fc.oneof(path, fc.constant("$")), async (item, field) => {
      const own = extractTexts(item, [FieldPath.parse(field)]);
      expect(new Set(own)).toEqual(new Set((await embeddedByLangGraph(item, field)).map(inOurWords)));
    }),
    { numRuns: 3_000 },
  );
});

async function embeddedByLangGraph(item: { [name: string]: Json }, field: string): Promise<string[]> {
  const embeddings = new FakeEmbeddings();
  const store = new InMemoryStore({ index: { dims: embeddings.dims, embeddings, fields: [field] } });
  await store.put(["n"], "k", item);
  return embeddings.documentCalls.flat().filter((text) => inOurWords(text) !== "");
}

/** LangGraph embeds objects as JSON; we write a line for each scalar. */
function inOurWords(text: string): string {
  return /^[{[]|^null$/.test(text) ? toText(JSON.parse(text)) : text;
}
