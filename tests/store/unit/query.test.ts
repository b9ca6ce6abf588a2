import { describe, expect, test } from "vitest";
import { QueryBuilder } from "../../../src/store/engines/redis-search/query.js";
import { parseFilter } from "../../../src/store/filter/parse-filter.js";
import { PLAIN_CODEC } from "../../../src/store/items/item-codec.js";

const builder = new QueryBuilder(["meta.year", "score"], PLAIN_CODEC);
builder.index = "idx";
const vector = Float32Array.of(1, 0);
const bytes = Buffer.from("0000803f00000000", "hex");

function within(scope: string[], filter?: Record<string, unknown>) {
  return { scope, predicates: parseFilter(filter), order: { by: "updatedAt" as const, descending: true } };
}

/** The clauses of a filter with their values in place, for reading; they are sent apart. */
function filtered(filter: Record<string, unknown>) {
  const { query, params, isExact } = builder.listing(within([], filter), 0, 10);
  const shown = Object.entries(params.toRecord()).reduceRight(
    (text, [name, value]) => text.replaceAll(`$${name}`, `${value}`),
    query,
  );
  return [shown.replace("@kind:{item}", "").trim(), isExact];
}

describe("a query is data", () => {
  test("a listing", () => {
    const command = builder.listing(within(["a", "b:c"]), 20, 10);
    expect(command.args).toEqual([
      ...["FT.SEARCH", "idx", "@kind:{item} @scope:{$p1}", "VERBATIM"],
      ...["RETURN", "2", "value", "meta", "TIMEOUT", "600000"],
      ...["SORTBY", "order", "ASC", "LIMIT", "20", "10"],
      ...["PARAMS", "2", "p1", "a:b%3Ac", "DIALECT", "2"],
    ]);
  });

  test("a search by vector", () => {
    const page = { k: 32, ef: 200, count: 5, values: true };
    const command = builder.nearest(within(["a"], { kind: "x" }), vector, page);
    expect(command.args).toEqual([
      "FT.SEARCH",
      "idx",
      "(@scope:{$p1} @paths:{$p2|$p3})=>[KNN $p4 @vector $p5 EF_RUNTIME $p6 AS distance]",
      "VERBATIM",
      ...["RETURN", "3", "value", "meta", "distance", "TIMEOUT", "600000"],
      ...["SORTBY", "distance", "ASC", "LIMIT", "0", "5"],
      ...["PARAMS", "12", "p1", "a", "p2", "kind=sx", "p3", "~", "p4", "32", "p5", bytes, "p6", "200"],
      ...["DIALECT", "2"],
    ]);
    const flat = builder.nearest(within([]), vector, { k: 5, ef: undefined, count: 5, values: false });
    expect(flat.query).toBe("*=>[KNN $p1 @vector $p2 AS distance]");
    expect(flat.args.join(" ")).toContain(" RETURN 1 distance ");
    const deep = builder.nearest(within([]), vector, { k: 512, ef: 200, count: 5, values: true });
    expect(deep.params.toRecord()).toMatchObject({ p1: "512", p3: "512" });
  });

  test("a search by words", () => {
    const command = builder.text(within(["a"]), ["green", "apples"], { count: 7, values: true });
    expect(command.args).toEqual([
      ...["FT.SEARCH", "idx", "@scope:{$p1} @words:($p2|$p3)", "VERBATIM"],
      ...["WITHSCORES", "RETURN", "2", "value", "meta", "TIMEOUT", "600000"],
      ...["SCORER", "BM25", "LIMIT", "0", "7"],
      ...["PARAMS", "6", "p1", "a", "p2", "green", "p3", "apples", "DIALECT", "2"],
    ]);
  });

  test("the whole of a ranking, beyond the results that a server lets a search have", () => {
    expect(builder.allByText(within(["a"]), ["green"]).args).toEqual([
      ...["FT.AGGREGATE", "idx", "@scope:{$p1} @words:($p2)", "VERBATIM", "WITHSCORES", "SCORER", "BM25"],
      ...["LOAD", "2", "@__key", "@kind", "TIMEOUT", "600000"],
      ...["PARAMS", "4", "p1", "a", "p2", "green", "DIALECT", "2"],
    ]);
    const newer = new QueryBuilder([], PLAIN_CODEC);
    newer.scorer = "BM25STD";
    expect(newer.allByText(within([]), ["green"]).args).toEqual(
      expect.arrayContaining(["ADDSCORES", "SCORER", "BM25STD"]),
    );
    expect(builder.documentsWithVectors(within(["a"])).args).toEqual([
      ...["FT.AGGREGATE", "idx", "@kind:{vector} @scope:{$p1}", "VERBATIM", "LOAD", "1", "@__key"],
      ...["TIMEOUT", "600000", "PARAMS", "2", "p1", "a", "DIALECT", "2"],
    ]);
    expect(builder.distances(within(["a"]), vector, ["k1", "k2"]).args).toEqual([
      "FT.SEARCH",
      "idx",
      "(@scope:{$p1})=>[KNN $p2 @vector $p3 HYBRID_POLICY ADHOC_BF AS distance]",
      "VERBATIM",
      ...["INKEYS", "2", "k1", "k2", "RETURN", "1", "distance", "TIMEOUT", "600000"],
      ...["SORTBY", "distance", "ASC", "LIMIT", "0", "2"],
      ...["PARAMS", "6", "p1", "a", "p2", "2", "p3", bytes, "DIALECT", "2"],
    ]);
  });

  test("how many documents there are to be ranked", () => {
    expect(builder.countRanked(within(["a"])).args).toEqual([
      ...[
        "FT.SEARCH",
        "idx",
        "@kind:{vector} @scope:{$p1}",
        "VERBATIM",
        "TIMEOUT",
        "600000",
        "LIMIT",
        "0",
        "0",
      ],
      ...["PARAMS", "2", "p1", "a", "DIALECT", "2"],
    ]);
    expect(builder.countRanked(within(["a"]), ["green"]).query).toBe("@scope:{$p1} @words:($p2)");
  });

  test("nothing that a user gave is part of a query's text", () => {
    const hostile = "x} | @scope:{y";
    const filter = {
      [hostile]: hostile,
      a: { $in: [hostile], $nin: [hostile], $gt: hostile },
      score: { $lt: 1 },
    };
    for (const command of [
      builder.listing(within([hostile], filter), 0, 1),
      builder.nearest(within([hostile], filter), vector, { k: 1, ef: 1, count: 1, values: true }),
      builder.distances(within([hostile], filter), vector, [hostile]),
      builder.documentsWithVectors(within([hostile], filter)),
      builder.text(within([hostile], filter), [hostile], { count: 1, values: true }),
      builder.allByText(within([hostile], filter), [hostile]),
      builder.countRanked(within([hostile], filter), [hostile]),
    ]) {
      expect(command.query).not.toMatch(/x}|{y/);
    }
  });
});

