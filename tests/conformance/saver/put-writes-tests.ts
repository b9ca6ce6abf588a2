import { ERROR, INTERRUPT } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import { HOSTILE_STRINGS, POLLUTING } from "../../helpers/hostile.js";
import { type States, statesRefusals } from "./states.js";
import { config, id, put } from "./steps.js";

/** What users rely on when they put pending writes. */
export function putWritesTests(states: States): void {
  states(
    "putWrites keeps the order of task and index, however the writes arrive",
    async ({ saver, thread }) => {
      const at = await put(saver, thread, { id: id(1) });
      await saver.putWrites(
        at,
        Array.from({ length: 12 }, (_, n) => [`c${n}`, n]),
        "b",
      );
      await saver.putWrites(at, [["x", 1]], "a");
      const writes = (await saver.getTuple(at))?.pendingWrites;
      expect(writes?.[0]).toEqual(["a", "x", 1]);
      expect(writes?.slice(1).map(([, , value]) => value)).toEqual(Array.from({ length: 12 }, (_, n) => n));
    },
  );

  states(
    "putWrites keeps the first write of a task and index, and replaces a special one",
    async ({ saver, thread }) => {
      const at = await put(saver, thread, { id: id(1) });
      const written = async () => (await saver.getTuple(at))?.pendingWrites?.map(([, ...write]) => write);
      await saver.putWrites(at, [["a", "first"]], "task");
      await saver.putWrites(
        at,
        [
          ["a", "second"],
          ["b", "new"],
        ],
        "task",
      );
      expect(await written()).toEqual([
        ["a", "first"],
        ["b", "new"],
      ]);
      await saver.putWrites(at, [[ERROR, "one"]], "task2");
      await saver.putWrites(
        at,
        [
          [ERROR, "two"],
          [INTERRUPT, "stop"],
        ],
        "task2",
      );
      expect(await written()).toEqual(
        expect.arrayContaining([
          [ERROR, "two"],
          [INTERRUPT, "stop"],
        ]),
      );
      expect(await written()).toHaveLength(4);
    },
  );

  states("putWrites keeps a write that comes before its checkpoint", async ({ saver, thread }) => {
    await saver.putWrites(config(thread, "", id(1)), [["a", 1]], "task");
    const at = await put(saver, thread, { id: id(1) });
    expect((await saver.getTuple(at))?.pendingWrites).toEqual([["task", "a", 1]]);
  });

  states(
    "putWrites and put lose nothing when tasks and their checkpoint are written at the same time",
    async ({ saver, thread }) => {
      const at = config(thread, "", id(1));
      const tasks = Array.from({ length: 40 }, (_, n) => `task-${n}`);
      await Promise.all([
        ...tasks.map((task) =>
          saver.putWrites(
            at,
            [
              ["a", task],
              ["b", { text: "x".repeat(500) }],
            ],
            task,
          ),
        ),
        put(saver, thread, { id: id(1), values: { a: [1, 2] } }),
      ]);
      const tuple = await saver.getTuple(at);
      expect(tuple?.checkpoint.channel_values).toEqual({ a: [1, 2] });
      expect(tuple?.pendingWrites).toHaveLength(80);
    },
  );

  states("putWrites takes tasks and channels of any name", async ({ saver, thread }) => {
    const at = await put(saver, thread, { id: id(1) });
    const names = HOSTILE_STRINGS.filter((name) => !POLLUTING.has(name));
    for (const name of names) await saver.putWrites(at, [[name, name]], name);
    const writes = (await saver.getTuple(at))?.pendingWrites ?? [];
    expect(new Set(writes.map((write) => JSON.stringify(write)))).toEqual(
      new Set(names.map((name) => JSON.stringify([name, name, name]))),
    );
  });

  statesRefusals(states, {
    "putWrites without a checkpoint id": ({ saver, thread }) =>
      saver.putWrites(config(thread), [["a", 1]], "task"),
    "putWrites without a thread id": ({ saver }) => saver.putWrites({ configurable: {} }, [["a", 1]], "task"),
    "putWrites of a task without id": ({ saver, thread }) =>
      saver.putWrites(config(thread, "", id(1)), [["a", 1]], ""),
  });
}
