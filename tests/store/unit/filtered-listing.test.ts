import { expect, test } from "vitest";
import type { Reply } from "../../../src/redis/command.js";
import { filteredListing } from "../../../src/store/engines/redis-search/filtered-listing.js";
import { QueryBuilder } from "../../../src/store/engines/redis-search/query.js";
import { PLAIN_CODEC } from "../../../src/store/items/item-codec.js";
import { StoreKeys } from "../../../src/store/keys.js";
import { resolveOptions } from "../../../src/store/options.js";
import { parseOperation } from "../../../src/store/requests.js";

const keys = new StoreKeys("p");

/** What a listing of two items answers to a reply of the server. */
function answerTo(reply: Reply | Error) {
  const operation = { namespacePrefix: ["a"], filter: { kind: "x" }, limit: 2 };
  const request = parseOperation(operation, resolveOptions({ keyPrefix: "p" }));
  if (request.kind !== "search") throw new TypeError("not a search");
  const task = filteredListing({ keys, codec: PLAIN_CODEC }, new QueryBuilder([], PLAIN_CODEC), request);
  task.next([]);
  return task.next([reply]);
}

const document = (key: string): Reply[] => [
  Buffer.from(keys.ofItem(["a"], key).document),
  ["value", JSON.stringify({ kind: "x" }), "meta", "1 2 3"],
];

test("a filtered listing is answered by the server that gives all there are", () => {
  expect(answerTo([1, ...document("k")])).toMatchObject({ done: true, value: [{ key: "k" }] });
  expect(answerTo([5, ...document("k"), ...document("l")])).toMatchObject({
    value: [{ key: "k" }, { key: "l" }],
  });
});

test("a filtered listing is not answered by a server that gives fewer than it counts, or refuses so many", () => {
  expect(answerTo([5, ...document("k")])).toEqual({ done: true, value: undefined });
  expect(answerTo(new Error("LIMIT exceeds maximum of 1000"))).toEqual({ done: true, value: undefined });
  expect(() => answerTo(new Error("ERR something else"))).toThrow("something else");
});
