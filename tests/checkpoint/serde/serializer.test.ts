import { inspect, isDeepStrictEqual } from "node:util";
import { Document } from "@langchain/core/documents";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { ChatPromptTemplate, PromptTemplate } from "@langchain/core/prompts";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { JsonSerializer } from "../../../src/checkpoint/serde/serializer.js";
import { canon } from "../../conformance/saver/oracle.js";
import { type Ingredients, lookalikeIn, objectOf, valuesOf } from "./arbitraries.js";

/** How many values each property is tried with. Set FUZZ_RUNS for more. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 300);

const ours = new JsonSerializer();
const theirs = new MemorySaver().serde;

/** All that both serializers write alike: look-alikes are told apart by ours only, see below. */
const COMMON: Ingredients = { special: true, lookalikes: false, proto: false, messages: true };

describe("the serializer and LangGraph's", () => {
  test("ours reads what theirs writes, to what theirs reads", async () => {
    const lookalikes = valuesOf({ ...COMMON, lookalikes: true, messages: false }).filter(comparable);
    await forAll(fc.oneof(valuesOf(COMMON), lookalikes), async (value) => {
      const written = await theirs.dumpsTyped(value);
      await same(
        () => ours.loadsTyped(...written),
        () => theirs.loadsTyped(...written),
      );
    });
  });

  test("theirs reads what ours writes, to what it reads of its own", async () => {
    await forAll(valuesOf(COMMON), async (value) => {
      const written = await ours.dumpsTyped(value);
      const own = await theirs.dumpsTyped(value);
      await same(
        () => theirs.loadsTyped(...written),
        () => theirs.loadsTyped(...own),
      );
    });
  });

  test("what ours writes it reads as theirs reads it", async () => {
    await forAll(valuesOf(COMMON), async (value) => {
      const written = await ours.dumpsTyped(value);
      await same(
        () => ours.loadsTyped(...written),
        () => theirs.loadsTyped(...written),
      );
    });
  });

  test("ours reads damaged and hostile records as theirs does: as data, or not at all", async () => {
    const json = valuesOf({ special: false, lookalikes: true, proto: false, messages: false }, 2);
    const records = fc.oneof(lookalikeIn(json), fc.array(lookalikeIn(lookalikeIn(json))));
    await forAll(records.filter(comparable), async (value) => {
      const text = JSON.stringify(value);
      await same(
        () => ours.loadsTyped("json", text),
        () => theirs.loadsTyped("json", text),
      );
    });
  });

  test.each([
    ["a document", new Document({ pageContent: "text", metadata: { source: { lc: 1 } }, id: "1" })],
    ["a prompt template", PromptTemplate.fromTemplate("say {what}")],
    [
      "a chat prompt template",
      ChatPromptTemplate.fromMessages([["human", "say {what}"], new AIMessage("x")]),
    ],
    [
      "a message with a document in it",
      new AIMessage({ content: "a", additional_kwargs: { d: new Document({ pageContent: "p" }) } }),
    ],
    ["a document in a Map in a list", [new Map([["d", new Document({ pageContent: "p" })]]), { lc: 2 }]],
  ])("%s comes back as theirs returns it", async (_, value) => {
    const written = await theirs.dumpsTyped(value);
    expect(await ours.dumpsTyped(value)).toEqual([written[0], Buffer.from(written[1])]);
    await same(
      () => ours.loadsTyped(...written),
      () => theirs.loadsTyped(...written),
    );
    await expect(theirs.loadsTyped(...written)).resolves.toBeDefined();
  });
});

