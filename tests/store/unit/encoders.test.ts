import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import type { Arg } from "../../../src/redis/command.js";
import type { IndexDefinition } from "../../../src/store/engines/index-definition.js";
import { createIndexArgs } from "../../../src/store/engines/redis-search/index-commands.js";
import { QueryBuilder } from "../../../src/store/engines/redis-search/query.js";
import { parseFilter } from "../../../src/store/filter/parse-filter.js";
import { PLAIN_CODEC } from "../../../src/store/items/item-codec.js";
import { StoreKeys } from "../../../src/store/keys.js";

// node-redis brings the encoders of @redis/search along.
const requireOfRedis = createRequire(createRequire(import.meta.url).resolve("redis"));
const { default: commands } = requireOfRedis("@redis/search") as {
  default: Record<string, { parseCommand(parser: unknown, ...args: unknown[]): void }>;
};
const { BasicCommandParser } = requireOfRedis("@redis/client/dist/lib/client/parser.js") as {
  BasicCommandParser: new () => { redisArgs: Arg[] };
};

/** The arguments of a command as @redis/search encodes it. */
function encode(name: string, ...args: unknown[]): Arg[] {
  const parser = new BasicCommandParser();
  commands[name]?.parseCommand(parser, ...args);
  return parser.redisArgs;
}

const builder = new QueryBuilder(["score"], PLAIN_CODEC);
builder.index = "idx";
const vector = Float32Array.of(1, 0);
const scope = { scope: ["a", "b c"], predicates: parseFilter({ kind: "x", score: { $gte: 2 } }) };
const common = { VERBATIM: true, DIALECT: 2, TIMEOUT: 600_000 };
const byDistance = { BY: "distance", DIRECTION: "ASC" };

describe("commands are encoded as @redis/search does", () => {
  test("a listing", () => {
    const order = { by: "updatedAt", descending: true } as const;
    const { query, params, args } = builder.listing({ ...scope, order }, 20, 10);
    const SORTBY = { BY: "order", DIRECTION: "ASC" };
    const RETURN = ["value", "meta"];
    const options = { ...common, SORTBY, RETURN, LIMIT: { from: 20, size: 10 }, PARAMS: params.toRecord() };
    expect(args).toEqual(encode("SEARCH", "idx", query, options));
  });

  test("a search by vector, and one among named documents", () => {
    for (const values of [true, false]) {
      const page = { k: 32, ef: 300, count: 11, values };
      const { query, params, args } = builder.nearest(scope, vector, page);
      const RETURN = values ? ["value", "meta", "distance"] : ["distance"];
      const LIMIT = { from: 0, size: 11 };
      const options = { ...common, SORTBY: byDistance, RETURN, LIMIT, PARAMS: params.toRecord() };
      expect(args).toEqual(encode("SEARCH", "idx", query, options));
    }
    const { query, params, args } = builder.distances(scope, vector, ["k1", "k2"]);
    const RETURN = ["distance"];
    const LIMIT = { from: 0, size: 2 };
    const options = { ...common, INKEYS: ["k1", "k2"], SORTBY: byDistance, RETURN, LIMIT };
    expect(args).toEqual(encode("SEARCH", "idx", query, { ...options, PARAMS: params.toRecord() }));
  });

  test("a search by words", () => {
    const { query, params, args } = builder.text(scope, ["green", "apples"], { count: 7, values: true });
    const LIMIT = { from: 0, size: 7 };
    const options = { ...common, WITHSCORES: true, SCORER: "BM25", RETURN: ["value", "meta"], LIMIT };
    expect(args).toEqual(encode("SEARCH", "idx", query, { ...options, PARAMS: params.toRecord() }));
  });

  test("counts, and documents of others", () => {
    const LIMIT = { from: 0, size: 0 };
    const count = builder.count("item");
    expect(count.args).toEqual(encode("SEARCH", "idx", count.query, { ...common, LIMIT }));
    const ranked = builder.countRanked(scope);
    const PARAMS = ranked.params.toRecord();
    expect(ranked.args).toEqual(encode("SEARCH", "idx", ranked.query, { ...common, LIMIT, PARAMS }));
    const foreign = builder.foreignDocuments("idx", 100);
    const options = { ...common, RETURN: [], LIMIT: { from: 0, size: 100 } };
    expect(foreign.args).toEqual(encode("SEARCH", "idx", foreign.query, options));
  });

  test("the keys of all documents", () => {
    const { query, params, args } = builder.documentsWithVectors(scope);
    const options = { ...common, LOAD: ["@__key"], PARAMS: params.toRecord() };
    expect(args).toEqual(encode("AGGREGATE", "idx", query, options));
  });

  test.each(["hnsw", "flat"] as const)("an index of kind %s", (algorithm) => {
    const keys = new StoreKeys("p");
    const isHnsw = algorithm === "hnsw";
    const definition: IndexDefinition = {
      ...{
        dims: 3,
        model: null,
        distance: "l2",
        algorithm,
        numericFields: ["score"],
        layout: 1,
        text: true,
        encrypted: false,
      },
      ...(isHnsw ? { m: 16, efConstruction: 100 } : { m: null, efConstruction: null }),
    };
    const tag = { type: "TAG", SEPARATOR: "," };
    const schema = {
      kind: tag,
      scope: { ...tag, CASESENSITIVE: true },
      paths: { ...tag, CASESENSITIVE: true },
      order: { ...tag, SORTABLE: "UNF", NOINDEX: true },
      "number:score": { type: "NUMERIC", AS: "number0" },
      words: { type: "TEXT", NOSTEM: true },
      "vector:3": {
        ...{ type: "VECTOR", AS: "vector", ALGORITHM: isHnsw ? "HNSW" : "FLAT", TYPE: "FLOAT32", DIM: 3 },
        ...{ DISTANCE_METRIC: "L2", ...(isHnsw ? { M: 16, EF_CONSTRUCTION: 100 } : {}) },
      },
    };
    const options = { ON: "HASH", PREFIX: [keys.documentPrefix], NOOFFSETS: true, NOHL: true, STOPWORDS: [] };
    const theirs = encode("CREATE", keys.indexName(3), schema, options);
    expect(createIndexArgs(keys, { generation: 3, definition })).toEqual(theirs);
  });
});
