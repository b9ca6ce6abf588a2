import { AIMessage, type BaseMessage, HumanMessage } from "@langchain/core/messages";
import {
  type BaseCheckpointSaver,
  MemorySaver,
  MessagesAnnotation,
  START,
  StateGraph,
} from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { drawChart } from "./chart.js";
import { percentile, type Times, timeInTurns } from "./measure.js";
import { milliseconds, save, table, times } from "./report.js";

interface TurnFigures {
  readonly messages: number;
  readonly redis: Times;
  readonly memory: Times;
}

const TEXT = "x".repeat(500);
let count = 0;

/** A message of 500 characters, unlike all others. */
export function message(kind: "human" | "ai"): BaseMessage {
  const fields = { content: `${count++} ${TEXT}`.slice(0, 500), id: `message-${count}` };
  return kind === "human" ? new HumanMessage(fields) : new AIMessage(fields);
}

export function conversation(length: number): BaseMessage[] {
  return Array.from({ length }, (_, at) => message(at % 2 === 0 ? "human" : "ai"));
}

/** A turn: a message of the user and two steps of a model that takes no time. */
function turnOf(checkpointer: BaseCheckpointSaver, threadId: string) {
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("one", () => ({ messages: [message("ai")] }))
    .addNode("two", () => ({ messages: [message("ai")] }))
    .addEdge(START, "one")
    .addEdge("one", "two")
    .compile({ checkpointer });
  const config = { configurable: { thread_id: threadId } };
  return {
    start: (messages: BaseMessage[]) => graph.updateState(config, { messages }, "two"),
    turn: () => graph.invoke({ messages: [message("human")] }, config),
  };
}

export async function measureTurns(url: string, keyPrefix: string): Promise<TurnFigures[]> {
  const figures: TurnFigures[] = [];
  for (const messages of [150, 300, 600, 1_000, 2_000]) {
    const saver = await RedisSaver.fromConnString(url, { keyPrefix });
    const redis = turnOf(saver, `turns-${messages}`);
    const memory = turnOf(new MemorySaver(), "t");
    await redis.start(conversation(messages));
    await memory.start(conversation(messages));
    figures.push({ messages, ...(await timeInTurns({ redis: redis.turn, memory: memory.turn }, 30)) });
    await saver.end();
    console.log(`turns of ${messages} messages measured`);
  }
  return figures;
}

export async function reportTurns(figures: readonly TurnFigures[]): Promise<string> {
  const medians = (which: "redis" | "memory") =>
    figures.map((each) => [each.messages, percentile(each[which], 50)] as const);
  await save(
    "saver-turn.svg",
    drawChart({
      title: "A turn of a two-step graph",
      xLabel: "messages in the conversation (500 characters each)",
      yLabel: "milliseconds",
      logarithmic: { x: false, y: false },
      formatX: (x) => String(x),
      formatY: (y) => String(y),
      series: [
        { name: "MemorySaver (in this process)", color: "#b45309", points: medians("memory") },
        { name: "RedisSaver (on the same machine)", color: "#dc2626", points: medians("redis") },
      ],
    }),
  );
  const rows = figures.map(({ messages, redis, memory }) => [
    String(messages),
    milliseconds(percentile(redis, 50)),
    milliseconds(percentile(redis, 99)),
    milliseconds(percentile(memory, 50)),
    times(percentile(redis, 50) / percentile(memory, 50)),
  ]);
  return [
    "## A turn of a graph",
    "A graph of two steps on `MessagesAnnotation`, whose model takes no time: one message of the user and two answers, " +
      "with all checkpoints and pending writes. LangGraph's `MemorySaver` serializes every message at every step; " +
      "`RedisSaver` serializes what changed.",
    table([
      ["messages", "RedisSaver p50 ms", "p99 ms", "MemorySaver p50 ms", "RedisSaver / MemorySaver"],
      ...rows,
    ]),
    "![A turn against the length of the conversation](saver-turn.svg)",
  ].join("\n\n");
}
