import { setTimeout as sleep } from "node:timers/promises";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import type { BaseCheckpointSaver } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";

const State = Annotation.Root({
  log: Annotation<string[]>({ reducer: (log, more) => [...log, ...more], default: () => [] }),
  goal: Annotation<number>(),
});

const entry = (n: number) => `step ${n}`;

/** A graph that takes a step after the other until it has done as many as its goal says. */
function compile(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(State)
    .addNode("step", async ({ log }) => {
      await sleep(2);
      return { log: [entry(log.length)] };
    })
    .addEdge(START, "step")
    .addConditionalEdges("step", ({ log, goal }) => (log.length < goal ? "step" : END))
    .compile({ checkpointer });
}

/**
 * Runs graphs in many threads at once; one that fails is resumed where it was. At the end each has done each step
 * once, and so it was at every checkpoint.
 *
 * @returns the errors with which runs failed meanwhile.
 */
export async function runGraphs(
  saver: BaseCheckpointSaver,
  threads: readonly string[],
  goal: number,
  signal?: AbortSignal,
): Promise<Error[]> {
  const graph = compile(saver);
  const errors: Error[] = [];
  const run = async (thread: string) => {
    const config = { configurable: { thread_id: thread }, recursionLimit: goal + 10 };
    const invoke = async (input: { goal: number } | null) => {
      try {
        await graph.invoke(input, config);
        return true;
      } catch (error) {
        errors.push(error as Error);
        if (errors.length > 200) throw error;
        await sleep(50);
        return false;
      }
    };
    let done = await invoke({ goal });
    while (!done && !signal?.aborted) {
      // A run whose input never arrived is begun again.
      const begun = await graph.getState(config).then(
        (state) => state.values.goal === goal,
        () => undefined,
      );
      if (begun !== undefined) done = await invoke(begun ? null : { goal });
    }
  };
  await Promise.all(threads.map(run));
  for (const thread of threads) {
    const history = graph.getStateHistory({ configurable: { thread_id: thread } });
    let length = goal;
    for await (const { values } of history) {
      const log = (values.log ?? []) as string[];
      expect(log).toEqual(Array.from({ length: log.length }, (_, n) => entry(n)));
      expect(log.length).toBeLessThanOrEqual(length);
      length = log.length;
    }
    const { values } = await graph.getState({ configurable: { thread_id: thread } });
    expect(values.log).toHaveLength(goal);
  }
  return errors;
}
