import { Annotation, type BaseCheckpointSaver, StateGraph } from "@langchain/langgraph";
import { expect, test, vi } from "vitest";
import { freshPrefix, plainRedisUrl, proxied } from "../helpers/redis.js";
import { on, redis, withEverySaver } from "./savers.js";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (left, right) => left.concat(right), default: () => [] }),
});

interface Script {
  /** What the slow node does while it works. */
  readonly work?: (signal: AbortSignal | undefined) => Promise<void>;
  readonly checkpointer: BaseCheckpointSaver;
}

/** Two nodes at once after a first one. "quick" is done at once; what "slow" works on begins afterwards. */
function assistant({ checkpointer, work }: Script) {
  let quickIsDone: () => void = () => {};
  const quick = new Promise<void>((resolve) => {
    quickIsDone = resolve;
  });
  return new StateGraph(State)
    .addNode("first", () => ({ log: ["first"] }))
    .addNode("quick", () => {
      setTimeout(quickIsDone, 20); // after what it wrote is on its way to be saved
      return { log: ["quick"] };
    })
    .addNode("slow", async (_, { signal }) => {
      if (work) {
        await quick;
        await work(signal);
      }
      return { log: ["slow"] };
    })
    .addNode("last", () => ({ log: ["last"] }))
    .addEdge("__start__", "first")
    .addEdge("first", "quick")
    .addEdge("first", "slow")
    .addEdge("quick", "last")
    .addEdge("slow", "last")
    .compile({ checkpointer });
}

const reason = new Error("stop was pressed");

/** Ends when the signal aborts, as a call of a model does. */
const untilAborted = (signal: AbortSignal | undefined) =>
  new Promise<void>((_, reject) => {
    signal?.addEventListener("abort", () => reject(new Error("aborted")), { once: true });
  });

withEverySaver((newStorage) => {
  test.each(["sync", "async", "exit"] as const)(
    'a run with durability "%s" that is aborted keeps what was done before, and goes on from there',
    async (durability) => {
      const { open } = newStorage();
      const controller = new AbortController();
      const work = async (signal: AbortSignal | undefined) => {
        controller.abort(reason);
        await untilAborted(signal);
      };
      const run = assistant({ checkpointer: await open(), work }).invoke(
        { log: ["input"] },
        { ...on("t"), durability, signal: controller.signal },
      );
      await expect(run).rejects.toBe(reason);
      // With "exit", LangGraph saves after it has rejected.
      const graph = assistant({ checkpointer: await open() });
      await vi.waitFor(async () => {
        const { values, next } = await graph.getState(on("t"));
        expect({ values, next }).toEqual({ values: { log: ["input", "first", "quick"] }, next: ["slow"] });
      });
      const { log } = await graph.invoke(null, on("t"));
      expect(log).toEqual(["input", "first", "quick", "slow", "last"]);
    },
  );

  test("a stream that is left early keeps what it was given before", async () => {
    const { open } = newStorage();
    const stream = await assistant({ checkpointer: await open(), work: untilAborted }).stream(
      { log: ["input"] },
      { ...on("t"), streamMode: "updates" },
    );
    for await (const update of stream) {
      expect(update).toEqual({ first: { log: ["first"] } });
      break;
    }
    const graph = assistant({ checkpointer: await open() });
    await vi.waitFor(async () => {
      const { values } = await graph.getState(on("t"));
      expect(values.log?.slice(0, 2)).toEqual(["input", "first"]);
    });
    const { log } = await graph.invoke(null, on("t"));
    expect(log).toEqual(["input", "first", "quick", "slow", "last"]);
  });
});

test("a run whose signal has aborted is not begun, and stores nothing", async () => {
  const { open } = redis();
  const graph = assistant({ checkpointer: await open() });
  const run = graph.invoke({ log: ["input"] }, { ...on("t"), signal: AbortSignal.abort(reason) });
  await expect(run).rejects.toBe(reason);
  expect((await graph.getState(on("t"))).values).toEqual({});
});

test("a graph that waits for a server which does not answer can be aborted", async () => {
  const proxy = await proxied(plainRedisUrl());
  const { open } = redis({ keyPrefix: freshPrefix(), commandTimeout: 60_000 });
  const graph = assistant({ checkpointer: await open({}, proxy.url) });
  await graph.invoke({ log: ["input"] }, on("t"));
  const aborted = async (call: (signal: AbortSignal) => Promise<unknown>) => {
    const controller = new AbortController();
    const called = call(controller.signal);
    setTimeout(() => controller.abort(reason), 20);
    await expect(called).rejects.toBe(reason);
  };
  proxy.stall();
  await aborted((signal) => graph.invoke({ log: ["more"] }, { ...on("t"), signal }));
  await aborted((signal) => graph.getState({ ...on("t"), signal }));
  await aborted((signal) => graph.getStateHistory({ ...on("t"), signal }).next());
  await aborted((signal) => graph.updateState({ ...on("t"), signal }, { log: ["more"] }));
  proxy.resume();
  const { values } = await graph.getState(on("t"));
  expect(values.log).toEqual(["input", "first", "quick", "slow", "last"]);
});
