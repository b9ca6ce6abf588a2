import { type BaseCheckpointSaver, MemorySaver } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { drawChart } from "../chart.js";
import { percentile, ratio, type Times } from "../measure.js";
import type { Goal, Part } from "../part.js";
import { milliseconds, table, times } from "../report.js";
import { type Bench, withServer } from "../server.js";
import { configOf, conversation, message, twoStepGraph } from "./data.js";

interface Length {
  readonly messages: number;
  /** Turns are timed on so many threads, and on each so many, that none grows to much more than this length. */
  readonly threads: number;
  readonly turns: number;
  /** Goals for a saver that is kept and for a new one each turn, as parts of what MemorySaver takes. */
  readonly warm?: number;
  readonly fresh?: number;
}

const LENGTHS: readonly Length[] = [
  { messages: 10, threads: 12, turns: 1, warm: 1.6 },
  { messages: 60, threads: 4, turns: 3, warm: 1.1 },
  { messages: 300, threads: 1, turns: 8 },
  { messages: 600, threads: 1, turns: 10, warm: 0.25, fresh: 0.3 },
  { messages: 1_000, threads: 1, turns: 6 },
  { messages: 2_000, threads: 1, turns: 8, warm: 0.12, fresh: 0.16 },
];

/** So often each kind of saver is timed, in turns. */
const BLOCKS = 8;

const KINDS = ["warm", "memory", "fresh"] as const;
type Kind = (typeof KINDS)[number];
type TurnFigures = Length & { readonly times: Record<Kind, Times> };

/** The same conversation, growing turn by turn. */
class Talk {
  constructor(
    private readonly saver: () => BaseCheckpointSaver,
    private readonly threadId: string,
  ) {}

  async start(messages: number): Promise<void> {
    const graph = twoStepGraph(this.saver());
    await graph.updateState(configOf(this.threadId), { messages: conversation(messages) }, "two");
  }

  async turn(): Promise<void> {
    await twoStepGraph(this.saver()).invoke({ messages: [message("human")] }, configOf(this.threadId));
  }
}

/**
 * Each kind of saver is timed for a block of turns, so that it pays for its own garbage: after every single turn of
 * MemorySaver's, whoever comes next would pay for the state that was serialized there.
 */
async function measureLength({ client, keyPrefix }: Bench, length: Length): Promise<TurnFigures> {
  const all: Record<Kind, number[]> = { warm: [], fresh: [], memory: [] };
  const open = () => new RedisSaver({ client, keyPrefix });
  const kept = { warm: open(), memory: new MemorySaver() };
  const savers: Record<Kind, () => BaseCheckpointSaver> = {
    warm: () => kept.warm,
    fresh: open,
    memory: () => kept.memory,
  };
  for (let block = -1; block < BLOCKS; block++) {
    for (const kind of KINDS) {
      const ids = Array.from({ length: length.threads }, (_, thread) => `${kind}-${block}-${thread}`);
      const talks = ids.map((id) => new Talk(savers[kind], id));
      for (const talk of talks) {
        await talk.start(length.messages - 3);
        await talk.turn();
      }
      for (const talk of talks) {
        for (let turn = 0; turn < length.turns; turn++) {
          const start = performance.now();
          await talk.turn();
          // The first block warms up the process.
          if (block >= 0) all[kind].push(performance.now() - start);
        }
      }
      for (const id of ids) await savers[kind]().deleteThread(id);
    }
  }
  for (const kind of KINDS) all[kind].sort((a, b) => a - b);
  console.log(`turns at ${length.messages} messages measured`);
  return { ...length, times: all };
}

export const turns: Part = {
  name: "turns",
  async measure() {
    const figures: TurnFigures[] = [];
    await withServer(async (bench) => {
      for (const length of LENGTHS) figures.push(await measureLength(bench, length));
    });
    return { goals: goalsOf(figures), section: report(figures), files: { "saver-turn.svg": chart(figures) } };
  },
};

function goalsOf(figures: readonly TurnFigures[]): Goal[] {
  const goalsFor = (kind: "warm" | "fresh", what: string) =>
    figures.flatMap(({ messages, times: timed, [kind]: most }): Goal[] =>
      most === undefined
        ? []
        : [
            {
              what: `${what} at ${messages} messages ÷ MemorySaver’s`,
              measured: ratio(timed[kind], timed.memory),
              bound: { atMost: most },
              show: times,
            },
          ],
    );
  return [...goalsFor("warm", "a warm turn"), ...goalsFor("fresh", "a turn with a fresh saver")];
}

function chart(figures: readonly TurnFigures[]): string {
  const medians = (kind: Kind) =>
    figures.map((each) => [each.messages, percentile(each.times[kind], 50)] as const);
  return drawChart({
    title: "A turn of a two-step graph",
    xLabel: "messages in the conversation (500 characters each)",
    yLabel: "milliseconds",
    logarithmic: { x: false, y: false },
    formatX: (x) => String(x),
    formatY: (y) => String(y),
    series: [
      { name: "MemorySaver (in this process)", color: "#b45309", points: medians("memory") },
      { name: "RedisSaver (on the same machine)", color: "#dc2626", points: medians("warm") },
      { name: "RedisSaver, a new one each turn", color: "#2563eb", points: medians("fresh") },
    ],
  });
}

function report(figures: readonly TurnFigures[]): string {
  const rows = figures.map(({ messages, times: timed }) => [
    messages.toLocaleString("en"),
    milliseconds(percentile(timed.memory, 50)),
    milliseconds(percentile(timed.warm, 50)),
    milliseconds(percentile(timed.warm, 95)),
    times(ratio(timed.warm, timed.memory)),
    milliseconds(percentile(timed.fresh, 50)),
    times(ratio(timed.fresh, timed.memory)),
  ]);
  return [
    "## A turn of a graph",
    "A graph of two steps on `MessagesAnnotation`, whose model takes no time: one message of the user and two answers of 500 " +
      "characters, with all checkpoints and pending writes. LangGraph's `MemorySaver` serializes every message at every " +
      "step; `RedisSaver` serializes what changed. “Fresh” makes a new `RedisSaver`, which knows nothing, for each turn, on a " +
      "connection that is kept, as a serverless function does. The three take turns, some turns of a conversation at a time.",
    table([
      [
        "messages",
        "MemorySaver p50 ms",
        "RedisSaver p50 ms",
        "p95 ms",
        "÷ MemorySaver",
        "fresh p50 ms",
        "÷ MemorySaver",
      ],
      ...rows,
    ]),
    "![A turn against the length of the conversation](saver-turn.svg)",
  ].join("\n\n");
}
