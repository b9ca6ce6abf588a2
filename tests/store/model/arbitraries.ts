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

/** A filter that asks for something. */
const demand = fc.dictionary(paths, condition, { minKeys: 1, maxKeys: 2, noNullPrototype: true });

const put = fc.record({
  kind: fc.constant("put" as const),
  namespace: namespaces,
  key,
  value,
  /** In minutes. */
  ttl: fc.option(fc.constantFrom(10, 0.5), { nil: undefined, freq: 4 }),
  /** Which of its texts are embedded: those of the store, none, or the first. */
  index: fc.option(fc.constantFrom<(false | string[])[]>(false, ["title"]), { nil: undefined, freq: 5 }),
  how: fc.constantFrom("put", "put", "putItem", "ifAbsent", "ifVersion"),
});
const remove = fc.record({ kind: fc.constant("delete" as const), namespace: namespaces, key });
const get = fc.record({ kind: fc.constant("get" as const), namespace: namespaces, key });
/** A put of an item that expires at once. */
const lapse = fc.record({ kind: fc.constant("lapse" as const), namespace: namespaces, key, value });
const size = fc.integer({ min: 1, max: 3 });
const search = fc.record({
  kind: fc.constant("search" as const),
  path,
  filter,
  orderBy: fc.constantFrom(undefined, undefined, "updatedAt" as const, "createdAt" as const, "key" as const),
  order: fc.constantFrom(undefined, "asc" as const, "desc" as const),
  /** The size of the pages that are compared with the whole. */
  size,
});
const iterate = fc.record({ kind: fc.constant("iterate" as const), path, filter, size });
const query = fc.record({
  kind: fc.constant("query" as const),
  path,
  filter: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: filter }),
  text: texts,
  mode: fc.constantFrom("vector", "text", "hybrid"),
  size,
});
const wildcard = fc.array(fc.oneof(label, fc.constant("*")), { maxLength: 2 });
const list = fc.record({
  kind: fc.constant("list" as const),
  prefix: fc.option(wildcard, { nil: undefined }),
  suffix: fc.option(wildcard, { nil: undefined }),
  maxDepth: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  size,
});
const batch = fc.record({
  kind: fc.constant("batch" as const),
  steps: fc.array(fc.oneof({ weight: 3, arbitrary: put }, remove, get, search), { maxLength: 6 }),
});
const deleteNamespace = fc.record({ kind: fc.constant("deleteNamespace" as const), path: namespaces });
const deleteWhere = fc.record({
  kind: fc.constant("deleteWhere" as const),
  path,
  filter: demand,
  batchSize: size,
});
/** Several clients write one item at the same time: values, or null to delete it. */
const race = fc.record({
  kind: fc.constant("race" as const),
  namespace: namespaces,
  key,
  writes: fc.array(fc.option(value, { nil: null, freq: 2 }), { minLength: 2, maxLength: 3 }),
  ifAbsent: fc.boolean(),
});
/** Builds the index anew, for one of two configurations. */
const reindex = fc.record({ kind: fc.constant("reindex" as const), to: fc.nat(1), batchSize: size });

const step = fc.oneof(
  { weight: 24, arbitrary: put },
  { weight: 6, arbitrary: remove },
  { weight: 2, arbitrary: get },
  { weight: 2, arbitrary: lapse },
  { weight: 10, arbitrary: search },
  { weight: 10, arbitrary: query },
  { weight: 4, arbitrary: list },
  { weight: 2, arbitrary: iterate },
  { weight: 10, arbitrary: batch },
  { weight: 1, arbitrary: deleteNamespace },
  { weight: 2, arbitrary: deleteWhere },
  { weight: 4, arbitrary: race },
  { weight: 1, arbitrary: reindex },
);

/** One operation of a sequence. */
export type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** An operation, and which of the clients does it. */
export interface Turn {
  readonly by: number;
  readonly step: Step;
}

/** Random sequences of operations of two clients. */
export const sequences: fc.Arbitrary<Turn[]> = fc.array(fc.record({ by: fc.nat(1), step }), {
  minLength: 1,
  maxLength: 16,
  size: "max",
});
