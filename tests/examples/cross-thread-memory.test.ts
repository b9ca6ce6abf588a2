import { describe, expect, test } from "vitest";
import { buildGraph } from "../../examples/cross-thread-memory.js";
import { buildWorkflow } from "../../examples/functional-api.js";
import { buildWorkflow as buildStreamingWorkflow } from "../../examples/functional-api-streaming.js";
import { openParts, stored } from "./parts.js";

type Parts = Awaited<ReturnType<typeof openParts>>;
type Say = (threadId: string, userId: string, content: string) => Promise<string>;

const user = (content: string) => ({ role: "user", content });

/** The three examples say the same in three ways, so the same has to be true of them. */
const EXAMPLES: Record<string, (parts: Parts) => Say> = {
  "cross-thread-memory": (parts) => {
    const graph = buildGraph(parts);
    return async (thread_id, user_id, content) => {
      const config = { configurable: { thread_id, user_id } };
      const { messages } = await graph.invoke({ messages: [user(content)] }, config);
      return messages.at(-1)?.text ?? "";
    };
  },
  "functional-api": (parts) => {
    const workflow = buildWorkflow(parts);
    return async (thread_id, user_id, content) =>
      (await workflow.invoke([user(content)], { configurable: { thread_id, user_id } })).text;
  },
  "functional-api-streaming": (parts) => {
    const workflow = buildStreamingWorkflow(parts);
    return async (thread_id, userId, content) => {
      const answers: string[] = [];
      const config = { configurable: { thread_id }, streamMode: "values" as const };
      for await (const answer of await workflow.stream({ messages: [user(content)], userId }, config)) {
        answers.push(answer.text);
      }
      return answers.join("\n");
    };
  },
};

describe.each(Object.entries(EXAMPLES))("%s", (_name, start) => {
  test("a name that one thread was asked to remember is known in another thread of the same user", async () => {
    const parts = await openParts();
    const say = start(parts);

    expect(await say("1", "1", "Hi! Remember: my name is Bob")).toContain("Bob");
    expect(await say("2", "1", "what is my name?")).toBe("Your name is Bob.");
    expect(await stored(parts.store, ["memories", "1"])).toEqual([{ data: "User name is Bob" }]);
  });

  test("another user is told nothing of it, and has no memories", async () => {
    const parts = await openParts();
    const say = start(parts);

    await say("1", "1", "Hi! Remember: my name is Bob");
    expect(await say("3", "2", "what is my name?")).toContain("I don't know your name");
    expect(await stored(parts.store, ["memories", "2"])).toEqual([]);
  });

  test("a user whose id begins like another's is another user", async () => {
    const parts = await openParts();
    const say = start(parts);

    await say("1", "1", "Hi! Remember: my name is Bob");
    expect(await say("2", "10", "what is my name?")).toContain("I don't know your name");
  });

  test("what nobody asked to remember stays in its thread", async () => {
    const parts = await openParts();
    const say = start(parts);

    await say("1", "1", "Hello, my name is Alice");
    expect(await say("1", "1", "what is my name?")).toBe("Your name is Alice.");
    expect(await say("2", "1", "what is my name?")).toContain("I don't know your name");
    expect(await stored(parts.store, ["memories", "1"])).toEqual([]);
  });

  test("a thread goes on where it was, in a workflow that was built anew", async () => {
    const parts = await openParts();

    await start(parts)("1", "1", "Hi! Remember: my name is Bob");
    expect(await start(parts)("1", "1", "What was the first thing I told you?")).toBe(
      'The first thing you told me was: "Hi! Remember: my name is Bob"',
    );
  });
});

test("the memories closest in meaning to the question come first", async () => {
  const { store } = await openParts();
  const memories = ["User likes pepperoni pizza", "User just moved to San Francisco", "User name is Bob"];
  for (const data of memories) await store.put(["memories", "1"], data, { data });

  const closest = async (query: string) =>
    (await store.search(["memories", "1"], { query, limit: 1 }))[0]?.value.data;
  expect(await closest("what is my name?")).toBe("User name is Bob");
  expect(await closest("which town do I live in?")).toBe("User just moved to San Francisco");
  expect(await closest("what should I have for dinner?")).toBe("User likes pepperoni pizza");
});
