import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { RedisStore } from "langgraph-redis";
import type { InspectContext } from "../../cli/src/inspect/index.js";
import { idOf, save } from "./helpers.js";

/** What the sessions of docs/cli.md were recorded with. */
export async function fill(context: InspectContext): Promise<void> {
  const { saver, server, keyPrefix } = context;
  await converse(saver, "conversation-2", "Which wine goes with it?");
  await converse(saver, "conversation-1", "What shall I cook?");
  const { client } = server;
  const store = new RedisStore({ client, keyPrefix, index: { text: true, fields: ["text"] } });
  await store.put(["memories", "user-1"], "food", { text: "Likes pizza.", confidence: 0.9 });
  await store.put(["memories", "user-1"], "home", { text: "Lives in Turin.", confidence: 0.4 });
  await store.put(["memories", "user-2"], "food", { text: "Likes pasta.", confidence: 0.7 });
}

/** A question, a tool call, a fork of it, and a run that waits for somebody. */
export async function converse(saver: BaseCheckpointSaver, thread: string, question: string): Promise<void> {
  const call = { id: "call-1", name: "recipes", args: { dish: "pizza" } };
  const asked = [new HumanMessage({ id: "m1", content: question })];
  const called = [...asked, new AIMessage({ id: "m2", content: "", tool_calls: [call] })];
  const found = [...called, new ToolMessage({ id: "m3", content: "42 recipes", tool_call_id: "call-1" })];
  const other = [new HumanMessage({ id: "m1", content: `${question} Without meat.` })];
  await save(saver, thread, { n: 0, step: -1, source: "input", values: {} });
  await save(saver, thread, { n: 1, parent: 0, step: 0, values: { messages: asked, budget: 10 } });
  await save(saver, thread, { n: 2, parent: 1, step: 1, values: { messages: called, budget: 10 } });
  await save(saver, thread, {
    n: 3,
    parent: 1,
    step: 1,
    source: "fork",
    values: { messages: other, budget: 10 },
  });
  await save(saver, thread, { n: 4, parent: 2, step: 2, values: { messages: found, budget: 8 } });
  const configurable = { thread_id: thread, checkpoint_ns: "", checkpoint_id: idOf(4) };
  await saver.putWrites({ configurable }, [["__interrupt__", { value: "Shall I order?" }]], "task-1");
}

/** Words of a command line, as a shell takes them apart. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    ([, single, double, plain]) => single ?? double ?? plain ?? "",
  );
}

/** A session without what differs from run to run: times, sizes, versions, the width of columns. */
export function normalized(session: string): string {
  return session
    .replaceAll(/\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+Z)?/g, "TIME")
    .replaceAll(/\b[\d.]+ (B|kB|MB|GB)\b/g, "SIZE")
    .replaceAll(/\bversion \d{5,}/g, "version N")
    .replaceAll(/\b(Redis|Valkey|Redis Search) [\d.]+/g, "$1 N")
    .replaceAll(/redis:\/\/[\d.a-z]+:\d+/g, "redis://HOST")
    .replaceAll(/\b(127\.0\.0\.1|localhost):\d+/g, "HOST")
    .replaceAll(/[\d,]+ operations? a second, [\d,]+ clients?/g, "LOAD")
    .replaceAll(/^(\d\.\d{3})/gm, "SCORE")
    .replaceAll(/ +/g, " ")
    .replaceAll(/ $/gm, "")
    .trim();
}
