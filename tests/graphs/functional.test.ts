import {
  type BaseCheckpointSaver,
  entrypoint,
  getPreviousState,
  interrupt,
  task,
} from "@langchain/langgraph";
import { expect, test } from "vitest";
import { answer, on, withEverySaver } from "./savers.js";

/** Returns the sum so far and saves the list. */
function adder(checkpointer: BaseCheckpointSaver) {
  return entrypoint({ name: "adder", checkpointer }, async (number: number) => {
    const numbers = [...(getPreviousState<number[]>() ?? []), number];
    return entrypoint.final({ value: numbers.reduce((sum, each) => sum + each, 0), save: numbers });
  });
}

withEverySaver((newStorage) => {
  test("a workflow saves something else than it returns, for the next run", async () => {
    const { open } = newStorage();
    const sums: number[] = [];
    for (const number of [1, 2, 3, 4]) sums.push(await adder(await open()).invoke(number, on("t")));
    expect(sums).toEqual([1, 3, 6, 10]);
    expect(await adder(await open()).invoke(5, on("other"))).toBe(5);
  });

  test("a workflow without a final value goes on from what it returned", async () => {
    const { open } = newStorage();
    const workflow = async () =>
      entrypoint({ name: "log", checkpointer: await open() }, async (word: string) => {
        return { words: [...(getPreviousState<{ words: string[] }>()?.words ?? []), word] };
      });
    for (const word of ["a", "b"]) await (await workflow()).invoke(word, on("t"));
    expect(await (await workflow()).invoke("c", on("t"))).toEqual({ words: ["a", "b", "c"] });
  });

  test.each(["sync", "async", "exit"] as const)(
    "tasks that were done before a question are not done again after it (durability %s)",
    async (durability) => {
      const { open } = newStorage();
      const ran: string[] = [];
      const step = task("step", async (name: string) => {
        ran.push(name);
        return `${name} done`;
      });
      const workflow = async () =>
        entrypoint({ name: "review", checkpointer: await open() }, async (topic: string) => {
          const parts = await Promise.all([step(`${topic} 1`), step(`${topic} 2`), step(`${topic} 3`)]);
          const answer = interrupt<string, string>(`what about ${topic}?`);
          return { parts, answer, last: await step("last") };
        });
      const config = { ...on("t"), durability };
      await (await workflow()).invoke("x", config);
      const waiting = await (await workflow()).getState(on("t"));
      expect(waiting.tasks.flatMap(({ interrupts }) => interrupts.map(({ value }) => value))).toEqual([
        "what about x?",
      ]);
      expect(await (await workflow()).invoke(answer("fine"), config)).toEqual({
        parts: ["x 1 done", "x 2 done", "x 3 done"],
        answer: "fine",
        last: "last done",
      });
      expect([...ran].sort()).toEqual(["last", "x 1", "x 2", "x 3"]);
    },
  );

  test("tasks that were done before a failure are not done again", async () => {
    const { open } = newStorage();
    const ran: string[] = [];
    const step = task("step", async (name: string) => {
      ran.push(name);
      if (name === "b" && ran.filter((each) => each === "b").length === 1) throw new Error("b fails");
      return name;
    });
    const workflow = async () =>
      entrypoint({ name: "steps", checkpointer: await open() }, async (_: string) => {
        return [await step("a"), await step("b"), await step("c")].join("");
      });
    await expect((await workflow()).invoke("go", on("t"))).rejects.toThrow("b fails");
    expect(await (await workflow()).invoke(null, on("t"))).toBe("abc");
    expect(ran).toEqual(["a", "b", "b", "c"]);
  });
});
