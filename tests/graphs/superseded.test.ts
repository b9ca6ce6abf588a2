import { AIMessage, HumanMessage } from "@langchain/core/messages";
import {
  type BaseCheckpointSaver,
  interrupt,
  MessagesAnnotation,
  MessagesDeltaValue,
  StateGraph,
  StateSchema,
} from "@langchain/langgraph";
import * as langgraph from "@langchain/langgraph-checkpoint";
import { CheckpointNotFoundError } from "langgraph-redis";
import { describe, expect, test } from "vitest";
import { answer, on, redis, texts } from "./savers.js";

// A user clicks twice, sends a form that was open in another tab, or edits what was said before: the config names a
// checkpoint that others came after. Whatever becomes of it, the conversation stays.

const STATES = {
  messages: () => MessagesAnnotation,
  "a delta channel of messages": () => new StateSchema({ messages: MessagesDeltaValue }),
};
const HISTORIES = ["all", "latest"] as const;
const DURABILITIES = ["sync", "async", "exit"] as const;
const CASES = HISTORIES.flatMap((history) =>
  DURABILITIES.flatMap((durability) =>
    Object.keys(STATES).map((state) => ({ history, durability, state: state as keyof typeof STATES })),
  ),
);

let done: string[] = [];

/** Answers each message, and asks before it answers one that wants something. */
function agent(checkpointer: BaseCheckpointSaver, state: keyof typeof STATES) {
  return new StateGraph(STATES[state]() as typeof MessagesAnnotation)
    .addNode("answer", ({ messages }) => {
      const text = String(messages.at(-1)?.content);
      const said = text.startsWith("please") ? `${interrupt(`${text}?`)}, ${text}` : `answer to ${text}`;
      done.push(said);
      return { messages: [new AIMessage({ id: `a${messages.length}`, content: said })] };
    })
    .addEdge("__start__", "answer")
    .compile({ checkpointer });
}

const said = (text: string) => ({ messages: [new HumanMessage({ id: text, content: text })] });

describe.each(CASES)(
  '$state, history "$history", durability "$durability"',
  ({ history, durability, state }) => {
    async function conversation() {
      done = [];
      const storage = redis({ history });
      const graph = async () => agent(await storage.open(), state);
      const options = { ...on("t"), durability };
      const named = (config: object) => ({ ...config, durability });
      for (const text of ["one", "two"]) await (await graph()).invoke(said(text), options);
      const read = async () => texts((await (await graph()).getState(on("t"))).values.messages);
      return { graph, options, named, read };
    }
    const BEFORE = ["one", "answer to one", "two", "answer to two"];
    const refused = (result: unknown) => expect(result).toBeInstanceOf(CheckpointNotFoundError);

    test("a second click on approve loses nothing", async () => {
      const { graph, options, named, read } = await conversation();
      await (await graph()).invoke(said("please pay"), options);
      const { config } = await (await graph()).getState(on("t"));
      await (await graph()).invoke(answer("approved"), named(config));
      const whole = [...BEFORE, "please pay", "approved, please pay"];
      expect(await read()).toEqual(whole);
      const again = await (await graph()).invoke(answer("approved"), named(config)).catch((error) => error);
      expect(await read()).toEqual(whole);
      if (history === "latest") {
        refused(again);
        // It was not even done again.
        expect(done.filter((each) => each === "approved, please pay")).toHaveLength(1);
      }
      await (await graph()).invoke(said("three"), options);
      expect(await read()).toEqual([...whole, "three", "answer to three"]);
    });

    test("two clicks at once on approve: what is stored is one of them, whole", async () => {
      const { graph, options, read } = await conversation();
      await (await graph()).invoke(said("please pay"), options);
      const graphs = await Promise.all([graph(), graph()]);
      const results = await Promise.allSettled(
        graphs.map((each) => each.invoke(answer("approved"), options)),
      );
      expect(results.map(({ status }) => status)).toContain("fulfilled");
      for (const result of results) if (result.status === "rejected") refused(result.reason);
      expect(await read()).toEqual([...BEFORE, "please pay", "approved, please pay"]);
    });

    // Older versions of LangGraph mix the writes of both branches there, also with their MemorySaver.
    const mixed =
      !("compareWritesSortKeys" in langgraph) &&
      state === "a delta channel of messages" &&
      history === "all" &&
      durability === "exit";
    (mixed ? test.fails : test)(
      "going on from the config of an old state loses nothing that was said before it",
      async () => {
        const { graph, options, named, read } = await conversation();
        const { config } = await (await graph()).getState(on("t"));
        await (await graph()).invoke(said("from another tab"), options);
        const result = await (await graph()).invoke(said("three"), named(config)).catch((error) => error);
        if (history === "latest") {
          refused(result);
          expect(await read()).toEqual([...BEFORE, "from another tab", "answer to from another tab"]);
        } else {
          expect(await read()).toEqual([...BEFORE, "three", "answer to three"]);
          const all = [];
          for await (const each of (await graph()).getStateHistory(on("t")))
            all.push(texts(each.values.messages));
          if (state === "messages")
            expect(all).toContainEqual([...BEFORE, "from another tab", "answer to from another tab"]);
        }
      },
    );

    test("updating an old state loses nothing that was said before it", async () => {
      const { graph, options, read } = await conversation();
      const { config } = await (await graph()).getState(on("t"));
      await (await graph()).invoke(said("later"), options);
      const edit = { messages: [new HumanMessage({ id: "two", content: "edited" })] };
      const result = await (await graph()).updateState(config, edit, "answer").catch((error) => error);
      const conversationNow = await read();
      if (history === "latest") {
        refused(result);
        expect(conversationNow).toEqual([...BEFORE, "later", "answer to later"]);
      } else if (state === "messages") {
        expect(conversationNow).toEqual(["one", "answer to one", "edited", "answer to two"]);
      }
    });

    test("the newest state is updated, copied and gone on from", async () => {
      const { graph, named, read } = await conversation();
      const newest = async () => (await (await graph()).getState(on("t"))).config;
      const edit = { messages: [new HumanMessage({ id: "two", content: "edited" })] };
      await (await graph()).updateState(await newest(), edit, "answer");
      const edited = ["one", "answer to one", "edited", "answer to two"];
      expect(await read()).toEqual(edited);
      await (await graph()).updateState(await newest(), null, "__copy__");
      expect(await read()).toEqual(edited);
      await (await graph()).invoke(said("three"), named(await newest()));
      expect(await read()).toEqual([...edited, "three", "answer to three"]);
    });
  },
);
