import type { RunnableConfig } from "@langchain/core/runnables";
import {
  type BaseCheckpointSaver,
  interrupt,
  MemorySaver,
  MessagesAnnotation,
  StateGraph,
} from "@langchain/langgraph";
import { CheckpointNotFoundError, type RedisSaver } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { answer, on, redis, snapshots, texts } from "./savers.js";

// A program keeps the config of a state, and uses it when the thread has gone on: a second click on "approve", a tab
// that was left open, a retried request. Such a config names a checkpoint. Where the checkpoint is still there, the run
// goes on from it, as with LangGraph's own saver. Where it is not, there is an error. No message is ever lost.

/** Answers every message, and asks before it answers "delete". */
function chat(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(MessagesAnnotation)
    .addNode("answer", ({ messages }) => {
      const approved = messages.at(-1)?.text === "delete" ? `: ${interrupt("really?")}` : "";
      return { messages: { role: "ai", content: `answer ${messages.length}${approved}` } };
    })
    .addEdge("__start__", "answer")
    .compile({ checkpointer });
}

/** The same conversation in a subgraph that has a memory of its own. */
function chatInSubgraph(checkpointer: BaseCheckpointSaver) {
  const child = chat(true as unknown as BaseCheckpointSaver);
  return new StateGraph(MessagesAnnotation)
    .addNode("child", child)
    .addEdge("__start__", "child")
    .compile({ checkpointer });
}

type Chat = ReturnType<typeof chat>;
/** The graph as a process that starts now has it. */
type Open = () => Promise<Chat>;

const say = async (open: Open, text: string, config: RunnableConfig = on("t")) =>
  (await open()).invoke({ messages: text }, config);
const approve = async (open: Open, config: RunnableConfig) => (await open()).invoke(answer("yes"), config);
const configOf = async (open: Open): Promise<RunnableConfig> =>
  (await (await open()).getState(on("t"))).config;

async function anotherTurn(open: Open): Promise<RunnableConfig> {
  const old = await configOf(open);
  await say(open, "somebody else's turn");
  return old;
}

/** What makes a config old, and what is then done with it. */
const USES: Record<
  string,
  { before(open: Open): Promise<RunnableConfig>; use(open: Open, old: RunnableConfig): Promise<unknown> }
> = {
  "the second answer to a question": {
    async before(open) {
      await say(open, "delete");
      const asked = await configOf(open);
      await approve(open, asked);
      return asked;
    },
    use: approve,
  },
  "the answer to a question after another turn": {
    async before(open) {
      await say(open, "delete");
      const asked = await configOf(open);
      await say(open, "no, wait");
      return asked;
    },
    use: approve,
  },
  "a message to an old state": {
    before: anotherTurn,
    use: (open, old) => say(open, "next", old),
  },
  "going on from an old state": {
    before: anotherTurn,
    use: async (open, old) => (await open()).invoke(null, old),
  },
  "an update of an old state": {
    before: anotherTurn,
    use: async (open, old) => (await open()).updateState(old, { messages: "edited" }),
  },
  "reading an old state": {
    before: anotherTurn,
    use: async (open, old) => (await open()).getState(old),
  },
};

/** The texts of each checkpoint of the thread, newest first. */
async function conversations(open: Open): Promise<string[]> {
  const all = await snapshots(await open(), on("t"));
  return all.map(({ values }) => texts(values.messages).join("\n"));
}

/** Talks, makes a config old and uses it. */
async function story(open: Open, use: string, meanwhile: () => Promise<unknown> = async () => undefined) {
  const { before, use: apply } = USES[use] as (typeof USES)[string];
  for (let turn = 0; turn < 3; turn++) await say(open, `turn ${turn}`);
  const old = await before(open);
  await meanwhile();
  const [conversation = ""] = await conversations(open);
  const error = await apply(open, old).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { conversation, error, after: await conversations(open) };
}

/** The error that is allowed, and the conversation that has to be there then. */
function expectNothingLost({ conversation, error, after }: Awaited<ReturnType<typeof story>>) {
  expect(conversation).toContain("turn 0\nanswer 1\nturn 1\nanswer 3\nturn 2\nanswer 5");
  if (error === undefined) {
    expect(after.some((each) => each.startsWith(conversation))).toBe(true);
    expect(after[0]).toContain("turn 0\nanswer 1\nturn 1\nanswer 3\nturn 2");
  } else {
    expect(error).toBeInstanceOf(CheckpointNotFoundError);
    expect(after[0]).toBe(conversation);
  }
}

const GRAPHS = {
  "a graph": chat,
  "a graph with a stateful subgraph": chatInSubgraph as unknown as typeof chat,
};

describe.each(Object.entries(GRAPHS))("%s", (_, graph) => {
  describe.each(Object.keys(USES))("%s", (use) => {
    test("with all checkpoints: does what it does in memory", async () => {
      const { open } = redis();
      const told = await story(async () => graph(await open()), use);
      const memory = new MemorySaver();
      expect(told).toEqual(await story(async () => graph(memory), use));
      expect(told.error).toBeUndefined();
      expectNothingLost(told);
    });

    test("with the latest checkpoint: is an error, and the conversation stays", async () => {
      const { open } = redis({ history: "latest" });
      const told = await story(async () => graph(await open()), use);
      expect(told.error).toBeInstanceOf(CheckpointNotFoundError);
      expectNothingLost(told);
    });

    test("after pruning: is an error, and the conversation stays", async () => {
      const { open } = redis();
      const prune = async () => (await open()).prune(["t"], { strategy: "keep_latest" });
      const told = await story(async () => graph(await open()), use, prune);
      expect(told.error).toBeInstanceOf(CheckpointNotFoundError);
      expectNothingLost(told);
    });

    test("by one saver that has read and written all of it, with the latest checkpoint: is an error too", async () => {
      const { open } = redis({ history: "latest" });
      const saver: RedisSaver = await open();
      const told = await story(async () => graph(saver), use);
      expect(told.error).toBeInstanceOf(CheckpointNotFoundError);
      expectNothingLost(told);
    });
  });
});
