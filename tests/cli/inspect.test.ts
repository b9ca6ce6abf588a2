import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import {
  type CheckpointNode,
  diffCheckpoints,
  listItems,
  listNamespaces,
  listThreads,
  readItem,
  readState,
  threadTree,
} from "../../cli/src/inspect/index.js";
import { idOf, inspecting, save } from "./helpers.js";

const config = (thread: string, n: number, ns = "") => ({
  configurable: { thread_id: thread, checkpoint_ns: ns, checkpoint_id: idOf(n) },
});

test("listThreads pages through all threads, newest first, with sizes and last steps", async () => {
  const context = await inspecting();
  for (let n = 0; n < 5; n++) await save(context.saver, `thread-${n}`, { n, step: n });
  const first = await listThreads(context, { limit: 3 });
  const second = await listThreads(context, { limit: 3, cursor: first.next });
  expect(second.next).toBeUndefined();
  const rows = [...first.rows, ...second.rows];
  expect(rows.map(({ threadId }) => threadId).sort()).toEqual([0, 1, 2, 3, 4].map((n) => `thread-${n}`));
  const times = rows.map(({ updatedAt }) => updatedAt);
  expect(times).toEqual([...times].sort().reverse());
  const row = rows.find(({ threadId }) => threadId === "thread-3");
  expect(row).toMatchObject({ checkpoints: 1, namespaces: 1, lastStep: 3, source: "loop" });
  expect(row?.bytes).toBeGreaterThan(100);
  expect(row?.expiresAt).toBeUndefined();
});

test("listThreads finds threads by a part of their ids", async () => {
  const context = await inspecting();
  for (const id of ["Anna-1", "bob-1", "anna-2", "carl"]) await save(context.saver, id, { n: 1 });
  const found = async (search: string, limit?: number) => listThreads(context, { search, limit });
  const { rows, next } = await found("anna");
  expect(rows.map(({ threadId }) => threadId).sort()).toEqual(["Anna-1", "anna-2"]);
  expect(next).toBeUndefined();
  const first = await found("anna", 1);
  expect(first.rows).toHaveLength(1);
  const second = await listThreads(context, { search: "anna", limit: 1, cursor: first.next });
  expect([...first.rows, ...second.rows].map(({ threadId }) => threadId).sort()).toEqual([
    "Anna-1",
    "anna-2",
  ]);
});

test("listThreads says when a thread expires", async () => {
  const context = await inspecting();
  await save(context.saver, "t", { n: 1 });
  await context.saver.expire("t", 60);
  const { rows } = await listThreads(context);
  const left = Date.parse(rows[0]?.expiresAt ?? "") - Date.now();
  expect(left / 60_000).toBeGreaterThan(58);
  expect(left / 60_000).toBeLessThan(62);
});

test("threadTree has forks, namespaces, interrupts, errors and pending writes, page by page", async () => {
  const context = await inspecting();
  const { saver } = context;
  await save(saver, "t", { n: 0, source: "input", step: -1 });
  await save(saver, "t", { n: 1, parent: 0 });
  await save(saver, "t", { n: 2, parent: 1 });
  await save(saver, "t", { n: 3, parent: 1, source: "fork" });
  await save(saver, "t", { n: 2, ns: "child:1" });
  await saver.putWrites(config("t", 2), [["__interrupt__", { value: "sure?" }]], "task-1");
  await saver.putWrites(config("t", 3), [["__error__", "boom"]], "task-2");
  await saver.putWrites(
    config("t", 1),
    [
      ["a", 1],
      ["b", 2],
    ],
    "task-3",
  );
  const pages: { ns: string; nodes: CheckpointNode[] }[] = [];
  for (let cursor: string | undefined, at = 0; at < 9; at++) {
    const page = await threadTree(context, "t", { limit: 2, cursor });
    if (page) pages.push(...page.namespaces);
    cursor = page?.next;
    if (cursor === undefined) break;
  }
  const of = (ns: string) => pages.filter((page) => page.ns === ns).flatMap(({ nodes }) => nodes);
  expect(of("").map(({ checkpointId }) => checkpointId)).toEqual([3, 2, 1, 0].map(idOf));
  expect(of("child:1").map(({ checkpointId }) => checkpointId)).toEqual([idOf(2)]);
  const [fork, interrupted, second, first] = of("");
  expect(fork).toMatchObject({ parentId: idOf(1), source: "fork", hasError: true, hasInterrupt: false });
  expect(interrupted).toMatchObject({ hasInterrupt: true, hasError: false, pendingWrites: 1 });
  expect(second).toMatchObject({ pendingWrites: 2, hasError: false, hasInterrupt: false, step: 1 });
  expect(first).toMatchObject({ source: "input", step: -1, pendingWrites: 0 });
  expect(first?.parentId).toBeUndefined();
  const since = await threadTree(context, "t", { since: idOf(2) });
  expect(since?.namespaces.flatMap(({ nodes }) => nodes)).toHaveLength(3);
  expect(await threadTree(context, "other")).toBeUndefined();
});

