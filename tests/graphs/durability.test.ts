import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  Annotation,
  type BaseCheckpointSaver,
  interrupt,
  MessagesAnnotation,
  Send,
  StateGraph,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { answer, historyOf, memory, on, redis, type Storage } from "./savers.js";

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  found: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
  approved: Annotation<string>(),
});

/** A bit of everything: parallel nodes, tasks sent out, a subgraph, a question, a loop over turns. */
function assistant(checkpointer: BaseCheckpointSaver) {
  const child = new StateGraph(State)
    .addNode("look", ({ found }) => ({ found: [`child saw ${found.length}`] }))
    .addEdge("__start__", "look")
    .compile();
  return new StateGraph(State)
    .addNode("plan", () => ({}))
    .addNode("note", ({ messages }) => ({ found: [`${messages.length} messages`] }))
    .addNode("search", ({ query }: { query: string }) => ({ found: [query] }))
    .addNode("child", async (state) => ({ found: (await child.invoke(state)).found.slice(-1) }))
    .addNode("approve", () => ({ approved: `${interrupt("approve?")}` }))
    .addNode("answer", ({ messages, found, approved }) => ({
      messages: [new AIMessage({ id: `a${messages.length}`, content: `${found.length}, ${approved}` })],
    }))
    .addEdge("__start__", "plan")
    .addEdge("plan", "note")
    .addConditionalEdges("plan", () => ["x", "y", "z"].map((query) => new Send("search", { query })))
    .addEdge("note", "child")
    .addEdge("search", "child")
    .addEdge("child", "approve")
    .addEdge("approve", "answer")
    .compile({ checkpointer });
}

/** Two turns, each in processes of its own. */
async function talk({ open }: Storage, durability: "sync" | "async" | "exit") {
  const config = { ...on("t"), durability };
  for (let turn = 0; turn < 2; turn++) {
    const said = new HumanMessage({ id: `h${turn}`, content: `turn ${turn}` });
    await assistant(await open()).invoke({ messages: [said] }, config);
    await assistant(await open()).invoke(answer(`yes ${turn}`), config);
  }
  const graph = assistant(await open());
  const { values, next } = await graph.getState(on("t"));
  return { values, next, history: await historyOf(graph, on("t")) };
}

test.each([
  ["sync", 14],
  ["async", 14],
  ["exit", 4],
] as const)('with durability "%s" the history is the same as in memory', async (durability, checkpoints) => {
  const inRedis = await talk(redis(), durability);
  expect(inRedis.values.messages.at(-1).content).toBe("10, yes 1");
  expect(inRedis.history).toHaveLength(checkpoints);
  expect(inRedis).toEqual(await talk(memory(), durability));
});
