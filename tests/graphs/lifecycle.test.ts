import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { type BaseCheckpointSaver, interrupt, MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { keysOf } from "../checkpoint/lifecycle/helpers.js";
import { connect } from "../helpers/redis.js";
import { answer, on, redis, snapshots, texts } from "./savers.js";

/** A chat whose subgraph counts its turns, and that asks before it answers. */
function chat(checkpointer: BaseCheckpointSaver) {
  const child = new StateGraph(MessagesAnnotation)
    .addNode("count", ({ messages }) => ({ messages: [new AIMessage(`${messages.length}`)] }))
    .addEdge("__start__", "count")
    .compile({ checkpointer: true });
  const count = async ({ messages }: typeof MessagesAnnotation.State) => {
    const counted = await child.invoke({ messages: messages.slice(-1) });
    return { messages: [new AIMessage(`the child has ${counted.messages.length}`)] };
  };
  return new StateGraph(MessagesAnnotation)
    .addNode("child", count, { subgraphs: [child] })
    .addNode("answer", () => ({ messages: [new AIMessage(`answer: ${interrupt("?")}`)] }))
    .addEdge("__start__", "child")
    .addEdge("child", "answer")
    .compile({ checkpointer });
}

const say = (content: string) => ({ messages: [new HumanMessage(content)] });

/** Whole turns, then one that waits for an answer. */
async function talk(saver: BaseCheckpointSaver, thread: string, turns: number) {
  for (let turn = 0; turn < turns; turn++) {
    await chat(saver).invoke(say(`turn ${turn}`), on(thread));
    await chat(saver).invoke(answer(`${turn}`), on(thread));
  }
  await chat(saver).invoke(say("last"), on(thread));
}

const conversation = (turns: number) =>
  Array.from({ length: turns }, (_, turn) => [
    `turn ${turn}`,
    `the child has ${2 * turn + 2}`,
    `answer: ${turn}`,
  ]);

test("a pruned thread goes on: its question is open, its subgraph remembers", async () => {
  const { open } = redis();
  const saver = await open(); // believes to know what the thread holds
  await talk(saver, "t", 3);
  const other = await open();
  expect(await other.prune(["t"], { strategy: "keep_latest" })).toBeGreaterThan(10);
  expect(await snapshots(chat(await open()), on("t"))).toHaveLength(1);
  const { messages } = await chat(saver).invoke(answer("now"), on("t"));
  const sofar = [...conversation(3).flat(), "last", "the child has 8", "answer: now"];
  expect(texts(messages)).toEqual(sofar);
  await chat(saver).invoke(say("more"), on("t"));
  const { values } = await chat(await open()).getState(on("t"));
  expect(texts(values.messages)).toEqual([...sofar, "more", "the child has 10"]);
});

test("a thread that is pruned while it runs ends as if it had not been", async () => {
  const { open } = redis();
  const saver = await open();
  const pruning = await open();
  let [running, removed] = [true, 0];
  const run = async () => {
    await talk(saver, "t", 15);
    running = false;
  };
  const prune = async () => {
    while (running) removed += await pruning.prune(["t"], { strategy: "keep_latest" });
  };
  await Promise.all([run(), prune()]);
  expect(removed).toBeGreaterThan(0);
  const { values } = await chat(await open()).getState(on("t"));
  expect(texts(values.messages)).toEqual([...conversation(15).flat(), "last", "the child has 32"]);
});

test("a copy of a thread goes its own way, as does the original", async () => {
  const { open } = redis();
  const saver = await open();
  await talk(saver, "t", 2);
  await saver.copyThread("t", "copy");
  const [original, copied] = [chat(saver), chat(await open())];
  const [left, right] = await Promise.all([
    original.invoke(answer("original"), on("t")),
    copied.invoke(answer("copy"), on("copy")),
  ]);
  const sofar = [...conversation(2).flat(), "last", "the child has 6"];
  expect(texts(left.messages)).toEqual([...sofar, "answer: original"]);
  expect(texts(right.messages)).toEqual([...sofar, "answer: copy"]);
  await copied.invoke(say("more"), on("copy"));
  expect(texts((await chat(await open()).getState(on("copy"))).values.messages).at(-1)).toBe(
    "the child has 8",
  );
  expect(texts((await chat(await open()).getState(on("t"))).values.messages)).toEqual(texts(left.messages));
  const old = (await snapshots(chat(await open()), on("copy"))).at(-3);
  expect((await chat(await open()).getState(old?.config as object)).values).toEqual(old?.values);
});

test("a deleted thread is gone with all its namespaces, and can be begun again", async () => {
  const storage = redis();
  const saver = await storage.open();
  const graph = chat(saver);
  await talk(saver, "t", 2);
  await talk(saver, "kept", 1);
  await saver.deleteThread("t");
  const client = await connect();
  const keys = await keysOf(client, storage.prefix);
  expect(keys.filter((key) => key.includes("{t}"))).toEqual([]);
  expect((await graph.getState(on("t"))).values).toEqual({});
  await graph.invoke(say("anew"), on("t")); // the saver knew the thread that is gone
  const { values } = await chat(await storage.open()).getState(on("t"));
  expect(texts(values.messages)).toEqual(["anew", "the child has 2"]);
  const { messages } = await graph.invoke(answer("yes"), on("kept"));
  expect(texts(messages)).toEqual([...conversation(1).flat(), "last", "the child has 4", "answer: yes"]);
});

test("a run that is deleted leaves the conversation as it was before it", async () => {
  const { open } = redis();
  const saver = await open();
  const echo = new StateGraph(MessagesAnnotation)
    .addNode("echo", ({ messages }) => ({ messages: [new AIMessage(`echo ${messages.at(-1)?.content}`)] }))
    .addEdge("__start__", "echo")
    .compile({ checkpointer: saver });
  for (const run of ["one", "two"]) {
    await echo.invoke(say(run), { ...on("t"), metadata: { run_id: run } });
  }
  expect(await saver.deleteForRuns(["two"])).toBe(3);
  expect(texts((await echo.getState(on("t"))).values.messages)).toEqual(["one", "echo one"]);
  const { messages } = await echo.invoke(say("three"), on("t"));
  expect(texts(messages)).toEqual(["one", "echo one", "three", "echo three"]);
});
