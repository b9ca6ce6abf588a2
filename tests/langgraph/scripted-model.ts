import { randomUUID } from "node:crypto";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";

/** A tool that the model calls, with its arguments. */
export type Call = readonly [tool: string, args: Record<string, unknown>];

/** The model's answer to a text: a text or calls of tools. */
export type Script = Readonly<Record<string, string | readonly Call[]>>;

/**
 * A chat model without memory and without chance: its answer follows from the messages that it is given, in whatever
 * process. It looks the last text up in its script. A text that is not in the script is answered with itself and the
 * number of messages, so that a model that was given another conversation answers something else.
 */
export class ScriptedModel extends BaseChatModel {
  constructor(private readonly script: Script = {}) {
    super({});
  }

  override _llmType(): string {
    return "scripted";
  }

  override bindTools(): this {
    return this;
  }

  override async _generate(messages: BaseMessage[]): Promise<ChatResult> {
    const last = messages.at(-1)?.text ?? "";
    const answer = this.script[last] ?? `${messages.length} messages, the last one: ${last}`;
    const message =
      typeof answer === "string"
        ? new AIMessage(answer)
        : new AIMessage({
            content: "",
            tool_calls: answer.map(([name, args]) => ({
              name,
              args,
              id: `call-${randomUUID()}`,
              type: "tool_call",
            })),
          });
    return { generations: [{ message, text: message.text }] };
  }
}
