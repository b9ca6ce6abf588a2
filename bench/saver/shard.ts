import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import type { Part } from "../part.js";
import { table } from "../report.js";
import { type Bench, type BenchClient, withServer } from "../server.js";

interface ShardFigures {
  readonly messages: number;
  /** Milliseconds of the server's processor time for one turn. */
  readonly serverTime: number;
  /** The same of this process. */
  readonly clientTime: number;
}

const THREADS = 40;
const TURNS = 10;
const TEXT = "x".repeat(500);

/** What a turn costs the server's one thread, which bounds how many turns a shard bears. */
export const shard: Part = {
  name: "shard",
  measure: () => withServer(async (bench) => ({ goals: [], section: report(await measureShard(bench)) })),
};

async function measureShard({ url, keyPrefix, client }: Bench): Promise<ShardFigures[]> {
  const figures: ShardFigures[] = [];
  for (const messages of [2, 50, 500]) {
    const checkpointer = await RedisSaver.fromConnString(url, { keyPrefix });
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("model", () => ({ messages: [new AIMessage(TEXT)] }))
      .addEdge(START, "model")
      .compile({ checkpointer });
    const config = (thread: number) => ({ configurable: { thread_id: `shard-${messages}-${thread}` } });
    const history = Array.from({ length: messages }, () => new HumanMessage(TEXT));
    const threads = Array.from({ length: THREADS }, (_, thread) => config(thread));
    await Promise.all(threads.map((each) => graph.updateState(each, { messages: history }, "model")));
    const talk = async (turns: number) => {
      for (let turn = 0; turn < turns; turn++) {
        await Promise.all(threads.map((each) => graph.invoke({ messages: [new HumanMessage(TEXT)] }, each)));
      }
    };
    await talk(2);
    const before = await serverSeconds(client);
    const start = process.cpuUsage();
    await talk(TURNS);
    const { user, system } = process.cpuUsage(start);
    const turns = TURNS * THREADS;
    const serverTime = ((await serverSeconds(client)) - before) * 1_000;
    figures.push({ messages, serverTime: serverTime / turns, clientTime: (user + system) / 1_000 / turns });
    await checkpointer.end();
    console.log(`a shard with threads of ${messages} messages measured`);
  }
  return figures;
}

async function serverSeconds(client: Pick<BenchClient, "info">): Promise<number> {
  const info = String(await client.info("cpu"));
  const seconds = (name: string) => Number(new RegExp(`^${name}:([\\d.]+)`, "m").exec(info)?.[1]);
  return seconds("used_cpu_user_main_thread") + seconds("used_cpu_sys_main_thread");
}

function report(figures: readonly ShardFigures[]): string {
  const rows = figures.map(({ messages, serverTime, clientTime }) => [
    String(messages),
    serverTime.toFixed(2),
    clientTime.toFixed(2),
    Math.round(1_000 / serverTime).toLocaleString("en"),
  ]);
  return [
    "## What one shard bears",
    `${THREADS} threads at a time, each turn a message of the user and one answer of 500 characters, through one client. ` +
      "Redis runs commands in one thread, so its processor time for a turn is what bounds a shard.",
    table([
      ["messages in a thread", "server ms a turn", "client ms a turn", "turns a second that fill the shard"],
      ...rows,
    ]),
  ].join("\n\n");
}
