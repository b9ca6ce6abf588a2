import { createAgent, summarizationMiddleware } from "langchain";
import type { Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";

export const summarization: Scenario = {
  name: "a long conversation is summarized, which removes messages",
  agent({ checkpointer, store }) {
    const summarize = summarizationMiddleware({
      model: new ScriptedModel(),
      summaryPrompt: "{messages}",
      summaryPrefix: "summary:",
      trigger: { messages: 5 },
      keep: { messages: 2 },
    });
    return createAgent({
      model: new ScriptedModel(),
      tools: [],
      middleware: [summarize],
      checkpointer,
      store,
    });
  },
  phases: [
    {
      async run(session) {
        await session.say("one");
        return session.say("two");
      },
      result: ["one", "1 messages, the last one: one", "two", "3 messages, the last one: two"],
    },
    {
      run: (session) => session.say("three"),
      result: [
        `summary:\n\n1 messages, the last one: Human: one\nAI: model, 1 messages, the last one: one\nHuman: two`,
        "3 messages, the last one: two",
        "three",
        "3 messages, the last one: three",
      ],
    },
    {
      async run(session) {
        await session.say("four");
        return (await session.say("five")).slice(1);
      },
      result: ["3 messages, the last one: four", "five", "3 messages, the last one: five"],
    },
  ],
};
