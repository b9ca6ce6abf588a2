import { type BaseCheckpointSaver, MemorySaver } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { drawChart } from "../chart.js";
import { percentile, ratio, type Times, timeInTurns } from "../measure.js";
import { milliseconds, table, times } from "../report.js";
import { configOf, conversation, message, twoStepGraph } from "./data.js";
import { type Bench, type Goal, type Part, withServer } from "./part.js";

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
  { messages: 10, threads: 150, turns: 1, warm: 1.6 },
  { messages: 60, threads: 40, turns: 3, warm: 1.1 },
  { messages: 300, threads: 6, turns: 10 },
  { messages: 600, threads: 4, turns: 20, warm: 0.25, fresh: 0.3 },
  { messages: 1_000, threads: 2, turns: 20 },
  { messages: 2_000, threads: 2, turns: 25, warm: 0.12, fresh: 0.16 },
];

type Kind = "warm" | "fresh" | "memory";
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

async function measureLength({ client, keyPrefix }: Bench, length: Length): Promise<TurnFigures> {
  const all: Record<Kind, number[]> = { warm: [], fresh: [], memory: [] };
  const open = () => new RedisSaver({ client, keyPrefix });
  const kept = { warm: open(), memory: new MemorySaver() };
  for (let thread = -1; thread < length.threads; thread++) {
    const id = `${length.messages}-${thread}`;
    const talks: Record<Kind, Talk> = {
      warm: new Talk(() => kept.warm, `${id}-warm`),
      fresh: new Talk(open, `${id}-fresh`),
      memory: new Talk(() => kept.memory, id),
    };
    for (const talk of Object.values(talks)) {
      await talk.start(length.messages - 3);
      await talk.turn();
    }
    const timed = await timeInTurns(
      { warm: () => talks.warm.turn(), fresh: () => talks.fresh.turn(), memory: () => talks.memory.turn() },
      length.turns,
      0,
    );
    // The first thread warms up the process.
    if (thread >= 0) for (const kind of ["warm", "fresh", "memory"] as const) all[kind].push(...timed[kind]);
    for (const each of [`${id}-warm`, `${id}-fresh`]) await kept.warm.deleteThread(each);
    await kept.memory.deleteThread(id);
  }
  for (const each of Object.values(all)) each.sort((a, b) => a - b);
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
    figures.flatMap(({ messages, times: timed, [kind]: atMost }): Goal[] =>
      atMost === undefined
        ? []
        : [
            {
              what: `${what} at ${messages} messages ÷ MemorySaver’s`,
              measured: ratio(timed[kind], timed.memory),
              atMost,
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
      "connection that is kept, as a serverless function does. The three take turns.",
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
