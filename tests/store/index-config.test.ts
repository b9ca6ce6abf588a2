import { expect, expectTypeOf, test } from "vitest";
import { InvalidInputError } from "../../src/errors.js";
import type { StoreIndexConfig, TextIndexConfig, VectorIndexConfig } from "../../src/index.js";
import { resolveOptions } from "../../src/store/options.js";
import { FakeEmbeddings } from "./fake-embeddings.js";

const embeddings = new FakeEmbeddings(4);

test("an index is one of vectors, of words, or of both", () => {
  const possible: StoreIndexConfig[] = [
    { dims: 4, embeddings },
    { dims: 4, embeddings, text: true, minScore: 0.5, fields: ["title"] },
    { text: true },
    { text: true, fields: ["title"], numericFields: ["year"] },
  ];
  expect(possible.map((index) => resolveOptions({ index }))).toMatchObject([
    { isIndexed: true, textFields: undefined, vectors: { dims: 4 } },
    {
      isIndexed: true,
      textFields: [{ source: "title" }],
      vectors: { dims: 4, fields: [{ source: "title" }] },
    },
    { isIndexed: true, textFields: [{ source: "$" }], vectors: undefined },
    { isIndexed: true, textFields: [{ source: "title" }], vectors: undefined, numericFields: ["year"] },
  ]);
  expectTypeOf<VectorIndexConfig>().toExtend<StoreIndexConfig>();
  expectTypeOf<TextIndexConfig["embeddings"]>().toEqualTypeOf<undefined>();
});

// The compiler refuses each of these as well.
const impossible: [StoreIndexConfig, RegExp][] = [
  // @ts-expect-error neither vectors nor words
  [{}, /index\.embeddings must be .*index\.text: true/],
  // @ts-expect-error neither vectors nor words
  [{ text: false }, /index\.embeddings must be/],
  // @ts-expect-error neither vectors nor words
  [{ fields: ["title"] }, /index\.embeddings must be/],
  // @ts-expect-error a model without dimensions
  [{ embeddings }, /index\.dims must be a positive integer/],
  // @ts-expect-error dimensions without a model
  [{ dims: 4 }, /index\.embeddings must be/],
  // @ts-expect-error dimensions without a model
  [{ dims: 4, text: true }, /index\.embeddings must be/],
  // @ts-expect-error words have no distance
  [{ text: true, distance: "ip" }, /index\.distance is for vectors, which need index\.dims/],
  // @ts-expect-error words have no model
  [{ text: true, model: "small-1" }, /index\.model is for vectors/],
  // @ts-expect-error words have no similarity
  [{ text: true, minScore: 0.5 }, /index\.minScore is for vectors/],
];

test.each(impossible)("%j is refused", (index, message) => {
  expect(() => resolveOptions({ index })).toThrow(InvalidInputError);
  expect(() => resolveOptions({ index })).toThrow(message);
});
