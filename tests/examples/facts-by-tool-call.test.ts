import { expect, test } from "vitest";
import { buildGraph } from "../../examples/facts-by-tool-call.js";
import { openParts, stored } from "./parts.js";

const DINNER = "where and what should i eat for dinner? Can you list some restaurants?";
const PIZZA = { fact: "User likes pepperoni pizza", topic: "Food" };
const TOWN = { fact: "User just moved to San Francisco", topic: "Location" };

async function open() {
  const parts = await openParts({ semantic: false });
  const graph = buildGraph(parts);
  const say = async (thread_id: string, user_id: string, content: string) => {
    const config = { configurable: { thread_id, user_id } };
    const { messages } = await graph.invoke({ messages: [{ role: "user", content }] }, config);
    return messages;
  };
  return { ...parts, graph, say };
}

test("the facts that the model saved, and only these, are in the store", async () => {
  const { say, store } = await open();

  await say("1", "1", "hi");
  expect(await stored(store, ["memories", "1"])).toEqual([]);
  await say("1", "1", "i like pepperoni pizza");
  await say("1", "1", "i also just moved to SF");

  const facts = await stored(store, ["memories", "1"]);
  expect(facts).toHaveLength(2);
  expect(facts).toEqual(expect.arrayContaining([PIZZA, TOWN]));
  expect(await store.listNamespaces()).toEqual([["memories", "1"]]);
});

test("two facts of one message are two items", async () => {
  const { say, store } = await open();

  await say("1", "1", "i like pepperoni pizza and i just moved to SF");

  const facts = await stored(store, ["memories", "1"]);
  expect(facts).toHaveLength(2);
  expect(facts).toEqual(expect.arrayContaining([PIZZA, TOWN]));
});

test("every tool call is answered in the thread", async () => {
  const { say } = await open();

  const messages = await say("1", "1", "i like pepperoni pizza");

  expect(messages.map((message) => message.type)).toEqual(["human", "ai", "tool"]);
  expect(messages.at(-1)?.text).toBe("Saved!");
});

test("another thread of the same user knows the preferences without having heard them", async () => {
  const { say } = await open();
  await say("1", "1", "i like pepperoni pizza");
  await say("1", "1", "i also just moved to SF");

  const messages = await say("2", "1", DINNER);

  expect(messages).toHaveLength(2);
  expect(messages.at(-1)?.text).toMatch(/you like pepperoni pizza.*San Francisco/);
});

test("another user gets none of them, and has no memories", async () => {
  const { say, store } = await open();
  await say("1", "1", "i like pepperoni pizza");
  await say("1", "1", "i also just moved to SF");

  const messages = await say("3", "2", DINNER);

  expect(messages.at(-1)?.text).toBe("Where are you, and what do you like to eat? I know neither.");
  expect(await stored(store, ["memories", "2"])).toEqual([]);
});
