/**
 * Memory across threads, with the functional API.
 *
 * The workflow is a plain function: `getPreviousState()` is what it saved for this thread last time, `getStore()`
 * is the store it was given. The user is named in the run's config, as the thread is.
 *
 * Run it with Redis 8 (or Redis Stack) on localhost or at REDIS_URL, and an OPENAI_API_KEY.
 */
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { BaseMessage, BaseMessageLike } from "@langchain/core/messages";
import {
  addMessages,
  type BaseCheckpointSaver,
  type BaseStore,
  entrypoint,
  getPreviousState,
  getStore,
  type LangGraphRunnableConfig,
  task,
} from "@langchain/langgraph";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { RedisSaver, RedisStore } from "langgraph-redis";

export interface Parts {
  model: BaseChatModel;
  checkpointer: BaseCheckpointSaver;
  store: BaseStore;
}

export function buildWorkflow({ model, checkpointer, store }: Parts) {
  const callModel = task("callModel", async (messages: BaseMessage[], userId: string) => {
    const memory = getStore();
    if (!memory) throw new Error("give the entrypoint a store");
    const namespace = ["memories", userId];
    const question = messages.at(-1)?.text ?? "";

    const memories = await memory.search(namespace, { query: question });
    const info = memories.map(({ value }) => value.data).join("\n");

    if (/remember/i.test(question)) {
      await memory.put(namespace, randomUUID(), { data: memoryOf(question) });
    }
    const system = `You are a helpful assistant talking to the user. User info: ${info}`;
    return model.invoke([{ role: "system", content: system }, ...messages]);
  });

  return entrypoint(
    { name: "chat", checkpointer, store },
    async (inputs: BaseMessageLike[], config: LangGraphRunnableConfig) => {
      const messages = addMessages(getPreviousState<BaseMessage[]>() ?? [], inputs);
      const answer = await callModel(messages, userOf(config));
      // The caller gets the answer; the thread keeps the whole conversation.
      return entrypoint.final({ value: answer, save: addMessages(messages, answer) });
    },
  );
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
  const keyPrefix = "functional-api"; // so that the examples do not meet in one Redis
  const checkpointer = await RedisSaver.fromConnString(url, { keyPrefix });
  const store = await RedisStore.fromConnString(url, {
    keyPrefix,
    index: { dims: 1536, embeddings: new OpenAIEmbeddings({ model: "text-embedding-3-small" }) },
  });
  const workflow = buildWorkflow({ model: new ChatOpenAI({ model: "gpt-4o-mini" }), checkpointer, store });

  const say = async (threadId: string, userId: string, content: string) => {
    const config = { configurable: { thread_id: threadId, user_id: userId } };
    const answer = await workflow.invoke([{ role: "user", content }], config);
    console.log(`[thread ${threadId}] user ${userId}: ${content}\n[thread ${threadId}] AI: ${answer.text}`);
  };

  await say("1", "1", "Hi! Remember: my name is Bob");
  await say("2", "1", "what is my name?");
  for (const memory of await store.search(["memories", "1"])) console.log(memory.value);
  await say("3", "2", "what is my name?");

  await store.stop();
  await checkpointer.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
