import type { BaseMessage } from "@langchain/core/messages";
import type { Checkpoint, CheckpointMetadata } from "@langchain/langgraph-checkpoint";
import { uuid6 } from "@langchain/langgraph-checkpoint";
import { RedisSaver } from "langgraph-redis";
import { startTcpProxy } from "../../tests/helpers/tcp-proxy.js";
import { drawChart } from "../chart.js";
import { percentile, ratio, type Times, timeInTurns } from "../measure.js";
import type { Part } from "../part.js";
import { bytes, milliseconds, table, times } from "../report.js";
import { type Bench, type BenchClient, memoryOf, withServer } from "../server.js";
import { message } from "./data.js";

/** One operation: its times, those of the plainest possible way to move the same bytes, and what crossed the wire. */
interface Operation {
  readonly times: Times;
  readonly floor: Times;
  readonly roundTrips: number;
}

interface ThreadFigures {
  readonly length: number;
  /** Bytes of the final message list as one JSON text. */
  readonly json: number;
  readonly memory: number;
  readonly sentPerPut: number;
  /** The same for one JSON text of the whole state per checkpoint. */
  readonly naiveSent: number;
  readonly naiveTotal: number;
  readonly naivePut: Times;
  readonly operations: Record<"put" | "putWrites" | "getTuple" | "list(10)", Operation>;
}

const LENGTHS = [10, 100, 1_000, 5_000];
/** The bytes of a step are averaged over so many steps of so many threads. */
const COPIES = 10;
const STEPS = 12;
const METADATA: CheckpointMetadata = { source: "loop", step: 0, parents: {} };

/** A thread whose list of messages gains one with every checkpoint. */
class GrowingThread {
  readonly messages: BaseMessage[] = [];
  private parent: string | undefined;

  constructor(
    private readonly saver: RedisSaver,
    readonly id: string,
  ) {}

  get config() {
    return { configurable: { thread_id: this.id, checkpoint_ns: "", checkpoint_id: this.parent } };
  }

  async step(): Promise<void> {
    this.messages.push(message(this.messages.length % 2 === 0 ? "human" : "ai"));
    const version = this.messages.length;
    const checkpoint: Checkpoint = {
      v: 4,
      id: uuid6(version),
      ts: new Date().toISOString(),
      channel_values: { messages: [...this.messages] },
      channel_versions: { messages: version },
      versions_seen: { model: { messages: version - 1 } },
    };
    await this.saver.put(this.config, checkpoint, METADATA, { messages: version });
    this.parent = checkpoint.id;
  }
}

export const steps: Part = {
  name: "steps",
  async measure() {
    const figures: ThreadFigures[] = [];
    for (const length of LENGTHS) {
      figures.push(await withServer((bench) => measureThread(bench, length)));
      console.log(`a thread of ${length} messages measured`);
    }
    const sentAt = (length: number) =>
      figures.find((each) => each.length === length)?.sentPerPut ?? Number.NaN;
    return {
      goals: [
        {
          what: "bytes sent by a step at 5,000 messages ÷ at 10",
          measured: sentAt(5_000) / sentAt(10),
          bound: { atMost: 1.2 },
          show: times,
        },
      ],
      section: report(figures),
      files: { "saver-bytes.svg": chart(figures) },
    };
  },
};

async function measureThread({ url, keyPrefix, client }: Bench, length: number): Promise<ThreadFigures> {
  const saver = new RedisSaver({ client, keyPrefix });
  const proxy = await startTcpProxy(url);
  const observed = await RedisSaver.fromConnString(proxy.url, { keyPrefix });
  try {
    const thread = new GrowingThread(saver, `thread-${length}`);
    let naiveTotal = 0;
    for (let step = 0; step < length; step++) {
      await thread.step();
      // The length of the list's JSON text, without writing it anew at every step.
      naiveTotal += step === 0 ? 0 : 1;
      naiveTotal += JSON.stringify(thread.messages[step]).length * (length - step);
    }
    const memory = await memoryOf(client);
    const json = JSON.stringify(thread.messages);
    return {
      length,
      json: json.length,
      memory,
      naiveTotal,
      ...(await sendOnce(observed, proxy, client, thread)),
      ...(await timeOperations(saver, proxy, observed, client, thread, json)),
    };
  } finally {
    await observed.end();
    await proxy.stop();
  }
}

type Proxy = Awaited<ReturnType<typeof startTcpProxy>>;

/** The bytes of one more put: an average over many, since now and then a segment is sealed or a table comes along. */
async function sendOnce(
  observed: RedisSaver,
  proxy: Proxy,
  client: Pick<BenchClient, "set">,
  { id, messages }: GrowingThread,
): Promise<Pick<ThreadFigures, "sentPerPut" | "naiveSent">> {
  let sent = 0;
  let naiveSent = 0;
  for (let at = 0; at < COPIES; at++) {
    const copy = new GrowingThread(observed, `${id}-observed-${at}`);
    copy.messages.push(...messages.slice(0, -1));
    await copy.step();
    proxy.reset();
    for (let step = 0; step < STEPS; step++) await copy.step();
    sent += proxy.requestBytes;
    const naive = JSON.stringify({ channel_values: { messages: copy.messages } });
    await client.set(`${id}-naive`, naive);
    naiveSent = naive.length;
  }
  return { sentPerPut: sent / (COPIES * STEPS), naiveSent };
}

