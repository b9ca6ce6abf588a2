import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { ERROR, INTERRUPT } from "@langchain/langgraph-checkpoint";
import type { RedisSaver } from "langgraph-redis";

/** The id of the nth checkpoint: ids of LangGraph grow with time. */
export const idOf = (n: number) => `1f0c5d4e-${String(n).padStart(4, "0")}-6f00-8000-000000000000`;

export interface Saved {
  n: number;
  parent?: number | undefined;
  ns?: string;
  values?: Record<string, unknown>;
  source?: "input" | "loop" | "update" | "fork";
  metadata?: Record<string, unknown>;
}

/** Puts one checkpoint of a thread. */
export function save(saver: RedisSaver, threadId: string, { n, parent, ns = "", ...rest }: Saved) {
  const { values = { count: n }, source = "loop", metadata = {} } = rest;
  const versions = Object.fromEntries(Object.keys(values).map((name) => [name, n + 1]));
  const configurable = {
    thread_id: threadId,
    checkpoint_ns: ns,
    ...(parent !== undefined && { checkpoint_id: idOf(parent) }),
  };
  const checkpoint = {
    v: 4,
    id: idOf(n),
    ts: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString(),
    channel_values: values,
    channel_versions: versions,
    versions_seen: {},
  };
  return saver.put({ configurable }, checkpoint, { ...metadata, source, step: n - 1, parents: {} }, versions);
}

/** A conversation with a tool call, a fork, a subgraph, an interrupt and an error. */
export async function saveConversation(saver: RedisSaver, threadId: string): Promise<void> {
  const messages = [
    new SystemMessage({ id: "m0", content: "You answer briefly." }),
    new HumanMessage({ id: "m1", content: "What is the weather in Paris?" }),
    new AIMessage({
      id: "m2",
      content: "Let me look.",
      tool_calls: [{ id: "call-1", name: "get_weather", args: { city: "Paris", days: [1, 2] } }],
    }),
    new ToolMessage({ id: "m3", content: "21 degrees", tool_call_id: "call-1", name: "get_weather" }),
    new AIMessage({ id: "m4", content: "It is 21 degrees in Paris." }),
  ];
  const notes = {
    city: "Paris",
    history: Array.from({ length: 120 }, (_, at) => ({ at, degrees: 20 + at })),
  };
  const state = (count: number) => ({ messages: messages.slice(0, count), notes });
  await save(saver, threadId, { n: 1, source: "input", values: state(2) });
  await save(saver, threadId, { n: 2, parent: 1, values: state(3) });
  await save(saver, threadId, { n: 3, parent: 2, values: state(4) });
  await save(saver, threadId, { n: 4, parent: 3, values: state(5) });
  await save(saver, threadId, { n: 5, parent: 3, values: state(4), source: "update" });
  await save(saver, threadId, { n: 2, ns: "weather:task-1", values: { station: "Orly" } });
  await save(saver, threadId, {
    n: 3,
    parent: 2,
    ns: "weather:task-1",
    values: { station: "Orly", degrees: 21 },
  });
  const at = (n: number) => ({
    configurable: { thread_id: threadId, checkpoint_ns: "", checkpoint_id: idOf(n) },
  });
  await saver.putWrites(at(4), [[INTERRUPT, { value: "Send this?" }]], "task-approve");
  await saver.putWrites(at(5), [[ERROR, { message: "the tool failed" }]], "task-tool");
}

/** Puts many checkpoints with small states, many at a time. */
export async function saveAll(saver: RedisSaver, threadId: string, checkpoints: Saved[]): Promise<void> {
  for (let at = 0; at < checkpoints.length; at += 500) {
    await Promise.all(checkpoints.slice(at, at + 500).map((each) => save(saver, threadId, each)));
  }
}
