import { deserialize, serialize } from "node:v8";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import type { SerializerProtocol } from "@langchain/langgraph-checkpoint";
import { MemorySaver } from "@langchain/langgraph-checkpoint";
import type { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { config, id, list, listIds, put, values } from "../conformance/saver/steps.js";
import { savers } from "./helpers.js";

const binary: SerializerProtocol = {
  dumpsTyped: async (value) => ["v8", new Uint8Array(serialize(value))],
  loadsTyped: async (type, data) => {
    if (type !== "v8") throw new Error(`unknown type ${type}`);
    return deserialize(data as Uint8Array);
  },
};

test("put, putWrites, getTuple and list use a binary serde for everything", async () => {
  const { saver } = await savers({ serde: binary });
  const a = saver();
  let l: unknown[] = [];
  for (let n = 1; n <= 60; n++) {
    l = [
      ...l,
      n % 5 === 0
        ? { big: 10n ** 20n, text: "x".repeat(9_000) }
        : { n, at: new Date(n), bytes: new Uint8Array([n, 10, 13]) },
    ];
    const at = await put(a, "t", {
      id: id(n),
      parent: id(n - 1),
      values: { l, m: -0 },
      versions: { l: n, m: n },
      metadata: { n, at: new Date(n) },
    });
    await a.putWrites(at, [["l", new Map([[n, undefined]])]], "task\n:1");
  }
  for (const each of [a, saver()]) {
    const tuple = await each.getTuple(config("t"));
    expect(tuple?.checkpoint.channel_values).toEqual({ l, m: -0 });
    expect(tuple?.metadata).toMatchObject({ n: 60, at: new Date(60) });
    expect(tuple?.pendingWrites).toEqual([["task\n:1", "l", new Map([[60, undefined]])]]);
    expect(await listIds(each, config("t"), { filter: { at: new Date(7) } })).toEqual([id(7)]);
    expect(
      (await list(each, config("t"))).map(
        ({ checkpoint }) => (checkpoint.channel_values.l as unknown[]).length,
      ),
    ).toEqual(Array.from({ length: 60 }, (_, n) => 60 - n));
  }
});

test("put and getTuple read what LangGraph's serializer wrote, and the other way round", async () => {
  const { saver } = await savers();
  const theirs = () => saver({ serde: new MemorySaver().serde });
  const state = (n: number) => ({
    l: [
      new HumanMessage({ content: "hi", id: "1" }),
      new AIMessage({
        content: "x".repeat(9_000),
        id: "2",
        tool_calls: [{ id: "c", name: "t", args: { n }, type: "tool_call" }],
      }),
    ],
    m: new Map<unknown, unknown>([["a", new Set([undefined, n])]]),
    small: n,
  });
  for (const [n, [writer, reader]] of [
    [theirs(), saver()],
    [saver(), theirs()],
    [theirs(), theirs()],
  ].entries()) {
    const at = await put(writer as RedisSaver, `t${n}`, { id: id(1), values: state(n) });
    await (writer as RedisSaver).putWrites(at, [["l", state(n).l]], "task");
    const tuple = await (reader as RedisSaver).getTuple(at);
    expect(tuple?.checkpoint.channel_values).toEqual(state(n));
    expect(tuple?.pendingWrites).toEqual([["task", "l", state(n).l]]);
    // Each goes on where the other one stopped.
    const next = { ...state(n), l: [...state(n).l, new HumanMessage({ content: "more", id: "3" })] };
    await put(reader as RedisSaver, `t${n}`, {
      id: id(2),
      parent: id(1),
      values: next,
      versions: { l: 2, m: 1, small: 1 },
      changed: ["l"],
    });
    expect(await values(writer as RedisSaver, config(`t${n}`))).toEqual(next);
  }
});
