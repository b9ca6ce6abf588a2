import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import type { RunnableConfig } from "@langchain/core/runnables";
import { type BaseCheckpointSaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { type Checkpoint, type CheckpointMetadata, uuid6 } from "@langchain/langgraph-checkpoint";

const TEXT = "x".repeat(2_000);
let count = 0;

/** A message of so many characters, unlike all others. */
export function message(kind: "human" | "ai", length = 500): BaseMessage {
  const fields = { content: `${count++} ${TEXT}`.slice(0, length), id: `message-${count}` };
  return kind === "human" ? new HumanMessage(fields) : new AIMessage(fields);
}

export function conversation(length: number, characters = 500): BaseMessage[] {
  return Array.from({ length }, (_, at) => message(at % 2 === 0 ? "human" : "ai", characters));
}

/** A graph with two steps of a model that takes no time: three messages a turn, with the user's. */
export function twoStepGraph(
  checkpointer: BaseCheckpointSaver,
  answer: () => BaseMessage = () => message("ai"),
) {
  return new StateGraph(MessagesAnnotation)
    .addNode("one", () => ({ messages: [answer()] }))
    .addNode("two", () => ({ messages: [answer()] }))
    .addEdge(START, "one")
    .addEdge("one", "two")
    .compile({ checkpointer });
}

let step = 0;

/** A checkpoint whose id follows those of all others. */
export function checkpointOf(values: Record<string, unknown>, version: number): Checkpoint {
  const channels = Object.keys(values);
  return {
    v: 4,
    id: uuid6(step++),
    ts: new Date().toISOString(),
    channel_values: values,
    channel_versions: Object.fromEntries(channels.map((channel) => [channel, version])),
    versions_seen: {},
  };
}

export function metadataOf(more: object = {}): CheckpointMetadata {
  return { source: "loop", step: 0, parents: {}, ...more };
}

export function configOf(threadId: string, checkpointNs = ""): RunnableConfig {
  return { configurable: { thread_id: threadId, checkpoint_ns: checkpointNs } };
}

/** Text that hardly compresses, another one for each seed. */
export function noise(seed: number, length: number): string {
  let state = seed + 1;
  const bytes = Buffer.alloc(4 * Math.ceil((length * 3) / 16));
  for (let at = 0; at < bytes.length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes.writeInt32LE(state, at);
  }
  return bytes.toString("base64").slice(0, length);
}
