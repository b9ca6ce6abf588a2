import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { sameValue } from "../../src/migrate/same-value.js";

class Point {
  constructor(
    readonly x: number,
    readonly y: number,
  ) {}
}

const samples: [string, () => unknown][] = [
  ["null", () => null],
  ["undefined", () => undefined],
  ["NaN", () => Number.NaN],
  ["a number", () => 1],
  ["a text", () => "1"],
  ["an empty list", () => []],
  ["a list", () => [1, [2]]],
  ["another list", () => [1, [3]]],
  ["an empty object", () => ({})],
  ["an object", () => ({ a: { b: 1 } })],
  ["another object", () => ({ a: { b: 2 } })],
  ["an instance", () => new Point(1, 2)],
  ["its properties", () => ({ x: 1, y: 2 })],
  ["a map", () => new Map([["a", { b: 1 }]])],
  ["another map", () => new Map([["a", { b: 2 }]])],
  ["a set", () => new Set([1, 2])],
  ["a shorter set", () => new Set([1])],
  ["bytes", () => new Uint8Array([1, 2])],
  ["other bytes", () => new Uint8Array([1, 3])],
  ["floats", () => new Float32Array([1, 2])],
  ["a date", () => new Date(1)],
  ["another date", () => new Date(2)],
  ["an expression", () => /a/g],
  ["another expression", () => /a/i],
  ["an error", () => new Error("a")],
  ["another error", () => new Error("b")],
  ["a message", () => new HumanMessage({ id: "1", content: "a" })],
  ["a message of another id", () => new HumanMessage({ id: "2", content: "a" })],
  ["a message of another class", () => new AIMessage({ id: "1", content: "a" })],
];

test.each(samples)("sameValue finds %s equal to its like, and to nothing else", (_, make) => {
  expect(sameValue(make(), make())).toBe(true);
  expect(sameValue({ deep: [make()] }, { deep: [make()] })).toBe(true);
  const equal = samples.filter(([, other]) => sameValue(make(), other())).map(([name]) => name);
  expect(equal).toEqual([_]);
});

test("sameValue takes a property that is undefined for none", () => {
  expect(sameValue({ a: 1, b: undefined }, { a: 1 })).toBe(true);
  expect(sameValue({ a: undefined, b: 1 }, { a: 1, b: undefined })).toBe(false);
});
