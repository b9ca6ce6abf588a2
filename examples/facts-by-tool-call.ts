/**
 * Sharing facts between threads: the model itself decides what is worth remembering.
 *
 * It is given a tool, `Info`. Whenever the user shares something, the model calls it, and a second node of the graph
 * saves each call as one item of the store. Every later conversation of that user starts with these facts in the
 * system prompt. They are listed, not searched by meaning, so this store needs no index and no embedding model.
 *
 * Run it with Redis on localhost or at REDIS_URL, and an OPENAI_API_KEY.
 */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, ToolMessage } from "@langchain/core/messages";
import {
  type BaseCheckpointSaver,
  type BaseStore,
  END,
  type LangGraphRunnableConfig,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { ChatOpenAI } from "@langchain/openai";
import { RedisSaver, RedisStore } from "langgraph-redis";
import { z } from "zod";

export interface Parts {
  model: BaseChatModel;
  checkpointer: BaseCheckpointSaver;
  store: BaseStore;
}

/** What the model can call. It has no code of its own: a node of the graph acts on the calls. */
const Info = {
  name: "Info",
  description: "Call this to save a new fact about the user.",
  schema: z.object({
    fact: z.string().describe("A fact about the user."),
    topic: z.string().describe("What the fact is about: Food, Location, Movies, ..."),
  }),
};

const systemPrompt = (
  info: string,
) => `You are a helpful assistant that learns about its users to serve them better.

What is known about this user:
<info>
${info}
</info>

Save every new fact, opinion, preference or experience that the user shares with the Info tool.`;

type State = typeof MessagesAnnotation.State;

export function buildGraph({ model, checkpointer, store }: Parts) {
  if (!model.bindTools) throw new Error("this graph needs a model that can call tools");
  const learner = model.bindTools([Info]);

  async function callModel({ messages }: State, config: LangGraphRunnableConfig) {
    const { store, namespace } = memoryOf(config);
    const memories = await store.search(namespace, { limit: 100 });
    const info = memories.map((memory) => memory.value.fact).join("\n");
    return {
      messages: [await learner.invoke([{ role: "system", content: systemPrompt(info) }, ...messages])],
    };
  }

  async function updateMemory({ messages }: State, config: LangGraphRunnableConfig) {
    const { store, namespace } = memoryOf(config);
    const saved = toolCalls(messages).map(async (call) => {
      const { fact, topic } = Info.schema.parse(call.args);
      await store.put(namespace, randomUUID(), { fact, topic });
      // Chat models insist that every tool call is answered before the conversation goes on.
      return new ToolMessage({ content: "Saved!", tool_call_id: call.id ?? "" });
    });
    return { messages: await Promise.all(saved) };
  }

  return new StateGraph(MessagesAnnotation)
    .addNode("callModel", callModel)
    .addNode("updateMemory", updateMemory)
    .addEdge(START, "callModel")
    .addConditionalEdges(
      "callModel",
      ({ messages }) => (toolCalls(messages).length > 0 ? "updateMemory" : END),
      ["updateMemory", END],
    )
    .addEdge("updateMemory", END)
    .compile({ checkpointer, store });
}

function toolCalls(messages: State["messages"]) {
  const last = messages.at(-1);
  return AIMessage.isInstance(last) ? (last.tool_calls ?? []) : [];
}

/** The store, and the corner of it that belongs to the user of this run. */
function memoryOf({ store, configurable }: LangGraphRunnableConfig) {
  const userId = configurable?.user_id;
  if (!store) throw new Error("compile the graph with a store");
  if (typeof userId !== "string") throw new Error("pass configurable.user_id with every run");
  return { store, namespace: ["memories", userId] };
}

async function main() {
  const url = process.env.REDIS_URL ?? "redis://localhost:6379";
  const keyPrefix = "facts-by-tool-call"; // so that the examples do not meet in one Redis
  const checkpointer = await RedisSaver.fromConnString(url, { keyPrefix });
  const store = await RedisStore.fromConnString(url, { keyPrefix });
  const graph = buildGraph({ model: new ChatOpenAI({ model: "gpt-4o-mini" }), checkpointer, store });

  const say = async (threadId: string, userId: string, content: string) => {
    console.log(`[thread ${threadId}] user ${userId}: ${content}`);
    const config = { configurable: { thread_id: threadId, user_id: userId }, streamMode: "updates" as const };
    for await (const update of await graph.stream({ messages: [{ role: "user", content }] }, config)) {
      console.log(update);
    }
  };

  await say("1", "1", "hi");
  await say("1", "1", "i like pepperoni pizza");
  await say("1", "1", "i also just moved to SF");
  for (const memory of await store.search(["memories", "1"])) console.log(memory.value);

  const question = "where and what should i eat for dinner? Can you list some restaurants?";
  await say("2", "1", question);
  // The same question by another user: the model has to ask where they are and what they like.
  await say("3", "2", question);
  console.log(await store.search(["memories", "2"]));

  await store.stop();
  await checkpointer.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
