import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  Annotation,
  type BaseCheckpointSaver,
  DeltaValue,
  interrupt,
  MessagesAnnotation,
  Send,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import { z } from "zod/v4";
import { answer, historyOf, on, plain, snapshots } from "../graphs/savers.js";

/** Something that happens in a thread: one part before it is copied, one part afterwards. */
export interface Scenario {
  before(saver: BaseCheckpointSaver, thread: string): Promise<void>;
  /** @returns what came of it, to compare. */
  after(saver: BaseCheckpointSaver, thread: string): Promise<unknown>;
  /** Whether it goes back to old checkpoints. */
  readonly looksBack?: boolean;
}

function chat(checkpointer: BaseCheckpointSaver) {
  const State = Annotation.Root({ ...MessagesAnnotation.spec, seen: Annotation<Map<string, Uint8Array>>() });
  return new StateGraph(State)
    .addNode("reply", ({ messages }) => ({
      messages: [new AIMessage({ id: `a${messages.length}`, content: `${messages.length} so far` })],
      seen: new Map([["count", new Uint8Array([messages.length])]]),
    }))
    .addEdge("__start__", "reply")
    .compile({ checkpointer });
}

function say(saver: BaseCheckpointSaver, thread: string, text: string) {
  return chat(saver).invoke({ messages: [new HumanMessage({ id: text, content: text })] }, on(thread));
}

const Words = Annotation.Root({
  words: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

function asking(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(Words)
    .addNode("before", () => ({ words: ["before"] }))
    .addNode("ask", () => ({ words: [`${interrupt("one?")}`, `${interrupt("two?")}`] }))
    .addEdge("__start__", "before")
    .addEdge("before", "ask")
    .compile({ checkpointer });
}

function nested(checkpointer: BaseCheckpointSaver) {
  const inner = new StateGraph(Words)
    .addNode("first", () => ({ words: ["inner"] }))
    .addNode("ask", () => ({ words: [`${interrupt("inner?")}`] }))
    .addEdge("__start__", "first")
    .addEdge("first", "ask")
    .compile();
  return new StateGraph(Words)
    .addNode("start", () => ({ words: ["outer"] }))
    .addNode("sub", inner)
    .addNode("end", () => ({ words: ["end"] }))
    .addEdge("__start__", "start")
    .addEdge("start", "sub")
    .addEdge("sub", "end")
    .compile({ checkpointer });
}

function fanOut(checkpointer: BaseCheckpointSaver) {
  const State = Annotation.Root({ ...Words.spec, count: Annotation<number>() });
  return new StateGraph(State)
    .addNode("split", () => ({}))
    .addNode("work", ({ n }: { n: number }) => {
      if (n === 5) return { words: [`${interrupt("five?")}`] };
      return { words: [`${n}`] };
    })
    .addEdge("__start__", "split")
    .addConditionalEdges("split", ({ count }) =>
      Array.from({ length: count }, (_, n) => new Send("work", { n })),
    )
    .compile({ checkpointer });
}

function failing(checkpointer: BaseCheckpointSaver, isBroken: boolean) {
  return new StateGraph(Words)
    .addNode("good", () => ({ words: [isBroken ? "done before" : "done twice"] }))
    .addNode("bad", () => {
      if (isBroken) throw new Error("not today");
      return { words: ["repaired"] };
    })
    .addEdge("__start__", "good")
    .addEdge("__start__", "bad")
    .compile({ checkpointer });
}

function counter(checkpointer: BaseCheckpointSaver) {
  const numbers = new DeltaValue(z.array(z.number()).default([]), {
    reducer: (state: number[], writes: number[][]) => state.concat(...writes),
    snapshotFrequency: 7,
  });
  return new StateGraph(new StateSchema({ numbers, until: z.number().default(0) }))
    .addNode("count", ({ numbers }) => ({ numbers: [numbers.length] }))
    .addEdge("__start__", "count")
    .addConditionalEdges("count", ({ numbers, until }) => (numbers.length < until ? "count" : "__end__"))
    .compile({ checkpointer });
}

export const scenarios: Record<string, Scenario> = {
  "a conversation": {
    async before(saver, thread) {
      for (const text of ["hello", "how are you?", "bye"]) await say(saver, thread, text);
    },
    async after(saver, thread) {
      await say(saver, thread, "again");
      return historyOf(chat(saver), on(thread));
    },
  },
  "an open question": {
    async before(saver, thread) {
      await asking(saver).invoke({ words: [] }, on(thread));
      await asking(saver).invoke(answer("yes"), on(thread));
    },
    async after(saver, thread) {
      await asking(saver).invoke(answer("no"), on(thread));
      return historyOf(asking(saver), on(thread));
    },
  },
  "branches of a conversation": {
    looksBack: true,
    async before(saver, thread) {
      for (const text of ["hello", "bye"]) await say(saver, thread, text);
      const old = (await snapshots(chat(saver), on(thread))).find(({ metadata }) => metadata?.step === 1);
      const message = new HumanMessage({ id: "hello", content: "edited" });
      const fork = await chat(saver).updateState(old?.config as object, { messages: [message] });
      await chat(saver).invoke(null, fork);
      await say(saver, thread, "on the branch");
    },
    async after(saver, thread) {
      const all = await snapshots(chat(saver), on(thread));
      const other = all.find(({ values }) => values.messages?.at(-1)?.content === "3 so far");
      await chat(saver).invoke(
        { messages: [new HumanMessage({ id: "back", content: "back" })] },
        other?.config ?? {},
      );
      return historyOf(chat(saver), on(thread));
    },
  },
  "a question in a subgraph": {
    async before(saver, thread) {
      await nested(saver).invoke({ words: [] }, on(thread));
    },
    async after(saver, thread) {
      const { tasks } = await nested(saver).getState(on(thread), { subgraphs: true });
      const inner = (tasks[0]?.state as { values?: unknown } | undefined)?.values;
      await nested(saver).invoke(answer("inner answer"), on(thread));
      return [plain(inner), await historyOf(nested(saver), on(thread))];
    },
  },
  "tasks that were sent out, one with a question": {
    async before(saver, thread) {
      await fanOut(saver).invoke({ count: 12, words: [] }, on(thread));
    },
    async after(saver, thread) {
      await fanOut(saver).invoke(answer("5!"), on(thread));
      return historyOf(fanOut(saver), on(thread));
    },
  },
  "a step that failed in part": {
    async before(saver, thread) {
      await failing(saver, true)
        .invoke({ words: [] }, on(thread))
        .catch(() => undefined);
    },
    async after(saver, thread) {
      await failing(saver, false).invoke(null, on(thread));
      return historyOf(failing(saver, false), on(thread));
    },
  },
  "a delta channel": {
    async before(saver, thread) {
      await counter(saver).invoke({ until: 20 }, on(thread));
    },
    async after(saver, thread) {
      const { values } = await counter(saver).getState(on(thread));
      const { numbers } = await counter(saver).invoke({ until: 24 }, on(thread));
      return [plain(values), numbers];
    },
  },
};
