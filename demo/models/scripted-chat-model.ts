import { randomUUID } from "node:crypto";
import {
  BaseChatModel,
  type BaseChatModelCallOptions,
  type BindToolsInput,
} from "@langchain/core/language_models/chat_models";
import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { ChatResult } from "@langchain/core/outputs";
import { convertToOpenAITool } from "@langchain/core/utils/function_calling";
import { type Fact, factsIn, sentence, topic } from "./facts.js";

interface CallOptions extends BaseChatModelCallOptions {
  tools?: BindToolsInput[];
}

/**
 * A chat model small enough to read, for runs without an API key.
 *
 * It keeps nothing between calls. Whatever it answers it has found in the messages of this very call: in what the
 * user said, or in what the system prompt says is remembered about the user. So a right answer proves that the
 * memory reached the model, and a lost memory shows as a wrong answer, as with a large model.
 */
export class ScriptedChatModel extends BaseChatModel<CallOptions> {
  constructor() {
    super({});
  }

  override _llmType(): string {
    return "scripted";
  }

  override bindTools(tools: BindToolsInput[], kwargs?: Partial<CallOptions>) {
    return this.withConfig({ ...kwargs, tools });
  }

  override async _generate(messages: BaseMessage[], options: CallOptions): Promise<ChatResult> {
    const message = reply(messages, toolNames(options.tools ?? []));
    return { generations: [{ text: message.text, message }] };
  }
}

function toolNames(tools: BindToolsInput[]): string[] {
  return tools.map((tool) => convertToOpenAITool(tool).function.name);
}

function reply(messages: BaseMessage[], tools: string[]): AIMessage {
  const last = messages.at(-1);
  if (last?.type !== "human") return new AIMessage("Noted.");
  const remembered = factsIn(textOf(messages, "system"));
  const isNew = (fact: Fact) => !remembered.some((known) => sentence(known) === sentence(fact));
  const news = factsIn(last.text).filter(isNew);
  if (news.length > 0 && tools.includes("Info")) return saveFacts(news);
  return new AIMessage(answer(last.text, messages, remembered));
}

function answer(question: string, messages: BaseMessage[], remembered: Fact[]): string {
  const known = [...remembered, ...factsIn(textOf(messages, "human"))];
  const latest = (about: Fact["about"]) => known.filter((fact) => fact.about === about).at(-1)?.value;
  const name = latest("name");

  if (/what(?:['’]s| is) my name/i.test(question)) {
    return name ? `Your name is ${name}.` : "I don't know your name: nothing that I was given says it.";
  }
  if (/\bfirst\b.*\b(?:said|say|told|tell)\b/i.test(question)) {
    const first = messages.find((message) => message.type === "human");
    return `The first thing you told me was: "${first?.text}"`;
  }
  if (/\b(?:eat|dinner|lunch|restaurants?)\b/i.test(question))
    return suggestion(latest("likes"), latest("place"));

  const said = factsIn(question).map((fact) => fact.about);
  if (said.includes("name")) return `Hello ${name}! How can I help you?`;
  if (said.length > 0) return "Good to know. How can I help you?";
  return "Hello! How can I help you?";
}

function suggestion(dish: string | undefined, place: string | undefined): string {
  if (!dish && !place) return "Where are you, and what do you like to eat? I know neither.";
  const reasons = [dish && `you like ${dish}`, place && `you are in ${place}`].filter(Boolean).join(" and ");
  return `Since ${reasons}, look for ${dish ?? "a restaurant"}${place ? ` in ${place}` : " near you"}.`;
}

/** One call of the tool for each fact, as the large models make parallel calls. */
function saveFacts(facts: Fact[]): AIMessage {
  return new AIMessage({
    content: "",
    tool_calls: facts.map((fact) => ({
      type: "tool_call",
      id: `call_${randomUUID()}`,
      name: "Info",
      args: { fact: sentence(fact), topic: topic(fact) },
    })),
  });
}

function textOf(messages: BaseMessage[], type: "system" | "human"): string {
  return messages
    .filter((message) => message.type === type)
    .map((message) => message.text)
    .join("\n");
}
