import { Annotation, type BaseCheckpointSaver, Send, StateGraph } from "@langchain/langgraph";
import { expect, test } from "vitest";
import { on, withEverySaver } from "./savers.js";

const State = Annotation.Root({
  numbers: Annotation<number[]>(),
  squares: Annotation<number[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
  sum: Annotation<number>(),
});

/** Squares every number in a task of its own, and adds them up. */
function mapReduce(checkpointer: BaseCheckpointSaver, interruptBefore: ("square" | "add")[] = []) {
  return new StateGraph(State)
    .addNode("split", () => ({}))
    .addNode("square", ({ number }: { number: number }) => ({ squares: [number ** 2] }))
    .addNode("add", ({ squares }) => ({ sum: squares.reduce((sum, each) => sum + each, 0) }))
    .addEdge("__start__", "split")
    .addConditionalEdges("split", ({ numbers }) => numbers.map((number) => new Send("square", { number })))
    .addEdge("square", "add")
    .compile({ checkpointer, interruptBefore });
}

const numbers = Array.from({ length: 40 }, (_, n) => n);
const squares = numbers.map((n) => n ** 2);
const sum = squares.reduce((total, each) => total + each, 0);

withEverySaver((newStorage) => {
  test("tasks that a node sends out all arrive, in order", async () => {
    const { open } = newStorage();
    await mapReduce(await open()).invoke({ numbers }, on("t"));
    expect((await mapReduce(await open()).getState(on("t"))).values).toEqual({ numbers, squares, sum });
  });

  test("tasks that were sent out wait for another process", async () => {
    const { open } = newStorage();
    await mapReduce(await open(), ["square"]).invoke({ numbers }, on("t"));
    const waiting = await mapReduce(await open()).getState(on("t"));
    expect(waiting.next).toEqual(numbers.map(() => "square"));
    await mapReduce(await open(), ["add"]).invoke(null, on("t"));
    expect((await mapReduce(await open()).getState(on("t"))).values).toEqual({ numbers, squares });
    const { sum: total } = await mapReduce(await open()).invoke(null, on("t"));
    expect(total).toBe(sum);
  });

  test("many nodes write to one channel at once, turn after turn", async () => {
    const { open } = newStorage();
    const names = Array.from({ length: 25 }, (_, n) => `node-${`${n}`.padStart(2, "0")}`);
    const graph = async () => {
      const Log = Annotation.Root({
        log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
      });
      const builder = new StateGraph(Log) as StateGraph<
        typeof Log,
        typeof Log.State,
        typeof Log.Update,
        string
      >;
      for (const name of names) {
        builder.addNode(name, () => ({ log: [name] }));
        builder.addEdge("__start__", name);
      }
      return builder.compile({ checkpointer: await open() });
    };
    for (let turn = 0; turn < 3; turn++) await (await graph()).invoke({ log: [`turn ${turn}`] }, on("t"));
    const { values } = await (await graph()).getState(on("t"));
    expect(values.log).toEqual([0, 1, 2].flatMap((turn) => [`turn ${turn}`, ...names]));
  });

  test("a deferred node waits for the longest branch, also across processes", async () => {
    const { open } = newStorage();
    const Log = Annotation.Root({
      log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
    });
    const graph = async () =>
      new StateGraph(Log)
        .addNode("short", () => ({ log: ["short"] }))
        .addNode("long 1", () => ({ log: ["long 1"] }))
        .addNode("long 2", () => ({ log: ["long 2"] }))
        .addNode("join", ({ log }) => ({ log: [`join of ${log.length}`] }), { defer: true })
        .addEdge("__start__", "short")
        .addEdge("__start__", "long 1")
        .addEdge("long 1", "long 2")
        .addEdge("short", "join")
        .addEdge("long 2", "join")
        .compile({ checkpointer: await open(), interruptBefore: ["long 2", "join"] });
    await (await graph()).invoke({}, on("t"));
    expect((await (await graph()).getState(on("t"))).next).toEqual(["long 2"]);
    await (await graph()).invoke(null, on("t"));
    expect((await (await graph()).getState(on("t"))).next).toEqual(["join"]);
    const { log } = await (await graph()).invoke(null, on("t"));
    expect([...log].sort()).toEqual(["join of 3", "long 1", "long 2", "short"]);
  });
});
