import { entrypoint, getPreviousState, getStore, interrupt, task } from "@langchain/langgraph";
import type { Scenario } from "../scenario.js";

const draft = task("draft", async (topic: string) => {
  await getStore()?.put(["drafts"], topic, { topic });
  return `draft on ${topic}`;
});

export const workflow: Scenario = {
  name: "a workflow of the functional API asks between its tasks, and has its previous state",
  agent({ checkpointer, store }) {
    return entrypoint({ name: "workflow", checkpointer, store }, async (topics: string[]) => {
      const drafts = await Promise.all(topics.map((topic) => draft(topic)));
      const verdict = interrupt<string, string>(`${drafts.length} drafts: fine?`);
      const last = await draft(`${topics.join(" and ")} (${verdict})`);
      const done = [...(getPreviousState<string[]>() ?? []), ...drafts, last];
      return entrypoint.final({ value: last, save: done });
    });
  },
  phases: [
    {
      async run(session) {
        await session.run(["owls", "bats"]);
        return (await session.questions()).map(({ value }) => value);
      },
      result: ["2 drafts: fine?"],
    },
    {
      async run(session) {
        await session.resume("yes");
        await session.run(["moths"]);
        return (await session.questions()).map(({ value }) => value);
      },
      result: ["1 drafts: fine?"],
    },
    {
      async run(session) {
        await session.resume("no");
        return (await session.state()).values;
      },
      result: "draft on moths (no)",
    },
  ],
};
