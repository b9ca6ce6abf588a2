/**
 * Memory within a thread: what a checkpointer is for.
 *
 * The same graph with and without one. With a checkpointer every step is saved under the `thread_id` of the run, and
 * the next run with that id goes on from there, in whatever process it takes place.
 *
 * Run it with Redis on localhost or at REDIS_URL, and an OPENAI_API_KEY.
 */
import { fileURLToPath } from "node:url";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { type BaseCheckpointSaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ChatOpenAI } from "@langchain/openai";
import { RedisSaver } from "langgraph-redis";

export interface Parts {
  model: BaseChatModel;
  /** Without it nothing outlives a run. */
  checkpointer?: BaseCheckpointSaver;
}

export function buildGraph({ model, checkpointer }: Parts) {
  return new StateGraph(MessagesAnnotation)
    .addNode("callModel", async ({ messages }) => ({ messages: [await model.invoke(messages)] }))
    .addEdge(START, "callModel")
    .compile({ checkpointer });
}

async function main() {
  const url = process.env.REDIS_URL ?? "redis://localhost:6379";
  const keyPrefix = "thread-memory"; // so that the examples do not meet in one Redis
  const model = new ChatOpenAI({ model: "gpt-4o-mini" });
  const checkpointer = await RedisSaver.fromConnString(url, { keyPrefix });

  const say = async (graph: ReturnType<typeof buildGraph>, content: string, threadId?: string) => {
    const config = threadId ? { configurable: { thread_id: threadId } } : {};
    const { messages } = await graph.invoke({ messages: [{ role: "user", content }] }, config);
    console.log(`user: ${content}\nAI: ${messages.at(-1)?.text}`);
  };

  console.log("--- without a checkpointer");
  const forgetful = buildGraph({ model });
  await say(forgetful, "hi! I'm bob");
  await say(forgetful, "what's my name?");

  console.log("--- with a checkpointer, thread 1");
  const graph = buildGraph({ model, checkpointer });
  await say(graph, "hi! I'm bob", "1");
  await say(graph, "what's my name?", "1");

  console.log("--- thread 2 is another conversation");
  await say(graph, "what's my name?", "2");

  console.log("--- and thread 1 can still be resumed");
  await say(graph, "what's my name?", "1");

  await checkpointer.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
