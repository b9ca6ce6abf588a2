import { Annotation, type BaseCheckpointSaver, Send, StateGraph } from "@langchain/langgraph";
import { RedisSaver } from "langgraph-redis";
import { expect, test } from "vitest";
import { on, withEverySaver } from "./savers.js";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

/** How often each task ran, and which of them fail for so many more times. */
interface World {
  ran: string[];
  failures: Record<string, number>;
}

/** Lets the others finish before it fails, so that what they wrote is there. */
async function work(name: string, { ran, failures }: World) {
  ran.push(name);
  const left = failures[name] ?? 0;
  if (left > 0) {
    failures[name] = left - 1;
    await new Promise((resolve) => setTimeout(resolve, 20));
    throw new Error(`${name} fails`);
  }
  return { log: [name] };
}

function parallel(checkpointer: BaseCheckpointSaver, world: World, maxAttempts = 1) {
  return new StateGraph(State)
    .addNode("start", () => work("start", world))
    .addNode("x", () => work("x", world))
    .addNode("y", () => work("y", world), {
      retryPolicy: { maxAttempts, initialInterval: 1, jitter: false, logWarning: false },
    })
    .addNode("z", () => work("z", world))
    .addNode("end", () => work("end", world))
    .addEdge("__start__", "start")
    .addEdge("start", "x")
    .addEdge("start", "y")
    .addEdge("start", "z")
    .addEdge(["x", "y", "z"], "end")
    .compile({ checkpointer });
}

function sending(checkpointer: BaseCheckpointSaver, world: World) {
  const names = ["one", "two", "three", "four", "five"];
  return new StateGraph(State)
    .addNode("split", () => ({}))
    .addNode("task", ({ name }: { name: string }) => work(name, world))
    .addEdge("__start__", "split")
    .addConditionalEdges("split", () => names.map((name) => new Send("task", { name })))
    .compile({ checkpointer });
}

const count = (ran: string[]) => {
  const counts: Record<string, number> = {};
  for (const name of ran) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
};

withEverySaver((newStorage) => {
  test.each(["sync", "async", "exit"] as const)(
    "after a failure only the task that failed runs again (durability %s)",
    async (durability) => {
      const { open } = newStorage();
      const world: World = { ran: [], failures: { y: 2 } };
      const config = { ...on("t"), durability };
      await expect(parallel(await open(), world).invoke({}, config)).rejects.toThrow("y fails");
      const failed = await parallel(await open(), world).getState(on("t"));
      expect(failed.next).toEqual(["y"]);
      expect(failed.tasks.map(({ name, error }) => [name, (error as Error | undefined)?.message])).toEqual([
        ["x", undefined],
        ["y", "y fails"],
        ["z", undefined],
      ]);
      await expect(parallel(await open(), world).invoke(null, config)).rejects.toThrow("y fails");
      const { log } = await parallel(await open(), world).invoke(null, config);
      expect(log).toEqual(["start", "x", "y", "z", "end"]);
      expect(count(world.ran)).toEqual({ start: 1, x: 1, y: 3, z: 1, end: 1 });
    },
  );

  test("of the tasks that were sent out only the one that failed runs again", async () => {
    const { open } = newStorage();
    const world: World = { ran: [], failures: { three: 1 } };
    await expect(sending(await open(), world).invoke({}, on("t"))).rejects.toThrow("three fails");
    const { log } = await sending(await open(), world).invoke(null, on("t"));
    expect(log).toEqual(["one", "two", "three", "four", "five"]);
    expect(count(world.ran)).toEqual({ one: 1, two: 1, three: 2, four: 1, five: 1 });
  });

  test("a node with a retry policy is tried again, and nothing of the failures stays", async () => {
    const { open } = newStorage();
    const world: World = { ran: [], failures: { y: 2 } };
    await parallel(await open(), world, 3).invoke({}, on("t"));
    expect(count(world.ran)).toEqual({ start: 1, x: 1, y: 3, z: 1, end: 1 });
    const { values, tasks } = await parallel(await open(), world).getState(on("t"));
    expect(values.log).toEqual(["start", "x", "y", "z", "end"]);
    expect(tasks).toEqual([]);
  });

  test("a run that was aborted goes on in another process", async () => {
    const { open } = newStorage();
    const ran: string[] = [];
    const abort = new AbortController();
    const graph = (checkpointer: BaseCheckpointSaver) =>
      new StateGraph(State)
        .addNode("step", ({ log }) => {
          ran.push(`${log.length}`);
          if (log.length === 5) abort.abort();
          return { log: [`${log.length}`] };
        })
        .addEdge("__start__", "step")
        .addConditionalEdges("step", ({ log }) => (log.length < 10 ? "step" : "__end__"))
        .compile({ checkpointer });
    const first = await open();
    await expect(graph(first).invoke({}, { ...on("t"), signal: abort.signal })).rejects.toThrow();
    // An aborted run is rejected at once, and goes on storing what it has done until its process ends.
    if (first instanceof RedisSaver) await first.end();
    const { log } = await graph(await open()).invoke(null, on("t"));
    expect(log).toEqual(Array.from({ length: 10 }, (_, n) => `${n}`));
    expect(count(ran.slice(0, 5))).toEqual({ 0: 1, 1: 1, 2: 1, 3: 1, 4: 1 });
  });
});
