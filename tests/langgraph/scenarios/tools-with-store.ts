import type { LangGraphRunnableConfig } from "@langchain/langgraph";
import { createAgent, tool, toolStrategy } from "langchain";
import { z } from "zod";
import type { Scenario } from "../scenario.js";
import { ScriptedModel } from "../scripted-model.js";
import { input, on } from "../session.js";

const remember = tool(
  async ({ key, text }, config: LangGraphRunnableConfig) => {
    await config.store?.put(["memories", "ada"], key, { text, tags: [key], length: text.length });
    return `remembered ${key}`;
  },
  {
    name: "remember",
    description: "Remembers something.",
    schema: z.object({ key: z.string(), text: z.string() }),
  },
);

const recall = tool(
  async ({ tag }, config: LangGraphRunnableConfig) => {
    const items = await config.store?.search(["memories"], { filter: { length: { $gt: 5 } } });
    const one = await config.store?.get(["memories", "ada"], tag);
    return `${items?.map(({ key }) => key).sort()}; ${tag}: ${one?.value.text}`;
  },
  { name: "recall", description: "Finds memories.", schema: z.object({ tag: z.string() }) },
);

const forget = tool(
  async ({ key }, config: LangGraphRunnableConfig) => {
    await config.store?.delete(["memories", "ada"], key);
    return `forgot ${key}`;
  },
  { name: "forget", description: "Forgets something.", schema: z.object({ key: z.string() }) },
);

const Summary = z.object({ known: z.array(z.string()), count: z.number() }).meta({ title: "summary" });

export const toolsWithStore: Scenario = {
  name: "tools remember in the store, and another thread recalls; with a structured response",
  threads: ["first", "second", "third"],
  agent({ checkpointer, store }) {
    const model = new ScriptedModel({
      "I am Ada and play the viola": [
        ["remember", { key: "name", text: "Ada" }],
        ["remember", { key: "instrument", text: "plays the viola" }],
      ],
      "remembered instrument": [["summary", { known: ["name", "instrument"], count: 2 }]],
      "what do I play?": [["recall", { tag: "instrument" }]],
      "instrument; instrument: plays the viola": [["summary", { known: ["instrument"], count: 1 }]],
      "forget my name": [["forget", { key: "name" }]],
      "forgot name": [["summary", { known: ["instrument"], count: 1 }]],
    });
    const tools = [remember, recall, forget];
    return createAgent({ model, tools, responseFormat: toolStrategy(Summary), checkpointer, store });
  },
  phases: [
    {
      async run(session) {
        return (await session.run(input("I am Ada and play the viola"), on("first"))).structuredResponse;
      },
      result: { known: ["name", "instrument"], count: 2 },
    },
    {
      async run(session) {
        return (await session.run(input("what do I play?"), on("second"))).structuredResponse;
      },
      result: { known: ["instrument"], count: 1 },
    },
    {
      async run(session) {
        await session.say("forget my name", "third");
        const { store } = session.persistence;
        return [await store.get(["memories", "ada"], "name"), (await store.search(["memories"])).length];
      },
      result: [null, 1],
    },
  ],
};
