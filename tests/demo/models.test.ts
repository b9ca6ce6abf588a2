import { AIMessage, HumanMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import { describe, expect, test } from "vitest";
import { factsIn, sentence } from "../../demo/models/facts.js";
import { chooseModels } from "../../demo/models/index.js";
import { ScriptedChatModel } from "../../demo/models/scripted-chat-model.js";
import { SentenceEmbeddings } from "../../demo/models/sentence-embeddings.js";

describe("the scripted model answers from what it is given", () => {
  const model = new ScriptedChatModel();
  const ask = async (...messages: Parameters<typeof model.invoke>[0] & unknown[]) =>
    (await model.invoke(messages)).text;

  test("a name from the system prompt", async () => {
    const system = new SystemMessage("You are helpful. User info: User name is Eve");
    expect(await ask(system, "what is my name?")).toBe("Your name is Eve.");
  });

  test("a name from the conversation, the latest one", async () => {
    const said = [
      new HumanMessage("my name is Ann"),
      new AIMessage("Hello Ann!"),
      new HumanMessage("Hi, I'm Zoë"),
    ];
    expect(await ask(...said, "what is my name?")).toBe("Your name is Zoë.");
  });

  test("no name when nobody has said one, or only the AI has", async () => {
    expect(await ask("what is my name?")).toContain("I don't know your name");
    expect(await ask(new AIMessage("my name is HAL"), "what is my name?")).toContain(
      "I don't know your name",
    );
  });

  test("nothing carried over from an earlier call", async () => {
    await ask("my name is Bob");
    expect(await ask("what is my name?")).toContain("I don't know your name");
  });

  test("one known preference without the other", async () => {
    const system = new SystemMessage("User likes sushi");
    expect(await ask(system, "where should I eat?")).toBe("Since you like sushi, look for sushi near you.");
  });

  test("tool calls for new facts only, and only when it was given the tool", async () => {
    const schema = { type: "object", properties: { fact: { type: "string" }, topic: { type: "string" } } };
    const learner = model.bindTools([{ type: "function", function: { name: "Info", parameters: schema } }]);
    const system = new SystemMessage("User likes pepperoni pizza");

    const answer = await learner.invoke([system, "I like pepperoni pizza, and I just moved to SF!"]);
    expect(answer.tool_calls?.map((call) => call.args)).toEqual([
      { fact: "User just moved to San Francisco", topic: "Location" },
    ]);
    const call = new ToolMessage({ content: "Saved!", tool_call_id: answer.tool_calls?.[0]?.id ?? "" });
    expect((await learner.invoke([system, answer, call])).tool_calls).toEqual([]);
    expect((await model.invoke("I just moved to SF")).tool_calls).toEqual([]);
  });
});

test("a remembered sentence reads back as the fact that it came from", () => {
  const said = "Hi! Remember: my name is bob. I like pepperoni pizza and I just moved to SF";
  const facts = factsIn(said);
  expect(facts).toEqual([
    { about: "name", value: "Bob" },
    { about: "likes", value: "pepperoni pizza" },
    { about: "place", value: "San Francisco" },
  ]);
  expect(factsIn(facts.map(sentence).join("\n"))).toEqual(facts);
});

describe("the sentence embeddings", () => {
  const embeddings = new SentenceEmbeddings();
  const similarity = async (one: string, other: string) => {
    const [a = [], b = []] = await embeddings.embedDocuments([one, other]);
    return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  };

  test("are near for related sentences and far for others", async () => {
    const question = "what is my name?";
    expect(await similarity(question, "User name is Bob")).toBeGreaterThan(
      (await similarity(question, "User just moved to San Francisco")) + 0.2,
    );
  });

  test("are of the promised length and of finite numbers, whatever the text", async () => {
    for (const text of ["", " ", "日本", "🎉", "\u0000", "word ".repeat(500)]) {
      const vector = await embeddings.embedQuery(text);
      expect(vector).toHaveLength(SentenceEmbeddings.dims);
      expect(vector.every(Number.isFinite)).toBe(true);
    }
    expect(await embeddings.embedDocuments([])).toEqual([]);
  });
});

test("OpenAI's models are chosen when there is a key, and local ones otherwise", async () => {
  expect(await chooseModels({})).toMatchObject({ dims: 512, chat: expect.any(ScriptedChatModel) });
});
