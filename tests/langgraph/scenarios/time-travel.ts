import { createAgent, tool } from "langchain";
import { z } from "zod";
import type { Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";

const double = tool(({ n }) => `${2 * n}`, {
  name: "double",
  description: "Doubles a number.",
  schema: z.object({ n: z.number() }),
});

const conversation = (question: string, answer: string) => [
  question,
  "double",
  answer,
  `3 messages, the last one: ${answer}`,
  "thank you",
  "5 messages, the last one: thank you",
];

export const timeTravel: Scenario = {
  name: "an old checkpoint is changed and gone on from",
  looksBack: true,
  agent({ checkpointer, store }) {
    const model = new ScriptedModel({
      "double 2": [["double", { n: 2 }]],
      "double 5": [["double", { n: 5 }]],
    });
    return createAgent({ model, tools: [double], checkpointer, store });
  },
  phases: [
    {
      async run(session) {
        await session.say("double 2");
        return session.say("thank you");
      },
      result: conversation("double 2", "4"),
    },
    {
      async run(session) {
        const old = (await session.history()).findLast(({ next }) => next[0] === "model_request");
        const [question] = old?.values.messages ?? [];
        const edited = { role: "user", content: "double 5", id: question.id };
        await session.update(old?.config ?? {}, { messages: [edited] });
        return (await session.state()).next;
      },
      result: ["model_request"],
    },
    {
      async run(session) {
        await session.run(null);
        return session.say("thank you");
      },
      result: conversation("double 5", "10"),
    },
  ],
};
