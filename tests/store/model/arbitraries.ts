import fc from "fast-check";
import { HOSTILE_STRINGS } from "../../helpers/hostile.js";
import { legalLabels } from "../../helpers/labels.js";

/** Labels that may be written: few, so that sequences meet themselves, and chosen to be mistaken for each other. */
const labels = fc.constantFrom(...legalLabels(HOSTILE_STRINGS), "b", "\ud800", "\udc00");
const smallLabels = fc.constantFrom(...legalLabels(["a", "A", "a:b", "b", "1", "10", "*", "{a}"]));
const label = fc.oneof({ weight: 4, arbitrary: smallLabels }, { weight: 1, arbitrary: labels });
const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("k", "K", "", "k:1", "{k}") },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE_STRINGS, "a.b", "\ud800") },
);

export const namespaces = fc.array(label, { minLength: 1, maxLength: 3 });
const path = fc.array(label, { maxLength: 3 });

const WORDS = ["green", "red", "apples", "pears", "wine"];
export const texts = fc
  .array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 })
  .map((words) => words.join(" "));

const scalar = fc.oneof(
  fc.constantFrom<(string | number | boolean | null)[]>(
    0,
    1,
    -1.5,
    2,
    "1",
    "a",
    "",
    "true",
    true,
    false,
    null,
    1e21,
  ),
  fc.constantFrom(...HOSTILE_STRINGS),
);
const paths = fc.constantFrom(
  "score",
  "tags",
  "deep.a",
  "deep",
  "deep.b.c",
  "a,b {c}",
  "none",
  "__proto__.x",
  "title",
);

export const value = fc.record(
  {
    title: texts,
    chapters: fc.array(texts, { maxLength: 3 }),
    score: fc.oneof(scalar, fc.array(scalar, { maxLength: 3 })),
    tags: fc.array(scalar, { maxLength: 3 }),
    deep: fc.oneof(scalar, fc.record({ a: scalar, b: fc.record({ c: scalar }) }, { requiredKeys: [] })),
    "a,b {c}": scalar,
    "deep.a": scalar,
  },
  { requiredKeys: [], noNullPrototype: true },
);

const number = fc.constantFrom(0, 1, -1.5, 2);
const bound = fc.oneof(
  number,
  fc.constantFrom("a", "1", "", Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const condition = fc.oneof(
  scalar,
  fc.record({ $ne: scalar }),
  fc.record({ $eq: scalar }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $nin: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $gt: bound, $lte: bound, $ne: scalar }, { requiredKeys: ["$gt"] }),
  fc.record({ $gte: bound, $lt: bound }, { requiredKeys: ["$lt"] }),
  fc.record({ $startsWith: fc.constantFrom("", "a", "tr", "1") }),
);

/** What follows a field: a condition, or several combined. */
const { operand } = fc.letrec<{ operand: unknown }>((tie) => ({
  operand: fc.oneof(
    { depthSize: "small" },
    condition,
    fc.record({ $not: tie("operand") }),
    fc.record({ $or: fc.array(tie("operand"), { maxLength: 3 }) }),
    fc.record({ $and: fc.array(tie("operand"), { maxLength: 2 }) }),
  ),
}));

const entries = fc.dictionary(paths, fc.oneof({ weight: 4, arbitrary: condition }, operand), {
  maxKeys: 2,
  noNullPrototype: true,
});

/** A filter: fields, or several filters combined, or both. */
export const { filter } = fc.letrec<{ filter: Record<string, unknown> }>((tie) => {
  const filters = fc.array(tie("filter"), { maxLength: 3 });
  const combined = fc.record({ $or: filters, $and: filters, $not: tie("filter") }, { requiredKeys: [] });
  return {
    filter: fc.oneof(
      { depthSize: "small" },
      { weight: 3, arbitrary: entries },
      { weight: 1, arbitrary: fc.tuple(entries, combined).map(([fields, more]) => ({ ...fields, ...more })) },
    ),
  };
});

const put = fc.record({ kind: fc.constant("put" as const), namespace: namespaces, key, value });
const remove = fc.record({ kind: fc.constant("delete" as const), namespace: namespaces, key });
const get = fc.record({ kind: fc.constant("get" as const), namespace: namespaces, key });
const search = fc.record({
  kind: fc.constant("search" as const),
  path,
  filter,
  offset: fc.nat(4),
  limit: fc.integer({ min: 1, max: 5 }),
});
const query = fc.record({ kind: fc.constant("query" as const), path, filter, text: texts });
const wildcard = fc.array(fc.oneof(label, fc.constant("*")), { maxLength: 2 });
const list = fc.record({
  kind: fc.constant("list" as const),
  prefix: fc.option(wildcard, { nil: undefined }),
  suffix: fc.option(wildcard, { nil: undefined }),
  maxDepth: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
});
const batch = fc.record({
  kind: fc.constant("batch" as const),
  steps: fc.array(fc.oneof({ weight: 3, arbitrary: put }, remove, get, search), { maxLength: 6 }),
});

const step = fc.oneof(
  { weight: 6, arbitrary: put },
  { weight: 2, arbitrary: remove },
  { weight: 1, arbitrary: get },
  { weight: 3, arbitrary: search },
  { weight: 2, arbitrary: query },
  { weight: 1, arbitrary: list },
  { weight: 3, arbitrary: batch },
);

/** One operation of a sequence. */
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Random sequences of operations. */
export const sequences = fc.array(step, { minLength: 1, maxLength: 30, size: "max" });
