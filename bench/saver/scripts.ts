import type { RunnableConfig } from "@langchain/core/runnables";
import { uuid6 } from "@langchain/langgraph-checkpoint";
import { RedisSaver } from "langgraph-redis";
import type { Part } from "../part.js";
import { table } from "../report.js";
import { type Bench, inParallel, longestCommandOf, withServer } from "../server.js";
import { checkpointOf, configOf, message, metadataOf } from "./data.js";

const CHECKPOINTS = 5_000;
const NAMESPACES = 2_000;
const GOAL_MS = 20;
/** What can be repeated is measured so often; the shortest counts, as others may use the machine meanwhile. */
const REPETITIONS = 3;

/** A thread that was long in use: with many checkpoints, runs, pending writes, and namespaces of finished subgraphs. */
async function buildThread(saver: RedisSaver, threadId: string, delta: boolean): Promise<void> {
  const ids = Array.from({ length: CHECKPOINTS }, (_, at) => uuid6(at));
  const messages = Array.from({ length: CHECKPOINTS / 10 }, () => message("ai", 200));
  await inParallel(CHECKPOINTS, 50, async (at) => {
    const values = { messages: messages.slice(0, 1 + Math.floor(at / 10)), n: at };
    const checkpoint = { ...checkpointOf(values, at + 1), id: ids[at] as string };
    if (at > 0 && at % 10 !== 0) checkpoint.channel_versions.messages = at + 1 - (at % 10);
    const config = {
      configurable: {
        thread_id: threadId,
        checkpoint_ns: "",
        run_id: `${threadId}-${at < CHECKPOINTS / 2 ? "first" : "second"}`,
        ...(at > 0 && { checkpoint_id: ids[at - 1] }),
      },
    };
    const counters = delta ? { counters_since_delta_snapshot: { d: [at, at] } } : {};
    const changed = at % 10 === 0 ? checkpoint.channel_versions : { n: at + 1 };
    const own = await saver.put(config, checkpoint, metadataOf({ step: at, ...counters }), changed);
    await saver.putWrites(own, [["d", { at }]], `task-${at}`);
  });
  await inParallel(NAMESPACES, 50, async (at) => {
    const config = configOf(threadId, `work:00000000-0000-5000-8000-${String(at).padStart(12, "0")}`);
    const parents = { "": ids[at] as string };
    await saver.put(config, checkpointOf({ n: at }, 1), metadataOf({ parents }), { n: 1 });
  });
}

/** Threads by name: with an open delta channel or without one. */
const THREADS = { plain: false, delta: true } as const;

/** An operation on a thread. */
interface Operation {
  readonly name: string;
  readonly thread: keyof typeof THREADS;
  /** What it is done on where the thread is another one afterwards: on a copy, or, where runs count, on one that is built anew. */
  readonly on?: "a copy" | "another";
  /** As the options of a saver of its own. */
  readonly history?: "latest";
  run(saver: RedisSaver, config: RunnableConfig, threadId: string): Promise<unknown>;
}

const drain = async (items: AsyncIterable<unknown>) => {
  for await (const _ of items);
};

const next = async (saver: RedisSaver, config: RunnableConfig) => {
  const tuple = await saver.getTuple(config);
  if (!tuple) throw new Error("the thread is not there");
  const messages = [...(tuple.checkpoint.channel_values.messages as unknown[]), message("human")];
  const checkpoint = checkpointOf({ messages, n: -1 }, CHECKPOINTS + 1);
  checkpoint.id = uuid6(0); // later than all before
  return saver.put(tuple.config, checkpoint, metadataOf(), checkpoint.channel_versions);
};

