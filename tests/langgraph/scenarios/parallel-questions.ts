import { interrupt } from "@langchain/langgraph";
import { createAgent, tool } from "langchain";
import { z } from "zod";
import type { Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";
import type { Session } from "../session.js";

const schema = z.object({ city: z.string() });
const book = tool(({ city }) => `${city}: ${interrupt(`which hotel in ${city}?`)}`, {
  name: "book",
  description: "Books a hotel.",
  schema,
});
const weather = tool(({ city }) => `${city}: sunny`, {
  name: "weather",
  description: "The weather.",
  schema,
});

async function answerIn(session: Session, city: string, hotel: string): Promise<unknown[]> {
  const question = (await session.questions()).find(({ value }) => value === `which hotel in ${city}?`);
  return session.resume({ [question?.id ?? ""]: hotel });
}

export const parallelQuestions: Scenario = {
  name: "two of three parallel tools ask, and are answered one after the other",
  agent({ checkpointer, store }) {
    const model = new ScriptedModel({
      "plan the trip": [
        ["book", { city: "Paris" }],
        ["weather", { city: "Rome" }],
        ["book", { city: "Oslo" }],
      ],
    });
    return createAgent({ model, tools: [book, weather], checkpointer, store });
  },
  phases: [
    {
      async run(session) {
        await session.say("plan the trip");
        return (await session.questions()).map(({ value }) => value);
      },
      result: ["which hotel in Paris?", "which hotel in Oslo?"],
    },
    {
      async run(session) {
        await answerIn(session, "Oslo", "Grand");
        const { tasks } = await session.state();
        return tasks.map(({ result, interrupts: [question] }) => [
          question?.value ?? null,
          result !== undefined,
        ]);
      },
      result: [
        ["which hotel in Paris?", false],
        [null, true],
        ["which hotel in Oslo?", true],
      ],
    },
    {
      run: (session) => answerIn(session, "Paris", "Ritz"),
      result: [
        "plan the trip",
        "book,weather,book",
        "Paris: Ritz",
        "Rome: sunny",
        "Oslo: Grand",
        "5 messages, the last one: Oslo: Grand",
      ],
    },
  ],
};
