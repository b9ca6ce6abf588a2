import { expect, test } from "vitest";
import type { Reply } from "../../../src/redis/command.js";
import { QueryBuilder } from "../../../src/store/engines/redis-search/query.js";
import { SearchRunner } from "../../../src/store/engines/redis-search/search-runner.js";
import { StoreKeys } from "../../../src/store/keys.js";
import { resolveOptions } from "../../../src/store/options.js";
import { parseOperation } from "../../../src/store/requests.js";
import { FakeEmbeddings } from "../fake-embeddings.js";

const keys = new StoreKeys("p");
const settings = resolveOptions({
  keyPrefix: "p",
  index: { dims: 2, embeddings: new FakeEmbeddings(2), text: true },
});
const item = (key: string) => ({
  key,
  document: keys.ofItem(["a"], key).document,
  fields: ["value", JSON.stringify({ key }), "meta", "1 2 3"],
});

function hybrid(more: object = {}) {
  const searcher = new SearchRunner(keys, new QueryBuilder([]), settings.vectors, settings.limits);
  searcher.fusesItself = true;
  const operation = { namespacePrefix: ["a"], query: "words", mode: "hybrid" as const, ...more };
  const request = parseOperation(operation, settings);
  if (request.kind !== "search") throw new TypeError("not a search");
  return { searcher, plan: searcher.search(request, Float32Array.of(1, 0)) };
}

function commands(round: IteratorResult<readonly unknown[], unknown>): string[] {
  if (round.done) return [];
  return (round.value as { args: string[] }[]).map(({ args }) => String(args[0]));
}

test("a server that fuses rankings itself is asked once, and its order is kept", () => {
  const { plan } = hybrid();
  expect(commands(plan.next([]))).toEqual(["FT.HYBRID"]);
  const results = ["x", "y"].map((key, at) => {
    const { document, fields } = item(key);
    return ["__key", Buffer.from(document), "__score", String((3 - at) / 100), ...fields];
  });
  const reply: Reply = ["total_results", 2, "results", results, "warnings", []];
  const end = plan.next([reply]);
  expect(end.done).toBe(true);
  expect(end.value).toMatchObject([
    { key: "x", score: 0.03, value: { key: "x" } },
    { key: "y", score: 0.02, value: { key: "y" } },
  ]);
});

test("values that were not loaded are read", () => {
  const { plan } = hybrid();
  plan.next([]);
  const { document, fields } = item("x");
  const reply: Reply = ["results", [["__key", Buffer.from(`${document}:1.1`), "__score", "0.03"]]];
  expect(commands(plan.next([reply]))).toEqual(["HMGET"]);
  const end = plan.next([fields.filter((_, at) => at % 2 === 1).map((field) => Buffer.from(field))]);
  expect(end.value).toMatchObject([{ key: "x", score: 0.03 }]);
});

test("a server that answers otherwise than expected is asked by two queries, from then on", () => {
  const { searcher, plan } = hybrid();
  plan.next([]);
  expect(commands(plan.next([new Error("SEARCH_SYNTAX unexpected argument")]))).toEqual([
    "FT.SEARCH",
    "FT.SEARCH",
  ]);
  const { document, fields } = item("x");
  const nearest: Reply = [1, Buffer.from(document), [...fields, "distance", "0.5"]];
  const text: Reply = [1, Buffer.from(document), 1.5, fields];
  const end = plan.next([nearest, text]);
  expect(end.value).toMatchObject([{ key: "x", score: 2 / 61 }]);
  expect(searcher.fusesItself).toBe(false);
});

test("what the server could not fuse exactly is fused here", () => {
  for (const more of [{ minScore: 0.5 }, { filter: { undeclared: { $gt: 1 } } }]) {
    expect(commands(hybrid(more).plan.next([]))).toEqual(["FT.SEARCH", "FT.SEARCH"]);
  }
  expect(commands(hybrid({ filter: { kind: "x" } }).plan.next([]))).toEqual(["FT.HYBRID"]);
});