async function timeOperations(
  saver: RedisSaver,
  proxy: Proxy,
  observed: RedisSaver,
  client: Pick<BenchClient, "hSet" | "get" | "set">,
  thread: GrowingThread,
  json: string,
): Promise<Pick<ThreadFigures, "operations" | "naivePut">> {
  const latest = { configurable: { thread_id: thread.id } };
  const list = async (from: RedisSaver) => {
    for await (const _ of from.list(latest, { limit: 10 }));
  };
  let task = 0;
  const write = (to: RedisSaver) =>
    to.putWrites(thread.config, [["messages", [message("ai")]]], `task-${task++}`);
  /** What crosses the wire when a saver does something. */
  const observe = async (operation: () => Promise<unknown>) => {
    await operation();
    proxy.reset();
    await operation();
    return { roundTrips: proxy.roundTrips, sent: proxy.requestBytes, received: proxy.replyBytes };
  };
  const seen = {
    put: await observe(() =>
      Object.assign(Object.create(GrowingThread.prototype), thread, { saver: observed }).step(),
    ),
    putWrites: await observe(() => write(observed)),
    getTuple: await observe(() => observed.getTuple(latest)),
    "list(10)": await observe(() => list(observed)),
  };
  const payload = (size: number) => Buffer.alloc(Math.round(size), "x");
  const key = `${thread.id}-floor`;
  await client.set(`${key}-state`, json);
  await client.set(`${key}-list`, payload(seen["list(10)"].received));
  let field = 0;
  const rounds = json.length > 1_000_000 ? 30 : 100;
  const measured = await timeInTurns(
    {
      put: () => thread.step(),
      "put floor": () => client.hSet(key, String(field++), payload(seen.put.sent)),
      naive: () =>
        client.set(`${key}-naive`, JSON.stringify({ channel_values: { messages: thread.messages } })),
      putWrites: () => write(saver),
      "putWrites floor": () => client.hSet(key, String(field++), payload(seen.putWrites.sent)),
      getTuple: () => saver.getTuple(latest),
      "getTuple floor": async () => JSON.parse((await client.get(`${key}-state`)) as string),
      "list(10)": () => list(saver),
      "list(10) floor": () => client.get(`${key}-list`),
    },
    rounds,
  );
  const operation = (name: keyof ThreadFigures["operations"]): Operation => ({
    times: measured[name],
    floor: measured[`${name} floor`],
    roundTrips: seen[name].roundTrips,
  });
  return {
    naivePut: measured.naive,
    operations: {
      put: operation("put"),
      putWrites: operation("putWrites"),
      getTuple: operation("getTuple"),
      "list(10)": operation("list(10)"),
    },
  };
}

function chart(figures: readonly ThreadFigures[]): string {
  return drawChart({
    title: "What one step sends to Redis",
    xLabel: "messages in the thread (500 characters each)",
    yLabel: "bytes",
    logarithmic: { x: true, y: true },
    formatX: (x) => x.toLocaleString("en"),
    formatY: (y) => bytes(y).replace(".0 ", " "),
    series: [
      {
        name: "whole state per checkpoint",
        color: "#6b7280",
        points: figures.map((f) => [f.length, f.naiveSent]),
      },
      { name: "RedisSaver", color: "#dc2626", points: figures.map((f) => [f.length, f.sentPerPut]) },
    ],
  });
}

function report(figures: readonly ThreadFigures[]): string {
  const sizes = figures.map((f) => [
    f.length.toLocaleString("en"),
    bytes(f.sentPerPut),
    bytes(f.naiveSent),
    bytes(f.json),
    `${bytes(f.memory)} (${times(f.memory / f.json)})`,
    `${bytes(f.naiveTotal)} (${times(f.naiveTotal / f.json)})`,
  ]);
  const operations = figures.flatMap((f) =>
    Object.entries(f.operations).map(([name, { times: measured, floor, roundTrips }]) => [
      f.length.toLocaleString("en"),
      name,
      String(roundTrips),
      milliseconds(percentile(measured, 50)),
      milliseconds(percentile(measured, 99)),
      times(ratio(measured, floor)),
      name === "put" ? times(ratio(f.naivePut, floor)) : "",
    ]),
  );
  return [
    "## A step of a thread",
    "The list of messages gains one with every checkpoint, and all checkpoints are kept. “Whole state” is the naive way: " +
      "one JSON text of the state per checkpoint; its total is the sum of what it sends.",
    table([
      [
        "messages",
        "bytes sent by a put",
        "whole state: bytes sent",
        "messages as JSON",
        "Redis memory of the thread",
        "whole state: total",
      ],
      ...sizes,
    ]),
    "![Bytes sent by one step against the length of the thread](saver-bytes.svg)",
    "The floor of `put` and `putWrites` is one `HSET` of as many bytes as they send; of `getTuple` it is `GET` and " +
      "`JSON.parse` of the same state; of `list(10)` one `GET` of as many bytes as it receives, unparsed.",
    table([
      ["messages", "operation", "round trips", "p50 ms", "p99 ms", "time / floor", "whole state / floor"],
      ...operations,
    ]),
  ].join("\n\n");
}
