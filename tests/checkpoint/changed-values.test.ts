import { MemorySaver } from "@langchain/langgraph-checkpoint";
import { expect, test } from "vitest";
import { config, id, put, values } from "../conformance/saver/steps.js";
import { savers } from "./helpers.js";

/** A class of a user's own. */
class Point {
  constructor(readonly x: number) {}
}

/** What LangGraph's serializer does not bring back as it was, as README says. */
const CHANGED: Record<string, [given: unknown, read: unknown]> = {
  "a Date": [new Date(0), "1970-01-01T00:00:00.000Z"],
  NaN: [Number.NaN, null],
  Infinity: [Number.POSITIVE_INFINITY, null],
  "a Float32Array": [new Float32Array([1.5, 2]), { 0: 1.5, 1: 2 }],
  "an instance of a class": [new Point(1), { x: 1 }],
};

test.each(Object.entries(CHANGED))(
  "put() of %s: getTuple() gives what MemorySaver gives, in a list as well",
  async (_, [given, read]) => {
    const { saver } = await savers();
    const state = { alone: given, list: [given, { deep: given }] };
    const memory = new MemorySaver();
    for (const each of [saver(), memory]) await put(each, "t", { id: id(1), values: state });
    const found = await values(saver(), config("t"));
    expect(found).toStrictEqual({ alone: read, list: [read, { deep: read }] });
    expect(found).toStrictEqual(await values(memory, config("t")));
  },
);

test("put() of maps, sets, bytes, undefined and regular expressions: getTuple() gives them as they were", async () => {
  const { saver } = await savers();
  const state = {
    map: new Map([["a", new Set([1, "2"])]]),
    bytes: { deep: [Uint8Array.of(1, 255)] },
    undefined: [undefined],
    expression: /a+/gi,
  };
  await put(saver(), "t", { id: id(1), values: state });
  expect(await values(saver(), config("t"))).toStrictEqual(state);
});