describe("filters become clauses that every match satisfies", () => {
  test.each<[Record<string, unknown>, string, boolean]>([
    [{ a: 1 }, "@paths:{a=n1|~}", true],
    [{ a: "1" }, "@paths:{a=s1|~}", true],
    [{ a: true }, "@paths:{a=btrue|~}", true],
    [{ a: null }, "@paths:{a=z|~}", true],
    [{ a: "" }, "@paths:{a=s|~}", true],
    [{ "a.b": "x y" }, "@paths:{a%2Eb=sx%20y|~}", true],
    [{ a: { $ne: 1 } }, "-@paths:{a=n1}", true],
    [{ a: { $in: [1, "x"] } }, "@paths:{a=n1|a=sx|~}", true],
    [{ a: { $in: [] } }, "@paths:{~}", true],
    [{ a: { $nin: [1, "x"] } }, "-@paths:{a=n1|a=sx}", true],
    [{ a: { $nin: [] } }, "", true],
    [{ a: { $exists: true } }, "@paths:{a?|~}", true],
    [{ a: { $exists: false } }, "-@paths:{a?}", true],
    [{ a: { $gt: 1 } }, "@paths:{a?|~}", false],
    [{ score: { $gt: 1 } }, "(@number1:[(1 +inf] | @paths:{score*|~})", true],
    [{ score: { $gte: -1.5 } }, "(@number1:[-1.5 +inf] | @paths:{score*|~})", true],
    [{ "meta.year": { $lt: 1e21 } }, "(@number0:[-inf (1e+21] | @paths:{meta%2Eyear*|~})", true],
    [{ score: { $lte: 0 } }, "(@number1:[-inf 0] | @paths:{score*|~})", true],
    [{ score: { $gt: "a" } }, "@paths:{score?|~}", false],
    [{ a: [1] }, "@paths:{a?|~}", false],
    [{ a: { $eq: { b: 1 } } }, "@paths:{a?|~}", false],
    [{ a: { $ne: [1] } }, "", false],
    [{ a: { b: 1, c: { $ne: 2 } } }, "@paths:{a%2Eb=n1|~}", false],
    [{ a: { b: { $exists: true }, c: { $exists: false } } }, "@paths:{a%2Eb?|~}", false],
    [{ a: { $gt: 1, $lt: 2 } }, "@paths:{a?|~} @paths:{a?|~}", false],
    [{}, "", true],
    [{ a: { $startsWith: "x" } }, "@paths:{a?|~}", false],
    [
      { $or: [{ a: 1 }, { b: 2, c: { $ne: 3 } }] },
      "((@paths:{a=n1|~}) | (@paths:{b=n2|~} -@paths:{c=n3}))",
      true,
    ],
    [{ $or: [{ a: 1 }, { b: { $gt: 1 } }] }, "((@paths:{a=n1|~}) | (@paths:{b?|~}))", false],
    [{ $or: [{ a: 1 }, { b: { $ne: [1] } }] }, "", false],
    [{ $or: [{ a: 1 }, {}] }, "", true],
    [{ $or: [{ a: 1 }] }, "@paths:{a=n1|~}", true],
    [{ $or: [] }, "@paths:{~}", true],
    [
      { $or: [{ a: 1 }, { $or: [{ b: 1 }, { c: 1 }] }] },
      "((@paths:{a=n1|~}) | (@paths:{b=n1|~}) | (@paths:{c=n1|~}))",
      true,
    ],
    [{ $and: [{ a: 1 }, { b: 1 }] }, "@paths:{a=n1|~} @paths:{b=n1|~}", true],
    [{ $and: [] }, "", true],
    [{ $not: { a: 1, b: { $exists: true } } }, "((-@paths:{a=n1}) | (-@paths:{b?}))", true],
    [{ $not: { $or: [{ a: { $ne: 1 } }, { b: 2 }] } }, "@paths:{a=n1|~} -@paths:{b=n2}", true],
    [{ $not: { score: { $gt: 5 } } }, "-@number1:[(5 +inf]", true],
    [{ $not: { a: { $gt: 5 } } }, "", false],
    [{ $not: { score: { $gt: 5, $lt: 9 } } }, "", false],
    [{ $not: {} }, "@paths:{~}", true],
    [
      { a: { b: { $or: [1, { $startsWith: "x" }] }, c: { $not: 1 } } },
      "((@paths:{a%2Eb=n1|~}) | (@paths:{a%2Eb?|~}))",
      false,
    ],
  ])("%j", (filter, clauses, isExact) => {
    expect(filtered(filter)).toEqual([clauses, isExact]);
  });
});
