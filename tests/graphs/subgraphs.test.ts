import {
  Annotation,
  type BaseCheckpointSaver,
  Command,
  interrupt,
  StateGraph,
  type StateSnapshot,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { answer, on, withEverySaver } from "./savers.js";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});
const Child = Annotation.Root({
  visits: Annotation<number>({ reducer: (left, right) => left + right, default: () => 0 }),
});

/** Two children that count how often they were called. */
function family(checkpointer: BaseCheckpointSaver, remembers: true | undefined) {
  const child = () =>
    new StateGraph(Child)
      .addNode("visit", () => ({ visits: 1 }))
      .addEdge("__start__", "visit")
      .compile({ checkpointer: remembers });
  const [ann, bob] = [child(), child()];
  return new StateGraph(State)
    .addNode("ann", async () => ({ log: [`ann ${(await ann.invoke({})).visits}`] }), { subgraphs: [ann] })
    .addNode("bob", async () => ({ log: [`bob ${(await bob.invoke({ visits: 10 })).visits}`] }), {
      subgraphs: [bob],
    })
    .addEdge("__start__", "ann")
    .addEdge("ann", "bob")
    .compile({ checkpointer });
}

/** A question two graphs down. */
function nested(checkpointer: BaseCheckpointSaver) {
  const inner = new StateGraph(State)
    .addNode("prepare", () => ({ log: ["inner prepared"] }))
    .addNode("ask", () => ({ log: [`${interrupt("?")}`] }))
    .addEdge("__start__", "prepare")
    .addEdge("prepare", "ask")
    .compile();
  const middle = new StateGraph(State)
    .addNode("first", () => ({ log: ["middle"] }))
    .addNode("inner", inner)
    .addEdge("__start__", "first")
    .addEdge("first", "inner")
    .compile();
  return new StateGraph(State)
    .addNode("middle", middle)
    .addNode("end", () => ({ log: ["end"] }))
    .addEdge("__start__", "middle")
    .addEdge("middle", "end")
    .compile({ checkpointer });
}

const stateOf = (task: StateSnapshot["tasks"][number] | undefined) => task?.state as StateSnapshot;

withEverySaver((newStorage) => {
  test("subgraphs with a memory go on where they were, each in its own namespace", async () => {
    const { open } = newStorage();
    for (let n = 0; n < 4; n++) await family(await open(), true).invoke({}, on("t"));
    const { values } = await family(await open(), true).getState(on("t"));
    expect(values.log).toEqual([1, 2, 3, 4].flatMap((n) => [`ann ${n}`, `bob ${11 * n}`]));
    await family(await open(), true).invoke({}, on("other"));
    expect((await family(await open(), true).getState(on("other"))).values.log).toEqual(["ann 1", "bob 11"]);
    const saver = await open();
    for (const [checkpoint_ns, visits] of Object.entries({ ann: 4, bob: 44 })) {
      const tuple = await saver.getTuple(on("t", { checkpoint_ns }));
      expect(tuple?.checkpoint.channel_values.visits).toBe(visits);
    }
  });

  test("subgraphs without a memory start anew", async () => {
    const { open } = newStorage();
    for (let n = 0; n < 3; n++) await family(await open(), undefined).invoke({}, on("t"));
    const { values } = await family(await open(), undefined).getState(on("t"));
    expect(values.log).toEqual([1, 2, 3].flatMap(() => ["ann 1", "bob 11"]));
  });

  test("a graph that waits shows the state of its subgraphs, however deep", async () => {
    const { open } = newStorage();
    await nested(await open()).invoke({ log: ["start"] }, on("t"));
    const state = await nested(await open()).getState(on("t"), { subgraphs: true });
    const middle = stateOf(state.tasks[0]);
    const inner = stateOf(middle.tasks[0]);
    expect(state.values.log).toEqual(["start"]);
    expect(middle.next).toEqual(["inner"]);
    expect(middle.values.log).toEqual(["start", "middle"]);
    expect(inner.next).toEqual(["ask"]);
    expect(inner.values.log).toEqual(["start", "middle", "inner prepared"]);
    expect(inner.tasks[0]?.interrupts.map(({ value }) => value)).toEqual(["?"]);
    const { log } = await nested(await open()).invoke(answer("answer"), on("t"));
    expect(log).toContain("answer");
    expect(log.at(-1)).toBe("end");
  });

  test("the state of a waiting subgraph can be changed from outside", async () => {
    const { open } = newStorage();
    const graph = async () => {
      const child = new StateGraph(State)
        .addNode("a", () => ({ log: ["a"] }))
        .addNode("b", ({ log }) => ({ log: [`b after ${log.at(-1)}`] }))
        .addEdge("__start__", "a")
        .addEdge("a", "b")
        .compile({ interruptBefore: ["b"] });
      return new StateGraph(State)
        .addNode("child", child)
        .addEdge("__start__", "child")
        .compile({ checkpointer: await open() });
    };
    await (await graph()).invoke({}, on("t"));
    const waiting = await (await graph()).getState(on("t"), { subgraphs: true });
    const { config } = stateOf(waiting.tasks[0]);
    await (await graph()).updateState(config, { log: ["from outside"] });
    const { log } = await (await graph()).invoke(null, on("t"));
    expect(log).toEqual(["a", "from outside", "b after from outside"]);
  });

  test("a command in a subgraph goes to a node of its parent", async () => {
    const { open } = newStorage();
    const graph = async () => {
      const child = new StateGraph(State)
        .addNode(
          "leave",
          () => new Command({ goto: "target", graph: Command.PARENT, update: { log: ["left"] } }),
        )
        .addEdge("__start__", "leave")
        .compile();
      return new StateGraph(State)
        .addNode("child", child, { ends: ["target"] })
        .addNode("target", () => ({ log: ["target"] }))
        .addEdge("__start__", "child")
        .compile({ checkpointer: await open() });
    };
    await (await graph()).invoke({ log: ["start"] }, on("t"));
    expect((await (await graph()).getState(on("t"))).values.log).toEqual(["start", "left", "target"]);
  });
});
