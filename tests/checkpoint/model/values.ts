import { createHash } from "node:crypto";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { DeltaSnapshot, isDeltaSnapshot } from "@langchain/langgraph-checkpoint";
import { canon } from "../../conformance/saver/oracle.js";

// Values as recipes, which are sent to other processes and printed; each process makes them for itself.

/** An element: what it is, which one, and how often it was edited. */
export type ElementSpec = readonly [kind: Kind, n: number, revision: number];

/** The value of a channel. */
export type ValueSpec =
  | { readonly list: readonly ElementSpec[] }
  | { readonly one: ElementSpec }
  | { readonly snapshot: readonly ElementSpec[] };

const MAKE = {
  number: (n: number, revision: number): unknown => n + revision / 8,
  text: (n: number, revision: number) => `text ${n} ${revision} ${"ü".repeat(20)}`,
  // Of one length whatever n is, so that lists of one length differ.
  fixed: (n: number, revision: number) => ({
    ...{ n, text: `${"0123456789".repeat(20)} ${revision}` },
    deep: { list: [revision, { n }] },
  }),
  human: (n: number, revision: number) =>
    new HumanMessage({ content: `message ${n} ${revision} ${"word ".repeat(40)}`, id: `id-${n}` }),
  ai: (n: number, revision: number) =>
    new AIMessage({
      content: [{ type: "text", text: `block ${n} ${revision} `.repeat(15) }],
      id: `ai-${n}`,
      tool_calls: [{ id: `call-${n}`, name: "tool", args: { n: [n] }, type: "tool_call" }],
    }),
  tool: (n: number, revision: number) =>
    new ToolMessage({ content: `done ${n} ${revision}`, tool_call_id: `call-${n}`, id: `tool-${n}` }),
  big: (n: number, revision: number) => ({ n, revision, text: `${n} `.repeat(2_500) }),
  huge: (n: number, revision: number) => `${revision}${`${n}x`.repeat(4_600)}`,
  map: (n: number, revision: number) => new Map<unknown, unknown>([[n, new Set([revision, undefined])]]),
  bytes: (n: number, revision: number) => new Uint8Array(n * 40 + 1).fill(revision + 1),
  lookalike: (n: number, revision: number) => ({
    ...{ lc: 2, type: "constructor", id: ["Map"] },
    args: [[["n", n, revision]]],
  }),
  nothing: (n: number) => (n % 2 === 0 ? undefined : null),
  pair: (n: number, revision: number) => [n, [undefined, { revision }]],
};
export type Kind = keyof typeof MAKE;
export const KINDS = Object.keys(MAKE) as Kind[];

export function make([kind, n, revision]: ElementSpec): unknown {
  return MAKE[kind](n, revision);
}

export function makeValue(value: ValueSpec, each: (element: ElementSpec) => unknown = make): unknown {
  if ("one" in value) return each(value.one);
  if ("list" in value) return value.list.map(each);
  return new DeltaSnapshot(value.snapshot.map(each));
}

/** A text that two values share exactly when they are the same to a user. */
export function textOf(value: unknown): string {
  return isDeltaSnapshot(value) ? `snapshot ${canon(value.value)}` : canon(value);
}

const texts = new Map<string, string>();

/** The text of what {@link make} makes. */
export function elementText(element: ElementSpec): string {
  const key = element.join();
  const known = texts.get(key) ?? textOf(make(element));
  texts.set(key, known);
  return known;
}

/** The text of what {@link makeValue} makes. */
export function valueText(value: ValueSpec): string {
  if ("one" in value) return elementText(value.one);
  if ("list" in value) return `[${value.list.map(elementText).join()}]`;
  return `snapshot [${value.snapshot.map(elementText).join()}]`;
}

/** A text that stands for a long one in messages and reports. */
export function brief(text: string): string {
  if (text.length <= 150) return text;
  const digest = createHash("sha1").update(text).digest("hex");
  return `${text.slice(0, 60)}… ${text.length} characters, ${digest.slice(0, 16)} …${text.slice(-60)}`;
}
