import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { ToolDefinition } from "@langchain/core/language_models/base";
import { type BaseMessage, coerceMessageLikeToMessage, ToolMessage } from "@langchain/core/messages";
import { ScriptedChatModel } from "../../demo/models/scripted-chat-model.js";
import { SentenceEmbeddings } from "../../demo/models/sentence-embeddings.js";

interface EmbeddingsRequest {
  input: string | string[];
  encoding_format?: "float" | "base64";
}

interface ChatRequest {
  messages: { role: "system" | "user" | "assistant" | "tool"; content: string; tool_call_id?: string }[];
  tools?: ToolDefinition[];
}

/**
 * The two calls of OpenAI's API that our code makes, answered on loopback by the models that need no key: so the
 * client library, and every line that is written for OpenAI, runs as it would.
 */
export async function openAIEndpoint() {
  const chat = new ScriptedChatModel();
  const embeddings = new SentenceEmbeddings();
  const requests: string[] = [];

  async function answer(path: string, body: unknown): Promise<unknown> {
    requests.push(path);
    if (path === "/v1/embeddings") {
      const { input, encoding_format } = body as EmbeddingsRequest;
      const vectors = await embeddings.embedDocuments([input].flat());
      const data = vectors.map((vector, index) => {
        const embedding = lengthen(vector);
        return {
          object: "embedding",
          index,
          embedding: encoding_format === "base64" ? base64(embedding) : embedding,
        };
      });
      return {
        object: "list",
        model: "text-embedding-3-small",
        data,
        usage: { prompt_tokens: 1, total_tokens: 1 },
      };
    }
    if (path === "/v1/chat/completions") {
      const { messages, tools = [] } = body as ChatRequest;
      const { content, tool_calls = [] } = await chat.bindTools(tools).invoke(messages.map(toMessage));
      const calls = tool_calls.map(({ id, name, args }) => ({
        id,
        type: "function",
        function: { name, arguments: JSON.stringify(args) },
      }));
      const message = { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls }) };
      const choices = [{ index: 0, message, finish_reason: "stop" }];
      // LangGraph takes two messages with one id for two versions of one message.
      const id = `chatcmpl-${randomUUID()}`;
      return { id, object: "chat.completion", created: 0, model: "gpt-4o-mini", choices };
    }
    throw new Error(`nothing here answers ${path}`);
  }

  const server = createServer((request, response) => {
    readJson(request)
      .then((body) => answer(request.url ?? "", body))
      .then(
        (reply) => response.setHeader("content-type", "application/json").end(JSON.stringify(reply)),
        (error) => response.writeHead(400).end(String(error)),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    /** What makes OpenAI's client talk to this endpoint. */
    env: { OPENAI_API_KEY: "no-key", OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1` },
    /** The paths that were asked for, in order. */
    requests,
    stop: () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** As long as OpenAI's vectors. Zeros at the end change no angle between vectors. */
const lengthen = (vector: number[]) => [...vector, ...Array<number>(1536 - vector.length).fill(0)];

function toMessage({ role, content, tool_call_id = "" }: ChatRequest["messages"][number]): BaseMessage {
  return role === "tool"
    ? new ToolMessage({ content, tool_call_id })
    : coerceMessageLikeToMessage({ role, content: content ?? "" });
}

const base64 = (vector: number[]) => Buffer.from(new Float32Array(vector).buffer).toString("base64");

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString("utf8"));
}