const OPERATIONS: readonly Operation[] = [
  { name: "put", thread: "plain", on: "a copy", run: next },
  { name: 'put, history "latest"', thread: "plain", on: "a copy", history: "latest", run: next },
  {
    name: "putWrites",
    thread: "plain",
    run: async (saver, config) => {
      const tuple = await saver.getTuple(config);
      await saver.putWrites(tuple?.config ?? config, [["d", "x".repeat(1_000)]], "one-more-task");
    },
  },
  { name: "getTuple", thread: "plain", run: (saver, config) => saver.getTuple(config) },
  {
    name: "list",
    thread: "plain",
    run: (saver, _, thread_id) => drain(saver.list({ configurable: { thread_id } })),
  },
  {
    name: "list with a filter that nothing has",
    thread: "plain",
    run: (saver, _, thread_id) =>
      drain(saver.list({ configurable: { thread_id } }, { filter: { step: -5 } })),
  },
  { name: "list of one namespace", thread: "delta", run: (saver, config) => drain(saver.list(config)) },
  {
    name: "getDeltaChannelHistory",
    thread: "delta",
    run: (saver, config) => saver.getDeltaChannelHistory({ config, channels: ["d"] }),
  },
  {
    name: "prune",
    thread: "plain",
    on: "a copy",
    run: (saver, _, threadId) => saver.prune([threadId], { strategy: "keep_latest", keepLast: 10 }),
  },
  {
    name: "prune with an open delta channel",
    thread: "delta",
    on: "a copy",
    run: (saver, _, threadId) => saver.prune([threadId], { strategy: "keep_latest", keepLast: 10 }),
  },
  {
    name: "deleteForRuns",
    thread: "plain",
    on: "another",
    run: (saver, _, threadId) => saver.deleteForRuns([`${threadId}-first`]),
  },
  {
    name: "deleteForRuns with an open delta channel",
    thread: "delta",
    on: "another",
    run: (saver, _, threadId) => saver.deleteForRuns([`${threadId}-second`]),
  },
  {
    name: "copyThread",
    thread: "plain",
    run: (saver, _, threadId) => saver.copyThread(threadId, `${threadId}-${Math.random()}`),
  },
  { name: "expire", thread: "plain", run: (saver, _, threadId) => saver.expire(threadId, 1_000) },
  { name: "listThreads", thread: "plain", run: (saver) => saver.listThreads() },
  {
    name: "deleteThread",
    thread: "plain",
    on: "a copy",
    run: (saver, _, threadId) => saver.deleteThread(threadId),
  },
];

async function measureOperation(
  { client, keyPrefix }: Bench,
  { name, thread, on, history, run }: Operation,
): Promise<number> {
  const times: number[] = [];
  for (let repetition = 0; repetition < REPETITIONS; repetition++) {
    const saver = new RedisSaver({ client, keyPrefix, ...(history && { history }), commandTimeout: 120_000 });
    const threadId = on ? `${thread}-${name}-${repetition}` : thread;
    if (on === "a copy") await saver.copyThread(thread, threadId);
    if (on === "another") await buildThread(saver, threadId, THREADS[thread]);
    times.push(await longestCommandOf(client, () => run(saver, configOf(threadId), threadId)));
    if (on) await saver.deleteThread(threadId);
  }
  return Math.min(...times);
}

export const scripts: Part = {
  name: "scripts",
  measure: () =>
    withServer(async (bench) => {
      const saver = new RedisSaver({
        client: bench.client,
        keyPrefix: bench.keyPrefix,
        commandTimeout: 120_000,
      });
      for (const [name, delta] of Object.entries(THREADS)) await buildThread(saver, name, delta);
      const longest: [name: string, milliseconds: number][] = [];
      for (const operation of OPERATIONS) {
        longest.push([operation.name, await measureOperation(bench, operation)]);
        console.log(`the longest command of ${longest.at(-1)?.join(": ")} ms`);
      }
      const [worst, time] = longest.reduce((a, b) => (b[1] > a[1] ? b : a));
      return {
        goals: [
          {
            what: `longest command of any operation on a thread of ${CHECKPOINTS} checkpoints and ${NAMESPACES} namespaces (${worst})`,
            measured: time,
            bound: { atMost: GOAL_MS },
            show: (value) => `${value.toFixed(1)} ms`,
          },
        ],
        section: [
          "## How long the server is blocked",
          `The longest single command of each operation on a thread of ${CHECKPOINTS.toLocaleString("en")} checkpoints with runs ` +
            `and pending writes, and ${NAMESPACES.toLocaleString("en")} namespaces of subgraphs, by the server's slow log, which ` +
            `counts from 0.5 ms on. The shortest of ${REPETITIONS} times.`,
          table([
            ["operation", "ms"],
            ...longest.map(([name, ms]) => [name, ms === 0 ? "< 0.5" : ms.toFixed(1)]),
          ]),
        ].join("\n\n"),
      };
    }),
};
