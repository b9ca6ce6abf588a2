import { AIMessage, HumanMessage, RemoveMessage, SystemMessage, ToolMessage } from "@langchain/core/messages";
import {
  Annotation,
  type BaseCheckpointSaver,
  Command,
  MessagesAnnotation,
  REMOVE_ALL_MESSAGES,
  StateGraph,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { on, texts, withEverySaver } from "./savers.js";

type State = typeof MessagesAnnotation.State;

/** Answers with what it was told so far. */
function chat(checkpointer: BaseCheckpointSaver) {
  const answer = ({ messages }: State) => {
    const heard = messages.filter((message) => message.type === "human").map(({ content }) => content);
    return {
      messages: [new AIMessage({ id: `answer-${heard.length}`, content: `heard ${heard.join(", ")}` })],
    };
  };
  return new StateGraph(MessagesAnnotation)
    .addNode("answer", answer)
    .addEdge("__start__", "answer")
    .compile({ checkpointer });
}

/** A graph of one node that changes messages. */
function changing(checkpointer: BaseCheckpointSaver, change: (state: State) => Partial<State> | object) {
  return new StateGraph(MessagesAnnotation)
    .addNode("change", change)
    .addEdge("__start__", "change")
    .compile({ checkpointer });
}

const say = (content: string, id?: string) => ({ messages: [new HumanMessage({ content, id })] });

withEverySaver((newStorage) => {
  test("a conversation goes on in one process after the other", async () => {
    const { open } = newStorage();
    for (const [turn, word] of ["one", "two", "three", "four"].entries()) {
      const { messages } = await chat(await open()).invoke(say(word), on("t"));
      expect(messages).toHaveLength(2 * (turn + 1));
      expect(messages.at(-1)?.content).toBe(
        `heard ${["one", "two", "three", "four"].slice(0, turn + 1).join(", ")}`,
      );
    }
    const { values, next } = await chat(await open()).getState(on("t"));
    expect(next).toEqual([]);
    expect(texts(values.messages)).toEqual([
      "one",
      "heard one",
      "two",
      "heard one, two",
      "three",
      "heard one, two, three",
      "four",
      "heard one, two, three, four",
    ]);
    expect(values.messages[1]).toBeInstanceOf(AIMessage);
  });

  test("processes that take turns see what the other one wrote", async () => {
    const { open } = newStorage();
    const graphs = [chat(await open()), chat(await open())];
    for (let turn = 0; turn < 8; turn++) await graphs[turn % 2]?.invoke(say(`${turn}`), on("t"));
    for (const graph of graphs) {
      const { values } = await graph.getState(on("t"));
      expect(values.messages.at(-1).content).toBe("heard 0, 1, 2, 3, 4, 5, 6, 7");
    }
  });

  test("conversations that are held at the same time stay apart", async () => {
    const { open } = newStorage();
    const graph = chat(await open());
    const talk = async (thread: string) => {
      for (const word of ["a", "b", "c"]) await graph.invoke(say(thread + word), on(thread));
      return texts((await graph.getState(on(thread))).values.messages);
    };
    const talks = await Promise.all(["x", "y", "z"].map(talk));
    expect(talks.map((each) => each.at(-1))).toEqual([
      "heard xa, xb, xc",
      "heard ya, yb, yc",
      "heard za, zb, zc",
    ]);
  });

  test("tool calls, tool results and all that models add come back whole", async () => {
    const { open } = newStorage();
    const messages = [
      new SystemMessage({ id: "1", content: [{ type: "text", text: "be brief" }] }),
      new AIMessage({
        id: "2",
        content: "",
        tool_calls: [{ id: "call-1", name: "search", args: { query: "x", limit: 3 }, type: "tool_call" }],
        usage_metadata: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
        response_metadata: { model: "m" },
        additional_kwargs: { deep: { er: [1, null, "x"] } },
      }),
      new ToolMessage({
        id: "3",
        tool_call_id: "call-1",
        content: "found",
        artifact: { rows: [1, 2] },
        status: "success",
      }),
    ];
    await changing(await open(), () => ({ messages })).invoke(say("go", "0"), on("t"));
    const { values } = await chat(await open()).getState(on("t"));
    expect(values.messages.slice(1)).toEqual(messages);
  });

  test("removed messages are gone, and the conversation goes on without them", async () => {
    const { open } = newStorage();
    const forget = ({ messages }: State) => ({
      messages: messages.slice(0, -2).map(({ id }) => new RemoveMessage({ id: id as string })),
    });
    for (let turn = 0; turn < 6; turn++) {
      const { messages } = await changing(await open(), forget).invoke(say(`${turn}`, `m${turn}`), on("t"));
      expect(texts(messages)).toEqual(turn === 0 ? ["0"] : [`${turn - 1}`, `${turn}`]);
    }
    const { values } = await chat(await open()).getState(on("t"));
    expect(texts(values.messages)).toEqual(["4", "5"]);
  });

  test("all messages can be replaced by a summary", async () => {
    const { open } = newStorage();
    const summarize = ({ messages }: State) => {
      if (messages.length < 5) return {};
      const summary = new SystemMessage({ id: "summary", content: `of ${messages.length}` });
      return { messages: [new RemoveMessage({ id: REMOVE_ALL_MESSAGES }), summary] };
    };
    for (let turn = 0; turn < 7; turn++)
      await changing(await open(), summarize).invoke(say(`${turn}`), on("t"));
    const { values } = await chat(await open()).getState(on("t"));
    expect(texts(values.messages)).toEqual(["of 5", "5", "6"]);
  });

  test("a message that comes again by its id takes the place of the old one", async () => {
    const { open } = newStorage();
    const edit = ({ messages }: State) => ({
      messages: messages.length < 40 ? [] : [new HumanMessage({ id: "m7", content: "edited" })],
    });
    const graph = changing(await open(), edit);
    for (let n = 0; n < 40; n++) await graph.invoke(say(`${n}`, `m${n}`), on("t"));
    const { values } = await chat(await open()).getState(on("t"));
    const expected = Array.from({ length: 40 }, (_, n) => (n === 7 ? "edited" : `${n}`));
    expect(texts(values.messages)).toEqual(expected);
  });

  test("messages that a node changes in place are stored as they are then", async () => {
    const { open } = newStorage();
    const mark = ({ messages }: State) => {
      for (const at of [0, 57, 150]) {
        const message = messages[at] as HumanMessage;
        message.content = `${message.content}!`;
        const { response_metadata } = message as { response_metadata: { marks?: object[] } };
        response_metadata.marks ??= [];
        response_metadata.marks.push({ length: messages.length });
      }
      return { messages: [new AIMessage("marked")] };
    };
    const graph = changing(await open(), mark); // one saver, which remembers what it stored
    const words = Array.from({ length: 200 }, (_, n) => `${n} ${"word ".repeat(20)}`);
    await graph.invoke({ messages: words.map((content) => new HumanMessage(content)) }, on("t"));
    for (let turn = 1; turn <= 4; turn++) {
      const { values } = await chat(await open()).getState(on("t"));
      for (const [at, word] of words.entries()) {
        const marked = [0, 57, 150].includes(at);
        expect(values.messages[at].content).toBe(marked ? word + "!".repeat(turn) : word);
        const marks = [200, 202, 204, 206].slice(0, turn).map((length) => ({ length }));
        expect(values.messages[at].response_metadata.marks).toEqual(marked ? marks : undefined);
      }
      await graph.invoke(say("more"), on("t"));
    }
  });

  test("a command decides where to go and what to write, turn after turn", async () => {
    const { open } = newStorage();
    const Steps = Annotation.Root({
      input: Annotation<number>(),
      path: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
    });
    const graph = async () =>
      new StateGraph(Steps)
        .addNode(
          "route",
          ({ input, path }) =>
            new Command({
              goto: path.length >= input ? "__end__" : path.length % 2 ? "odd" : "even",
              update: { path: [`at ${path.length}`] },
            }),
          { ends: ["odd", "even", "__end__"] },
        )
        .addNode("odd", () => new Command({ goto: "route", update: { path: ["odd"] } }), { ends: ["route"] })
        .addNode("even", () => new Command({ goto: "route", update: { path: ["even"] } }), {
          ends: ["route"],
        })
        .addEdge("__start__", "route")
        .compile({ checkpointer: await open() });
    const first = await (await graph()).invoke({ input: 3 }, on("t"));
    expect(first.path).toEqual(["at 0", "even", "at 2", "even", "at 4"]);
    const second = await (await graph()).invoke({ input: 6 }, on("t"));
    expect(second.path).toEqual([...first.path, "at 5", "odd", "at 7"]);
  });

  test("a command from outside updates a thread and sends it to a node", async () => {
    const { open } = newStorage();
    await chat(await open()).invoke(say("one"), on("t"));
    const command = new Command({ goto: "answer", update: say("two") });
    await chat(await open()).invoke(command, on("t"));
    const { values } = await chat(await open()).getState(on("t"));
    expect(texts(values.messages)).toEqual(["one", "heard one", "two", "heard one, two"]);
  });
});
