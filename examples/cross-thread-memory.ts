/**
 * Memory across threads, with a StateGraph.
 *
 * A thread is one conversation; the checkpointer keeps it. What the user wants remembered for good goes to the store,
 * under a namespace of their own, and is found again from every other thread of the same user, by meaning.
 *
 * Run it with Redis 8 (or Redis Stack) on localhost or at REDIS_URL, and an OPENAI_API_KEY.
 */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import {
  type BaseCheckpointSaver,
  type BaseStore,
  type LangGraphRunnableConfig,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { RedisSaver, RedisStore } from "langgraph-redis";

export interface Parts {
  model: BaseChatModel;
  checkpointer: BaseCheckpointSaver;
  store: BaseStore;
}

export function buildGraph({ model, checkpointer, store }: Parts) {
  async function callModel({ messages }: typeof MessagesAnnotation.State, config: LangGraphRunnableConfig) {
    const memory = config.store; // The graph hands its store to every node.
    if (!memory) throw new Error("compile the graph with a store");
    const namespace = ["memories", userOf(config)];
    const question = messages.at(-1)?.text ?? "";

    // The memories closest in meaning to what was just said.
    const memories = await memory.search(namespace, { query: question });
    const info = memories.map(({ value }) => value.data).join("\n");

    if (/remember/i.test(question)) {
      await memory.put(namespace, randomUUID(), { data: memoryOf(question) });
    }
    const system = `You are a helpful assistant talking to the user. User info: ${info}`;
    return { messages: [await model.invoke([{ role: "system", content: system }, ...messages])] };
  }

  return new StateGraph(MessagesAnnotation)
    .addNode("callModel", callModel)
    .addEdge(START, "callModel")
    .compile({ checkpointer, store });
}

/** Whose memories these are. Never fall back to a shared default here: users would read each other's. */
function userOf({ configurable }: LangGraphRunnableConfig): string {
  const userId = configurable?.user_id;
  if (typeof userId !== "string") throw new Error("pass configurable.user_id with every run");
  return userId;
}

/** What to keep of a request to remember something. (A model could write this; see facts-by-tool-call.ts.) */
function memoryOf(text: string): string {
  const name = /my name is (\w+)/i.exec(text)?.[1];
  return name ? `User name is ${name}` : `User said: ${text}`;
}

async function main() {
  const url = process.env.REDIS_URL ?? "redis://localhost:6379";
  const keyPrefix = "cross-thread-memory"; // so that the examples do not meet in one Redis
  const checkpointer = await RedisSaver.fromConnString(url, { keyPrefix });
  const store = await RedisStore.fromConnString(url, {
    keyPrefix,
    index: { dims: 1536, embeddings: new OpenAIEmbeddings({ model: "text-embedding-3-small" }) },
  });
  const graph = buildGraph({ model: new ChatOpenAI({ model: "gpt-4o-mini" }), checkpointer, store });

  const say = async (threadId: string, userId: string, content: string) => {
    const config = { configurable: { thread_id: threadId, user_id: userId } };
    const { messages } = await graph.invoke({ messages: [{ role: "user", content }] }, config);
    console.log(
      `[thread ${threadId}] user ${userId}: ${content}\n[thread ${threadId}] AI: ${messages.at(-1)?.text}`,
    );
  };

  await say("1", "1", "Hi! Remember: my name is Bob");
  // Another thread of the same user: no messages in common, but the memory is found.
  await say("2", "1", "what is my name?");
  for (const memory of await store.search(["memories", "1"])) console.log(memory.value);
  // Another user finds nothing of it.
  await say("3", "2", "what is my name?");

  await store.stop();
  await checkpointer.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
