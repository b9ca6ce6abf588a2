import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { DeltaSnapshot, TASKS } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import type { States } from "./states.js";
import { config, id, listIds, put, values } from "./steps.js";

/** What users rely on when they read one checkpoint. */
export function getTupleTests(states: States): void {
  const special: Record<string, unknown> = {
    "an empty list": [],
    "an empty object": {},
    "an empty text": "",
    zero: 0,
    null: null,
    undefined: undefined,
    "lists in lists": [[], [[]], [1, [2, [3]]]],
    "a list with undefined in it": [1, undefined, 2],
    "a large number": 12345678901234567000,
    "a fraction": 0.1 + 0.2,
    "a million characters": "ü".repeat(1_000_000),
    "many small numbers": Array.from({ length: 20_000 }, (_, n) => n),
    "a Map": new Map<unknown, unknown>([["a", new Set([1])]]),
    "a Set": new Set(["a", "b"]),
    bytes: new Uint8Array([0, 1, 254, 255]),
    "many bytes": new Uint8Array(5_000).map((_, n) => n),
    "a list with bytes": [new Uint8Array([1, 2]), "text"],
    "a RegExp": /a+/gi,
    "an Error": new Error("broken"),
    "a DeltaSnapshot": new DeltaSnapshot([1, 2, 3]),
    messages: [
      new HumanMessage({ content: "hi", id: "1" }),
      new AIMessage({ content: "hello", id: "2", tool_calls: [{ id: "c", name: "t", args: { x: [1] } }] }),
      new ToolMessage({ content: "done", tool_call_id: "c", id: "3" }),
    ],
    "text that looks like a reference": ["aaaa", "w".repeat(21), "Wj[1]", "j[1]"],
    "keys of a prototype": JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
  };

  for (const [name, value] of Object.entries(special)) {
    states(
      `getTuple returns ${name} as it was put, as a value and as a pending write`,
      async ({ saver, thread }) => {
        const at = await put(saver, thread, { id: id(1), values: { it: value } });
        await saver.putWrites(at, [["it", value]], "task");
        const tuple = await saver.getTuple(at);
        expect(tuple?.checkpoint.channel_values.it).toEqual(value);
        expect(tuple?.pendingWrites).toEqual([["task", "it", value]]);
      },
    );
  }

  states("getTuple returns objects that are shared with nobody", async ({ saver, thread }) => {
    const value = { list: [{ n: 1 }] };
    const at = await put(saver, thread, { id: id(1), values: { value } });
    value.list.push({ n: 2 });
    const first = await values(saver, at);
    (first as { value: { list: unknown[] } }).value.list.length = 0;
    expect(await values(saver, at)).toEqual({ value: { list: [{ n: 1 }] } });
  });

  states(
    "getTuple returns the checkpoint with the largest id, in whatever order they were put",
    async ({ saver, thread }) => {
      for (const n of [2, 9, 1, 5]) await put(saver, thread, { id: id(n) });
      expect((await saver.getTuple(config(thread)))?.checkpoint.id).toBe(id(9));
      expect(await listIds(saver, config(thread))).toEqual([9, 5, 2, 1].map(id));
    },
  );

  states(
    "getTuple adds the pending sends of the parent to a checkpoint before version 4",
    async ({ saver, thread }) => {
      const parent = await put(saver, thread, { id: id(1), v: 3 });
      await saver.putWrites(
        parent,
        [
          [TASKS, { node: "b" }],
          ["other", 1],
        ],
        "task-b",
      );
      await saver.putWrites(parent, [[TASKS, { node: "a" }]], "task-a");
      await put(saver, thread, { id: id(2), parent: id(1), v: 3, values: { x: 1 }, versions: { x: 5 } });
      const tuple = await saver.getTuple(config(thread));
      expect(tuple?.checkpoint.channel_values).toEqual({ x: 1, [TASKS]: [{ node: "a" }, { node: "b" }] });
      expect(tuple?.checkpoint.channel_versions).toEqual({ x: 5, [TASKS]: 5 });
    },
  );
}
