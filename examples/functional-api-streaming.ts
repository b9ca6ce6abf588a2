/**
 * Memory across threads, with the functional API, streaming.
 *
 * As functional-api.ts, with two choices made differently: the user is part of the workflow's input, and the
 * entrypoint hands its `config.store` to the task as an argument, so that the task can be read and tried on its own.
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

export interface Input {
  messages: BaseMessageLike[];
  userId: string;
}

export function buildWorkflow({ model, checkpointer, store }: Parts) {
  const callModel = task("callModel", async (messages: BaseMessage[], memory: BaseStore, userId: string) => {
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
    async (input: Input, config: LangGraphRunnableConfig) => {
      if (!config.store) throw new Error("give the entrypoint a store");
      const messages = addMessages(getPreviousState<BaseMessage[]>() ?? [], input.messages);
      const answer = await callModel(messages, config.store, input.userId);
      return entrypoint.final({ value: answer, save: addMessages(messages, answer) });
    },
  );
}

/** What to keep of a request to remember something. (A model could write this; see facts-by-tool-call.ts.) */
function memoryOf(text: string): string {
  const name = /my name is (\w+)/i.exec(text)?.[1];
  return name ? `User name is ${name}` : `User said: ${text}`;
}

async function main() {
  const url = process.env.REDIS_URL ?? "redis://localhost:6379";
  const keyPrefix = "functional-api-streaming"; // so that the examples do not meet in one Redis
  const checkpointer = await RedisSaver.fromConnString(url, { keyPrefix });
  const store = await RedisStore.fromConnString(url, {
    keyPrefix,
    index: { dims: 1536, embeddings: new OpenAIEmbeddings({ model: "text-embedding-3-small" }) },
  });
  const workflow = buildWorkflow({ model: new ChatOpenAI({ model: "gpt-4o-mini" }), checkpointer, store });

  const say = async (threadId: string, userId: string, content: string) => {
    console.log(`[thread ${threadId}] user ${userId}: ${content}`);
    const input = { messages: [{ role: "user", content }], userId };
    const config = { configurable: { thread_id: threadId }, streamMode: "values" as const };
    for await (const answer of await workflow.stream(input, config)) {
      console.log(`[thread ${threadId}] AI: ${answer.text}`);
    }
  };

  await say("1", "1", "Hi! Remember: my name is Bob");
  await say("2", "1", "what is my name?");
  for (const memory of await store.search(["memories", "1"])) console.log(memory.value);
  await say("3", "2", "what is my name?");

  await store.stop();
  await checkpointer.end();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