test("readState shows messages as a conversation, and other values as plain JSON", async () => {
  const context = await inspecting();
  const call = { id: "call-1", name: "weather", args: { city: "Rome" } };
  await save(context.saver, "t", {
    n: 1,
    values: {
      messages: [
        new HumanMessage({ id: "m1", content: "What is the weather?" }),
        new AIMessage({ id: "m2", content: "", tool_calls: [call] }),
        new ToolMessage({ id: "m3", content: "sunny", tool_call_id: "call-1" }),
      ],
      at: new Date(0),
      file: new Uint8Array([1, 2, 3]),
    },
  });
  const state = await readState(context, "t");
  const channel = (name: string) => state?.channels.find((each) => each.name === name);
  expect(channel("messages")?.messages).toMatchObject([
    { role: "human", text: "What is the weather?" },
    { role: "ai", text: "", toolCalls: [call] },
    { role: "tool", text: "sunny", toolCallId: "call-1" },
  ]);
  expect(channel("at")?.json).toBe("1970-01-01T00:00:00.000Z");
  expect(channel("file")?.json).toBe("<3 bytes>");
  expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  expect(await readState(context, "t", { checkpointId: idOf(9) })).toBeUndefined();
});

test("readState finds a checkpoint in whatever namespace it is", async () => {
  const context = await inspecting();
  await save(context.saver, "t", { n: 1 });
  await save(context.saver, "t", { n: 2, ns: "child:1", values: { a: 1 } });
  expect(await readState(context, "t", { checkpointId: idOf(2) })).toMatchObject({ ns: "child:1" });
});

test("diffCheckpoints matches elements of lists by their ids", async () => {
  const context = await inspecting();
  const said = (id: string, content: string) => new HumanMessage({ id, content });
  const before = { messages: [said("1", "a"), said("2", "b"), said("3", "c")], n: 1, gone: true, same: [1] };
  const after = { messages: [said("2", "b"), said("3", "C"), said("4", "d")], n: 2, come: true, same: [1] };
  await save(context.saver, "t", { n: 1, values: before });
  await save(context.saver, "t", { n: 2, parent: 1, values: after });
  const diff = await diffCheckpoints(context, "t", { checkpointId: idOf(1) }, { checkpointId: idOf(2) });
  const of = (name: string) => diff?.channels.find((channel) => channel.name === name);
  expect(of("messages")?.list).toMatchObject({
    same: 1,
    added: [{ id: "4" }],
    removed: [{ id: "1" }],
    changed: [{ before: { content: "c" }, after: { content: "C" } }],
  });
  expect(of("n")).toMatchObject({ change: "changed", before: 1, after: 2 });
  expect(of("gone")).toMatchObject({ change: "removed", before: true });
  expect(of("come")).toMatchObject({ change: "added", after: true });
  expect(of("same")).toEqual({ name: "same", change: "same" });
});

test("namespaces and items come in pages, and looking at them prepares no index", async () => {
  const context = await inspecting();
  expect((await listItems(context, [])).rows).toEqual([]);
  expect((await listNamespaces(context)).rows).toEqual([]);
  expect(await readItem(context, ["a"], "b")).toBeUndefined();
  expect(await context.store.inspectIndex()).toBeUndefined();
  for (let n = 0; n < 5; n++) await context.store.put(["memories", "a/b"], `k${n}`, { n });
  await context.store.put(["notes"], "n", { text: "x" }, { ttl: 60 });
  const namespaces = await listNamespaces(context, { limit: 1 });
  expect(namespaces.rows).toEqual([{ namespace: ["memories", "a/b"], path: "memories/a%2Fb", items: 5 }]);
  const others = await listNamespaces(context, { limit: 1, cursor: namespaces.next });
  expect(others.rows.map(({ path }) => path)).toEqual(["notes"]);
  expect(others.next).toBeUndefined();
  const first = await listItems(context, ["memories"], { limit: 2, filter: { n: { $gte: 1 } } });
  const second = await listItems(context, ["memories"], {
    limit: 2,
    filter: { n: { $gte: 1 } },
    cursor: first.next,
  });
  expect([...first.rows, ...second.rows].map(({ key }) => key)).toEqual(["k1", "k2", "k3", "k4"]);
  expect(second.next).toBeUndefined();
  expect(await readItem(context, ["notes"], "n")).toMatchObject({ value: { text: "x" }, path: "notes" });
});
