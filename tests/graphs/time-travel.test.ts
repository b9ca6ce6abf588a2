import {
  Annotation,
  type BaseCheckpointSaver,
  interrupt,
  StateGraph,
  type StateSnapshot,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { answer, historyOf, on, snapshots, withEverySaver } from "./savers.js";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
  last: Annotation<string>(),
  constant: Annotation<string>(),
});

/** a, then b, then c; each node notes its own run. */
function graphOf(checkpointer: BaseCheckpointSaver, ran: string[] = []) {
  const node = (name: string) => () => {
    ran.push(name);
    return { log: [name], last: name };
  };
  return new StateGraph(State)
    .addNode("a", node("a"))
    .addNode("b", node("b"))
    .addNode("c", node("c"))
    .addEdge("__start__", "a")
    .addEdge("a", "b")
    .addEdge("b", "c")
    .compile({ checkpointer });
}

/** The newest checkpoint after which this node runs. */
function before(node: string, all: StateSnapshot[]) {
  const found = all.find(({ next }) => next[0] === node);
  if (!found) throw new Error(`no checkpoint before ${node}`);
  return found;
}

withEverySaver(
  (newStorage) => {
    test("the history holds every step, newest first, with its values and tasks", async () => {
      const { open } = newStorage();
      await graphOf(await open()).invoke({ log: ["start"], constant: "k" }, on("t"));
      const history = await historyOf(graphOf(await open()), on("t"));
      expect(
        history.map(({ step, source, next, values, parent }) => ({ step, source, next, values, parent })),
      ).toEqual([
        {
          step: 3,
          source: "loop",
          next: [],
          values: { log: ["start", "a", "b", "c"], last: "c", constant: "k" },
          parent: 1,
        },
        {
          step: 2,
          source: "loop",
          next: ["c"],
          values: { log: ["start", "a", "b"], last: "b", constant: "k" },
          parent: 2,
        },
        {
          step: 1,
          source: "loop",
          next: ["b"],
          values: { log: ["start", "a"], last: "a", constant: "k" },
          parent: 3,
        },
        { step: 0, source: "loop", next: ["a"], values: { log: ["start"], constant: "k" }, parent: 4 },
        { step: -1, source: "input", next: ["__start__"], values: { log: [] }, parent: undefined },
      ]);
      expect(history[2]?.tasks).toEqual([
        { name: "b", error: undefined, interrupts: [], result: { log: ["b"], last: "b" } },
      ]);
    });

    test("a limit and a filter narrow the history", async () => {
      const { open } = newStorage();
      const graph = graphOf(await open());
      for (const log of [["1"], ["2"]]) await graph.invoke({ log }, on("t"));
      const steps = async (options: object) => {
        const found: unknown[] = [];
        for await (const { metadata } of graph.getStateHistory(on("t"), options)) found.push(metadata?.step);
        return found;
      };
      expect(await steps({ limit: 2 })).toEqual([8, 7]);
      expect(await steps({ filter: { source: "input" } })).toEqual([4, -1]);
      const [, second] = await snapshots(graph, on("t"));
      expect(await steps({ before: second?.config, limit: 1 })).toEqual([6]);
    });

    test("replaying from an old checkpoint runs what came after it again, and keeps the old steps", async () => {
      const { open } = newStorage();
      const ran: string[] = [];
      await graphOf(await open(), ran).invoke({ log: ["start"] }, on("t"));
      const old = await snapshots(graphOf(await open()), on("t"));
      const { log } = await graphOf(await open(), ran).invoke(null, before("b", old).config);
      expect(log).toEqual(["start", "a", "b", "c"]);
      expect(ran).toEqual(["a", "b", "c", "b", "c"]);
      const all = await snapshots(graphOf(await open()), on("t"));
      const ids = new Set(all.map(({ config }) => config.configurable?.checkpoint_id));
      expect(old.every(({ config }) => ids.has(config.configurable?.checkpoint_id))).toBe(true);
      expect(all.length).toBeGreaterThan(old.length);
    });

    test("a fork goes on from the values that it was given, beside the old branch", async () => {
      const { open } = newStorage();
      await graphOf(await open()).invoke({ log: ["start"], constant: "k" }, on("t"));
      const old = await snapshots(graphOf(await open()), on("t"));
      const fork = await graphOf(await open()).updateState(before("b", old).config, { log: ["forked"] }, "a");
      expect((await graphOf(await open()).getState(fork)).values).toEqual({
        log: ["start", "a", "forked"],
        last: "a",
        constant: "k",
      });
      const { log } = await graphOf(await open()).invoke(null, fork);
      expect(log).toEqual(["start", "a", "forked", "b", "c"]);
      expect((await graphOf(await open()).getState(on("t"))).values.log).toEqual(log);
      for (const snapshot of old) {
        const again = await graphOf(await open()).getState(snapshot.config);
        expect(again.values).toEqual(snapshot.values);
        expect(again.next).toEqual(snapshot.next);
      }
    });

    test("forks of one checkpoint read their own values", async () => {
      const { open } = newStorage();
      await graphOf(await open()).invoke({ log: ["start"] }, on("t"));
      const start = before("c", await snapshots(graphOf(await open()), on("t")));
      const forks: StateSnapshot["config"][] = [];
      for (const name of ["x", "y", "z"]) {
        const graph = graphOf(await open());
        forks.push(await graph.updateState(start.config, { log: [name], last: name, constant: name }, "b"));
      }
      const ends: unknown[] = [];
      for (const fork of forks) ends.push(await graphOf(await open()).invoke(null, fork));
      expect(ends).toEqual(
        ["x", "y", "z"].map((name) => ({ log: ["start", "a", "b", name, "c"], last: "c", constant: name })),
      );
      const reader = graphOf(await open());
      for (const [at, name] of ["x", "y", "z"].entries()) {
        const { values } = await reader.getState(forks[at] as StateSnapshot["config"]);
        expect(values).toEqual({ log: ["start", "a", "b", name], last: name, constant: name });
      }
    });

    test("a copy of a checkpoint has its values, wherever in the history it was", async () => {
      const { open } = newStorage();
      await graphOf(await open()).invoke({ log: ["start"], constant: "k" }, on("t"));
      const all = await snapshots(graphOf(await open()), on("t"));
      for (const original of all) {
        const copied = await graphOf(await open()).updateState(original.config, null, "__copy__");
        const copy = await graphOf(await open()).getState(copied);
        expect(copy.values).toEqual(original.values);
        expect(copy.next).toEqual(original.next);
        expect(copy.metadata?.source).toBe("fork");
        expect(copy.parentConfig).toEqual(original.parentConfig);
      }
      const first = all.at(-1) as StateSnapshot;
      const copied = await graphOf(await open()).updateState(first.config, null, "__copy__");
      const { log } = await graphOf(await open()).invoke(null, copied);
      expect(log).toEqual(["start", "a", "b", "c"]);
    });

    test("a copy can be changed on the way", async () => {
      const { open } = newStorage();
      await graphOf(await open()).invoke({ log: ["start"] }, on("t"));
      const { config } = before("c", await snapshots(graphOf(await open()), on("t")));
      const copied = await graphOf(await open()).updateState(
        config,
        [[{ log: ["changed"] }, "c"]],
        "__copy__",
      );
      const { values, next } = await graphOf(await open()).getState(copied);
      expect(values.log).toEqual(["start", "a", "b", "changed"]);
      expect(next).toEqual([]);
    });

    test("a copy of an update from outside has what the update had taken from finished tasks", async () => {
      const { open } = newStorage();
      const graph = async () =>
        new StateGraph(State)
          .addNode("l", () => ({ constant: "finished" }))
          .addNode("r", () => ({ last: `${interrupt("?")}` }))
          .addEdge("__start__", "l")
          .addEdge("__start__", "r")
          .compile({ checkpointer: await open() });
      await (await graph()).invoke({ constant: "given" }, on("t"));
      const updated = await (await graph()).updateState(on("t"), { last: "from outside" }, "r");
      const copied = await (await graph()).updateState(updated, null, "__copy__");
      const { values } = await (await graph()).getState(copied);
      expect(values).toEqual({ log: [], constant: "finished", last: "from outside" });
    });

    test("a thread is made from a list of updates, and goes on from there", async () => {
      const { open } = newStorage();
      await graphOf(await open()).bulkUpdateState(on("t"), [
        { updates: [{ values: { log: ["start"], constant: "k" }, asNode: "__input__" }] },
        { updates: [{ values: { log: ["start"], constant: "k" }, asNode: "__start__" }] },
        { updates: [{ values: { log: ["a, by hand"] }, asNode: "a" }] },
      ]);
      expect((await graphOf(await open()).getState(on("t"))).next).toEqual(["b"]);
      const { log, constant } = await graphOf(await open()).invoke(null, on("t"));
      expect(log.slice(-3)).toEqual(["a, by hand", "b", "c"]);
      expect(constant).toBe("k");
    });

    test("going back before a question asks it again", async () => {
      const { open } = newStorage();
      const graph = async () =>
        new StateGraph(State)
          .addNode("a", () => ({ log: ["a"] }))
          .addNode("ask", () => ({ log: [`${interrupt("?")}`] }))
          .addEdge("__start__", "a")
          .addEdge("a", "ask")
          .compile({ checkpointer: await open() });
      await (await graph()).invoke({}, on("t"));
      await (await graph()).invoke(answer("first"), on("t"));
      const old = before("ask", await snapshots(await graph(), on("t")));
      await (await graph()).invoke(null, old.config);
      const { next, tasks } = await (await graph()).getState(on("t"));
      expect(next).toEqual(["ask"]);
      expect(tasks[0]?.interrupts.map(({ value }) => value)).toEqual(["?"]);
      const { log } = await (await graph()).invoke(answer("second"), on("t"));
      expect(log).toEqual(["a", "second"]);
    });

    test("going back in a graph with a stateful subgraph gives the subgraph its state of then", async () => {
      const { open } = newStorage();
      const Child = Annotation.Root({
        seen: Annotation<number>({ reducer: (left, right) => left + right, default: () => 0 }),
        log: Annotation<string[]>({ reducer: (_, right) => right, default: () => [] }),
      });
      const child = new StateGraph(Child)
        .addNode("visit", ({ seen }) => ({ seen: 1, log: [`visit ${seen + 1}`] }))
        .addEdge("__start__", "visit")
        .compile({ checkpointer: true });
      const graph = async () =>
        new StateGraph(State)
          .addNode("child", child)
          .addNode("c", () => ({ log: ["c"] }))
          .addEdge("__start__", "child")
          .addEdge("child", "c")
          .compile({ checkpointer: await open() });
      for (let n = 0; n < 3; n++) await (await graph()).invoke({ log: [`run ${n}`] }, on("t"));
      const all = await snapshots(await graph(), on("t"));
      const second = all.filter(({ next }) => next[0] === "child")[1] as StateSnapshot;
      const { log } = await (await graph()).invoke(null, second.config);
      expect(log.filter((line: string) => line.startsWith("visit"))).toEqual(["visit 1", "visit 2"]);
    });
  },
  { looksBack: true },
);
