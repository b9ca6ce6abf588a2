import {
  Annotation,
  type BaseCheckpointSaver,
  interrupt,
  isInterrupted,
  StateGraph,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { answer, on, withEverySaver } from "./savers.js";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** Asks so many questions in one node, between two others. */
function asking(checkpointer: BaseCheckpointSaver, questions: number, ran: string[] = []) {
  return new StateGraph(State)
    .addNode("before", () => {
      ran.push("before");
      return { log: ["before"] };
    })
    .addNode("ask", () => {
      ran.push("ask");
      return { log: Array.from({ length: questions }, (_, n) => `${interrupt(`question ${n}`)}`) };
    })
    .addNode("after", () => ({ log: ["after"] }))
    .addEdge("__start__", "before")
    .addEdge("before", "ask")
    .addEdge("ask", "after")
    .compile({ checkpointer });
}

/** Three nodes at once, two of which ask. */
function askingInParallel(checkpointer: BaseCheckpointSaver, ran: string[] = []) {
  const ask = (name: string) => () => {
    ran.push(name);
    return { log: [`${name}: ${interrupt(`${name}?`)}`] };
  };
  return new StateGraph(State)
    .addNode("left", ask("left"))
    .addNode("right", ask("right"))
    .addNode("free", () => {
      ran.push("free");
      return { log: ["free"] };
    })
    .addNode("after", () => ({ log: ["after"] }))
    .addEdge("__start__", "left")
    .addEdge("__start__", "right")
    .addEdge("__start__", "free")
    .addEdge(["left", "right", "free"], "after")
    .compile({ checkpointer });
}

type Asking = ReturnType<typeof askingInParallel>;

/** The open questions of a thread and their ids. */
async function questions(graph: Asking, thread: string): Promise<Record<string, string>> {
  const { tasks } = await graph.getState(on(thread));
  return Object.fromEntries(
    tasks.flatMap(({ interrupts }) => interrupts.map(({ id, value }) => [value, id])),
  );
}

const DURABILITIES = ["sync", "async", "exit"] as const;

withEverySaver((newStorage) => {
  test.each(DURABILITIES)("a question is answered in another process (durability %s)", async (durability) => {
    const { open } = newStorage();
    const ran: string[] = [];
    const asked = await asking(await open(), 1, ran).invoke({}, { ...on("t"), durability });
    expect(isInterrupted(asked) && asked.__interrupt__.map(({ value }) => value)).toEqual(["question 0"]);
    const waiting = await asking(await open(), 1).getState(on("t"));
    expect(waiting.next).toEqual(["ask"]);
    expect(waiting.tasks[0]?.interrupts.map(({ value }) => value)).toEqual(["question 0"]);
    const resume = answer("yes");
    const { log } = await asking(await open(), 1, ran).invoke(resume, { ...on("t"), durability });
    expect(log).toEqual(["before", "yes", "after"]);
    expect(ran).toEqual(["before", "ask", "ask"]);
    expect((await asking(await open(), 1).getState(on("t"))).tasks).toEqual([]);
  });

  test.each(DURABILITIES)(
    "questions of one node are answered one by one (durability %s)",
    async (durability) => {
      const { open } = newStorage();
      await asking(await open(), 3).invoke({}, { ...on("t"), durability });
      for (let n = 0; n < 3; n++) {
        const { tasks } = await asking(await open(), 3).getState(on("t"));
        expect(tasks[0]?.interrupts.map(({ value }) => value)).toEqual([`question ${n}`]);
        const resume = answer(`answer ${n}`);
        await asking(await open(), 3).invoke(resume, { ...on("t"), durability });
      }
      const { values, next } = await asking(await open(), 3).getState(on("t"));
      expect(next).toEqual([]);
      expect(values.log).toEqual(["before", "answer 0", "answer 1", "answer 2", "after"]);
    },
  );

  test("questions of several nodes are answered together, by their ids", async () => {
    const { open } = newStorage();
    const ran: string[] = [];
    await askingInParallel(await open(), ran).invoke({}, on("t"));
    const graph = askingInParallel(await open(), ran);
    const ids = await questions(graph, "t");
    expect(Object.keys(ids).sort()).toEqual(["left?", "right?"]);
    const resume = { [ids["left?"] as string]: "L", [ids["right?"] as string]: "R" };
    const { log } = await graph.invoke(answer(resume), on("t"));
    expect([...log].sort()).toEqual(["after", "free", "left: L", "right: R"]);
    expect(log.at(-1)).toBe("after");
    expect(ran.filter((name) => name === "free")).toHaveLength(1);
  });

  test("one of several questions is answered, and the other one stays open", async () => {
    const { open } = newStorage();
    const ran: string[] = [];
    await askingInParallel(await open(), ran).invoke({}, on("t"));
    for (const name of ["right", "left"]) {
      const graph = askingInParallel(await open(), ran);
      const id = (await questions(graph, "t"))[`${name}?`] as string;
      await graph.invoke(answer({ [id]: name.toUpperCase() }), on("t"));
      expect((await graph.getState(on("t"))).next).toEqual(name === "right" ? ["left"] : []);
    }
    const { values } = await askingInParallel(await open()).getState(on("t"));
    expect([...values.log].sort()).toEqual(["after", "free", "left: LEFT", "right: RIGHT"]);
    expect(ran.filter((name) => name === "right")).toHaveLength(2);
    expect(ran.filter((name) => name === "free")).toHaveLength(1);
  });

  test("a question in a subgraph is answered from outside", async () => {
    const { open } = newStorage();
    const ran: string[] = [];
    const graph = async () => {
      const inner = new StateGraph(State)
        .addNode("prepare", () => {
          ran.push("prepare");
          return { log: ["prepared"] };
        })
        .addNode("ask", () => ({ log: [`${interrupt("inner?")}`] }))
        .addEdge("__start__", "prepare")
        .addEdge("prepare", "ask")
        .compile();
      return new StateGraph(State)
        .addNode("child", async ({ log }) => ({ log: (await inner.invoke({ log })).log.slice(log.length) }))
        .addNode("node", inner)
        .addEdge("__start__", "child")
        .addEdge("child", "node")
        .compile({ checkpointer: await open() });
    };
    const asked = await (await graph()).invoke({ log: ["start"] }, on("t"));
    expect(isInterrupted(asked) && asked.__interrupt__.map(({ value }) => value)).toEqual(["inner?"]);
    await (await graph()).invoke(answer("one"), on("t"));
    const { tasks } = await (await graph()).getState(on("t"));
    expect(tasks[0]?.interrupts.map(({ value }) => value)).toEqual(["inner?"]);
    const { log } = await (await graph()).invoke(answer("two"), on("t"));
    expect(log.slice(0, 3)).toEqual(["start", "prepared", "one"]);
    expect(log.slice(-2)).toEqual(["prepared", "two"]);
    expect(ran).toEqual(["prepare", "prepare"]);
  });

  test("a graph that stops before and after nodes goes on where it stopped, with what was changed meanwhile", async () => {
    const { open } = newStorage();
    const graph = async () =>
      new StateGraph(State)
        .addNode("a", () => ({ log: ["a"] }))
        .addNode("b", ({ log }) => ({ log: [`b after ${log.at(-1)}`] }))
        .addNode("c", ({ log }) => ({ log: [`c after ${log.at(-1)}`] }))
        .addEdge("__start__", "a")
        .addEdge("a", "b")
        .addEdge("b", "c")
        .compile({ checkpointer: await open(), interruptBefore: ["b"], interruptAfter: ["b"] });
    await (await graph()).invoke({}, on("t"));
    expect((await (await graph()).getState(on("t"))).next).toEqual(["b"]);
    await (await graph()).updateState(on("t"), { log: ["a human"] });
    expect((await (await graph()).getState(on("t"))).next).toEqual(["b"]);
    await (await graph()).invoke(null, on("t"));
    expect((await (await graph()).getState(on("t"))).next).toEqual(["c"]);
    const { log } = await (await graph()).invoke(null, on("t"));
    expect(log).toEqual(["a", "a human", "b after a human", "c after b after a human"]);
  });

  test("new input instead of an answer starts again and leaves no question open", async () => {
    const { open } = newStorage();
    await asking(await open(), 1).invoke({ log: ["first"] }, on("t"));
    await asking(await open(), 1).invoke({ log: ["second"] }, on("t"));
    const { tasks } = await asking(await open(), 1).getState(on("t"));
    expect(tasks.flatMap(({ interrupts }) => interrupts.map(({ value }) => value))).toEqual(["question 0"]);
    const { log } = await asking(await open(), 1).invoke(answer("yes"), on("t"));
    expect(log).toEqual(["first", "before", "second", "before", "yes", "after"]);
  });

  test("what parallel nodes had finished survives an update from outside", async () => {
    const { open } = newStorage();
    const Both = Annotation.Root({ left: Annotation<string>(), right: Annotation<string>() });
    const graph = async () =>
      new StateGraph(Both)
        .addNode("l", () => ({ left: "finished" }))
        .addNode("r", () => ({ right: `${interrupt("?")}` }))
        .addEdge("__start__", "l")
        .addEdge("__start__", "r")
        .compile({ checkpointer: await open() });
    await (await graph()).invoke({ left: "given" }, on("t"));
    await (await graph()).updateState(on("t"), { right: "from outside" }, "r");
    const { values } = await (await graph()).getState(on("t"));
    expect(values).toEqual({ left: "finished", right: "from outside" });
  });
});
