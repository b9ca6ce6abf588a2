import { RedisSaver } from "langgraph-redis";
import { expect, onTestFinished, test } from "vitest";
import { ScriptedChatModel } from "../../demo/models/scripted-chat-model.js";
import { buildGraph } from "../../examples/thread-memory.js";
import { freshPrefix, redisUrl } from "../helpers/redis.js";

const model = new ScriptedChatModel();
const UNKNOWN = /I don't know your name/;

async function openSaver(keyPrefix = freshPrefix()) {
  const checkpointer = await RedisSaver.fromConnString(redisUrl(), { keyPrefix });
  onTestFinished(() => checkpointer.end());
  return checkpointer;
}

function chat(checkpointer?: RedisSaver) {
  const graph = buildGraph({ model, checkpointer });
  return async (content: string, threadId?: string) => {
    const config = threadId ? { configurable: { thread_id: threadId } } : {};
    const { messages } = await graph.invoke({ messages: [{ role: "user", content }] }, config);
    return messages.at(-1)?.text;
  };
}

test("without a checkpointer nothing is remembered", async () => {
  const say = chat();
  expect(await say("hi! I'm bob")).toContain("Bob");
  expect(await say("what's my name?")).toMatch(UNKNOWN);
});

test("with a checkpointer the thread remembers", async () => {
  const say = chat(await openSaver());
  await say("hi! I'm bob", "1");
  expect(await say("what's my name?", "1")).toBe("Your name is Bob.");
});

test("another thread knows nothing", async () => {
  const say = chat(await openSaver());
  await say("hi! I'm bob", "1");
  expect(await say("what's my name?", "2")).toMatch(UNKNOWN);
});

test("an old thread can be resumed after others have been used", async () => {
  const say = chat(await openSaver());
  await say("hi! I'm bob", "1");
  await say("hi! I'm alice", "2");
  expect(await say("what's my name?", "1")).toBe("Your name is Bob.");
  expect(await say("what's my name?", "2")).toBe("Your name is Alice.");
});

test("and through a connection that was opened later", async () => {
  const keyPrefix = freshPrefix();
  await chat(await openSaver(keyPrefix))("hi! I'm bob", "1");
  expect(await chat(await openSaver(keyPrefix))("what's my name?", "1")).toBe("Your name is Bob.");
});

test("a deleted thread is forgotten", async () => {
  const checkpointer = await openSaver();
  const say = chat(checkpointer);
  await say("hi! I'm bob", "1");
  await checkpointer.deleteThread("1");
  expect(await say("what's my name?", "1")).toMatch(UNKNOWN);
});
