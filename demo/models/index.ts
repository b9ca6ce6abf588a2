import type { EmbeddingsInterface } from "@langchain/core/embeddings";
import type { BaseChatModel } from "@langchain/core/language_models/chat_models";

export interface Models {
  chat: BaseChatModel;
  embeddings: EmbeddingsInterface;
  /** How long the vectors of {@link embeddings} are. */
  dims: number;
  /** One line for people. */
  description: string;
}

/** OpenAI's models when there is a key for them, otherwise models that run in this process. */
export async function chooseModels(env: NodeJS.ProcessEnv = process.env): Promise<Models> {
  return env.OPENAI_API_KEY ? openAIModels() : localModels();
}

// Each pair is imported only when it is used: both take a noticeable time to load.

async function openAIModels(): Promise<Models> {
  const { ChatOpenAI, OpenAIEmbeddings } = await import("@langchain/openai");
  return {
    chat: new ChatOpenAI({ model: "gpt-4o-mini", temperature: 0 }),
    embeddings: new OpenAIEmbeddings({ model: "text-embedding-3-small" }),
    dims: 1536,
    description: "gpt-4o-mini and text-embedding-3-small (1536 dimensions) by OpenAI",
  };
}

async function localModels(): Promise<Models> {
  const { ScriptedChatModel } = await import("./scripted-chat-model.js");
  const { SentenceEmbeddings } = await import("./sentence-embeddings.js");
  return {
    chat: new ScriptedChatModel(),
    embeddings: new SentenceEmbeddings(),
    dims: SentenceEmbeddings.dims,
    description:
      "a scripted chat model and the Universal Sentence Encoder (512 dimensions), both in this process; " +
      "set OPENAI_API_KEY to use OpenAI's",
  };
}
