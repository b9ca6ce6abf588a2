import type { BaseChatModel } from "@langchain/core/language_models/chat_models";
import type { BaseCheckpointSaver, BaseStore } from "@langchain/langgraph";
import { buildGraph } from "../examples/cross-thread-memory.js";
import { buildWorkflow } from "../examples/functional-api.js";
import type { ChatName } from "./conversation.js";

export interface Parts {
  model: BaseChatModel;
  checkpointer: BaseCheckpointSaver;
  store: BaseStore;
}

/** Says something in a thread, as a user, and gives the answer. */
export type Say = (threadId: string, userId: string, text: string) => Promise<string>;

/** The same chat in the two ways that LangGraph offers to write it. The code is that of the examples. */
export const startChat: Record<ChatName, (parts: Parts) => Say> = {
  graph(parts) {
    const graph = buildGraph(parts);
    return async (threadId, userId, text) => {
      const input = { messages: [{ role: "user", content: text }] };
      const { messages } = await graph.invoke(input, configOf(threadId, userId));
      return messages.at(-1)?.text ?? "";
    };
  },
  workflow(parts) {
    const workflow = buildWorkflow(parts);
    return async (threadId, userId, text) => {
      const answer = await workflow.invoke([{ role: "user", content: text }], configOf(threadId, userId));
      return answer.text;
    };
  },
};

const configOf = (threadId: string, userId: string) => ({
  configurable: { thread_id: threadId, user_id: userId },
});
