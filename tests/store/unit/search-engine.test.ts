import { expect, test } from "vitest";
import type { Connection, Reply } from "../../../src/redis/command.js";
import { defineIndex } from "../../../src/store/engines/index-definition.js";
import { SearchEngine } from "../../../src/store/engines/redis-search/search-engine.js";
import { PLAIN_CODEC } from "../../../src/store/items/item-codec.js";
import { StoreKeys } from "../../../src/store/keys.js";
import { resolveOptions } from "../../../src/store/options.js";
import { parseOperation } from "../../../src/store/requests.js";
import { FakeEmbeddings } from "../fake-embeddings.js";

const settings = resolveOptions({
  keyPrefix: "p",
  index: { dims: 2, embeddings: new FakeEmbeddings(2), numericFields: ["score", "meta.year"], text: true },
});

/** A server that knows BM25 by this name. */
async function serveOn(scorer: string) {
  const sent: string[][] = [];
  const answer = (args: string[]): Reply | Error => {
    if (args[0] === "FT.INFO") return ["indexing", 0];
    if (args[0] !== "FT.SEARCH") return "OK";
    return args[args.indexOf("SCORER") + 1] === scorer ? [0] : new Error("No such scorer");
  };
  const connection: Connection = {
    pipeline: async (commands) =>
      commands.map(({ args }) => {
        sent.push(args.map(String));
        return answer(args.map(String));
      }),
  };
  const engine = new SearchEngine(connection, new StoreKeys("p"), PLAIN_CODEC, settings);
  await engine.serve({ generation: 3, definition: defineIndex(settings) });
  return { engine, sent };
}

test("the index is created for one generation, which names it", async () => {
  const { sent } = await serveOn("BM25");
  expect(sent[0]).toEqual([
    ...["FT.CREATE", "p:store:3", "ON", "HASH", "PREFIX", "1", "p:store:doc:{"],
    ...["NOOFFSETS", "NOHL", "STOPWORDS", "0", "SCHEMA"],
    ...["kind", "TAG", "SEPARATOR", ","],
    ...["scope", "TAG", "SEPARATOR", ",", "CASESENSITIVE"],
    ...["paths", "TAG", "SEPARATOR", ",", "CASESENSITIVE"],
    ...["order", "TAG", "SEPARATOR", ",", "SORTABLE", "UNF", "NOINDEX"],
    ...["number:meta.year", "AS", "number0", "NUMERIC", "number:score", "AS", "number1", "NUMERIC"],
    ...["words", "TEXT", "NOSTEM"],
    ...["vector:3", "AS", "vector", "VECTOR", "HNSW", "10", "TYPE", "FLOAT32", "DIM", "2"],
    ...["DISTANCE_METRIC", "COSINE", "M", "32", "EF_CONSTRUCTION", "200"],
  ]);
});

test.each(["BM25", "BM25STD"])("the name of the scorer is found by asking: %s", async (scorer) => {
  const { engine } = await serveOn(scorer);
  const operation = { namespacePrefix: ["a"], query: "words", mode: "hybrid" as const };
  const request = parseOperation(operation, settings);
  if (request.kind !== "search") throw new TypeError("not a search");
  const first = engine.search(request, Float32Array.of(1, 0)).next([]);
  if (first.done) throw new TypeError("nothing was asked");
  const commands = (first.value as readonly { args: readonly unknown[] }[]).map(({ args }) =>
    args.map(String),
  );
  expect(new Set(commands.map(([name, index]) => `${name} ${index}`))).toEqual(
    new Set(["FT.SEARCH p:store:3"]),
  );
  const words = commands.at(-1) ?? [];
  expect(words[words.indexOf("SCORER") + 1]).toBe(scorer);
});
