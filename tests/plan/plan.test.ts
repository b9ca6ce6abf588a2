import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Embeddings } from "@langchain/core/embeddings";
import { AIMessage, HumanMessage } from "@langchain/core/messages";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { RedisSaver, RedisStore } from "langgraph-redis";
import { afterAll, beforeAll, expect, it } from "vitest";
import { English } from "../../bench/saver/english.js";
import { estimate, type Workload } from "../../plan/estimate.js";
import { connect } from "../helpers/redis.js";
import { startServer, type TestServer } from "../helpers/servers/index.js";

/** A server of its own: what is measured is its memory as a whole. */
let server: TestServer;
beforeAll(async () => {
  server = await startServer({ own: true });
});
afterAll(() => server.stop());

const NOTHING: Workload = {
  threads: 0,
  messages: 0,
  messageSize: 0,
  checkpointsPerMessage: 1.5,
  history: "all",
  items: 0,
  itemSize: 0,
  dims: 0,
  engine: "search",
};

/** How many times the estimate the server's memory grows by. */
async function measured(workload: Workload, fill: (workload: Workload) => Promise<void>): Promise<number> {
  const client = await connect(server.url);
  const used = async () => Number(/used_memory:(\d+)/.exec(await client.info("memory"))?.[1]);
  // Scripts, indexes and buffers are there before it counts.
  await fill({ ...workload, threads: Math.min(1, workload.threads), items: Math.min(100, workload.items) });
  await client.flushDb();
  const before = await used();
  await fill(workload);
  const { total } = estimate(workload);
  return ((await used()) - before) / total;
}

async function talk({ threads, messages, messageSize, history }: Workload): Promise<void> {
  const checkpointer = await RedisSaver.fromConnString(server.url, { history });
  const english = new English(1);
  const text = () => english.text(messageSize, messageSize);
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("model", () => ({ messages: [new AIMessage({ content: text(), id: randomUUID() })] }))
    .addEdge(START, "model")
    .compile({ checkpointer });
  for (let thread = 0; thread < threads; thread++) {
    for (let turn = 0; turn < messages / 2; turn++) {
      const message = new HumanMessage({ content: text(), id: randomUUID() });
      await graph.invoke({ messages: [message] }, { configurable: { thread_id: `thread-${thread}` } });
    }
  }
  await checkpointer.end();
}

class RandomEmbeddings extends Embeddings {
  constructor(private readonly dims: number) {
    super({});
  }

  async embedQuery(): Promise<number[]> {
    return Array.from({ length: this.dims }, () => Math.random() - 0.5);
  }

  embedDocuments(texts: string[]): Promise<number[][]> {
    return Promise.all(texts.map(() => this.embedQuery()));
  }
}

async function remember({ items, itemSize, dims, engine }: Workload): Promise<void> {
  const index = dims > 0 ? { dims, embeddings: new RandomEmbeddings(dims) } : undefined;
  const keyPrefix = `plan-${randomUUID().slice(0, 8)}`;
  const store = await RedisStore.fromConnString(server.url, { engine, index, keyPrefix });
  for (let first = 0; first < items; first += 100) {
    await store.batch(
      Array.from({ length: Math.min(100, items - first) }, (_, at) => ({
        namespace: ["memories", `user-${at % 50}`],
        key: randomUUID(),
        value: { text: `${first + at} `.padEnd(itemSize - 27, "word "), kind: "fact" },
      })),
    );
  }
  await store.stop();
}

const conversations: [string, Partial<Workload>][] = [
  ["many short threads", { threads: 100, messages: 10 }],
  ["a few long threads", { threads: 4, messages: 200 }],
  ["long messages", { threads: 20, messages: 40, messageSize: 3_000 }],
  ["only the latest checkpoint", { threads: 10, messages: 100, history: "latest" }],
];
for (const [name, workload] of conversations) {
  it(`the estimate is within 25 % of what a server takes: ${name}`, async () => {
    const ratio = await measured({ ...NOTHING, messageSize: 500, ...workload }, talk);
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.25);
  });
}

const memories: [string, Partial<Workload>][] = [
  ["items with vectors, found by Redis Search", { items: 2_000, dims: 512, itemSize: 300 }],
  ["items with vectors, on core commands", { items: 2_000, dims: 512, itemSize: 300, engine: "core" }],
  ["items without vectors", { items: 3_000, itemSize: 400 }],
];
for (const [name, workload] of memories) {
  it(`the estimate is within 25 % of what a server takes: ${name}`, async () => {
    const ratio = await measured({ ...NOTHING, ...workload }, remember);
    expect(ratio).toBeGreaterThan(0.75);
    expect(ratio).toBeLessThan(1.25);
  });
}

it("the calculator prints its estimate, and its usage for what it does not understand", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const plan = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--import", "tsx", "plan/main.ts", ...args], { cwd: root });
  const { stdout } = await plan(
    "--threads",
    "10000000",
    "--messages",
    "40",
    "--items",
    "100000000",
    "--dims",
    "1536",
  );
  expect(stdout).toMatch(/^threads +[\d.]+ GB +\(\d+ kB each\)\nitems +[\d.]+ TB +\(\d+ kB each\)\ntotal/);
  expect((await plan()).stdout).toContain("npm run plan -- --threads");
  await expect(plan("--threads", "many")).rejects.toThrow('--threads must be a number, got "many"');
});