describe("what theirs loses and ours keeps", () => {
  const READABLE: Ingredients = { special: false, lookalikes: true, proto: true, messages: false };

  test("data stay data, whatever they look like and whatever their keys are called", async () => {
    await forAll(valuesOf(READABLE, 4), async (value) => {
      expect(canon(await roundTrip(value))).toBe(canon(asJson(value)));
    });
  });

  test("data stay data inside Map, Set and DeltaSnapshot", async () => {
    await forAll(fc.tuple(valuesOf(READABLE), valuesOf(READABLE)), async ([a, b]) => {
      const read = await roundTrip([new Map([[a, b]]), new Set([a, b]), { a: new Map([["k", b]]) }]);
      const [x, y] = [asJson(a), asJson(b)];
      expect(canon(read)).toBe(canon([new Map([[x, y]]), new Set([x, y]), { a: new Map([["k", y]]) }]));
    });
  });

  test("data stay data inside messages", async () => {
    const json = valuesOf({ ...READABLE, proto: false });
    await forAll(fc.tuple(json, fc.boolean()), async ([value, nested]) => {
      const inner = new HumanMessage({ content: "b", additional_kwargs: { value } });
      const message = new AIMessage({
        content: "a",
        id: "1",
        additional_kwargs: { value, list: [value], ...(nested ? { inner } : {}) },
        response_metadata: { deep: { value } },
      });
      // In its messages LangChain knows no undefined.
      const expected = JSON.parse(JSON.stringify(value));
      const [read] = (await roundTrip([message])) as [AIMessage];
      expect(read).toBeInstanceOf(AIMessage);
      expect(canon(read.additional_kwargs.value)).toBe(canon(expected));
      expect(canon(read.additional_kwargs.list)).toBe(canon([expected]));
      expect(canon(read.response_metadata.deep)).toBe(canon({ value: expected }));
      const innerRead = read.additional_kwargs.inner as HumanMessage | undefined;
      expect(innerRead instanceof HumanMessage).toBe(nested);
      if (innerRead) expect(canon(innerRead.additional_kwargs.value)).toBe(canon(expected));
    });
  });

  test.each<[string, unknown, (read: unknown) => unknown]>([
    [
      "a record of a Map that is data",
      { lc: 2, type: "constructor", id: ["Map"], args: [[["a", 1]]] },
      (read) => read instanceof Map,
    ],
    ["a record of undefined that is data", { lc: 2, type: "undefined" }, (read) => read === undefined],
    [
      "a record of a message that is data",
      {
        lc: 1,
        type: "constructor",
        id: ["langchain_core", "messages", "HumanMessage"],
        kwargs: { content: "x" },
      },
      (read) => read instanceof HumanMessage,
    ],
    [
      "an own key __proto__",
      JSON.parse('{"__proto__": {"polluted": 1}}'),
      (read) => !Object.hasOwn(read as object, "__proto__"),
    ],
  ])("%s is kept by ours, and lost by theirs", async (_, value, lost) => {
    expect(canon(await roundTrip(value))).toBe(canon(value));
    expect(lost(await theirs.loadsTyped(...(await theirs.dumpsTyped(value))))).toBe(true);
    // What ours writes for it is inert for theirs.
    const read = await theirs.loadsTyped(...(await ours.dumpsTyped(value)));
    expect(read instanceof Map || read instanceof HumanMessage || read === undefined).toBe(false);
  });

  test("a bigint is refused by ours; theirs writes a remark in place of the whole value", async () => {
    await expect(ours.dumpsTyped({ a: [1n] })).rejects.toThrow(TypeError);
    const read = await theirs.loadsTyped(...(await theirs.dumpsTyped({ a: [1n] })));
    expect(read).toEqual(expect.stringContaining("unable to serialize"));
  });

  test("the prototype of nothing is changed by what is read", async () => {
    await roundTrip(
      JSON.parse('{"__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}'),
    );
    await ours.loadsTyped(
      "json",
      '{"lc":2,"type":"constructor","id":["Object"],"args":[[["__proto__",{"polluted":1}]]]}',
    );
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  const roundTrip = async (value: unknown) => ours.loadsTyped(...(await ours.dumpsTyped(value)));
});

/** What JSON makes of plain data: no infinite numbers, no negative zero. */
function asJson(value: unknown): unknown {
  if (typeof value === "number") return Number.isFinite(value) ? value + 0 : null;
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(asJson);
  return objectOf(Object.entries(value).map(([key, each]) => [key, asJson(each)]));
}

/**
 * Theirs reads records in what LangChain has escaped inside its objects, see "data escaped in a message", and in what a
 * record of undefined has beside it. The record of "Object" is ours alone.
 */
function comparable(value: unknown): boolean {
  const text = String(JSON.stringify(value));
  const escaped = text.includes("__lc_escaped__") && text.includes("langchain_core");
  return !escaped && !text.includes('"type":"undefined","value"') && !text.includes('"Object"');
}

function forAll<T>(values: fc.Arbitrary<T>, statement: (value: T) => Promise<void>): Promise<void> {
  return fc.assert(fc.asyncProperty(values, statement), { numRuns: RUNS });
}

/** Both give the same value, or neither gives one. */
async function same(mine: () => Promise<unknown>, other: () => Promise<unknown>): Promise<void> {
  const [a, b] = await Promise.allSettled([mine(), other()]);
  if (a.status === "rejected" && b.status === "rejected") return;
  if (a.status === "fulfilled" && b.status === "fulfilled" && isDeepStrictEqual(a.value, b.value)) return;
  const show = (outcome: unknown) => inspect(outcome, { depth: 12, customInspect: false });
  expect(show(a)).toBe(show(b));
  throw new Error(`they differ in what cannot be shown: ${show(a)}`);
}
