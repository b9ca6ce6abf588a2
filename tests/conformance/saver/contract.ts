import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import {
  type BaseCheckpointSaver,
  DeltaSnapshot,
  ERROR,
  INTERRUPT,
  TASKS,
} from "@langchain/langgraph-checkpoint";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HOSTILE_STRINGS } from "../../helpers/hostile.js";
import { config, id, list, listIds, put, values } from "./steps.js";
import type { SaverFactory } from "./suite.js";

/** What users of a checkpointer rely on, beyond the official suite. Each statement uses threads of its own. */
export function contractTests(factory: SaverFactory): void {
  let saver: BaseCheckpointSaver;
  let thread = "";
  let count = 0;
  beforeAll(async () => {
    saver = await factory.create();
  });
  afterAll(() => factory.destroy(saver));

  const deviations = new Set(factory.deviations);
  const states = (statement: string, test: () => Promise<void>) => {
    const run = () => {
      thread = `thread-${count++}`;
      return test();
    };
    if (deviations.delete(statement)) it.fails(`${statement} (known to break)`, run);
    else it(statement, run);
  };

  // Channel values

  states("two forks with equal channel versions each read their own values", async () => {
    await put(saver, thread, { id: id(1), values: { a: "root" } });
    await put(saver, thread, { id: id(2), parent: id(1), values: { a: "left" }, versions: { a: 2 } });
    await put(saver, thread, { id: id(3), parent: id(1), values: { a: "right" }, versions: { a: 2 } });
    expect(await values(saver, config(thread, "", id(2)))).toEqual({ a: "left" });
    expect(await values(saver, config(thread, "", id(3)))).toEqual({ a: "right" });
  });

  states("an unchanged channel keeps its value down the line", async () => {
    const big = "x".repeat(1_000);
    await put(saver, thread, { id: id(1), values: { a: big, b: 0 } });
    for (let n = 2; n <= 5; n++) {
      await put(saver, thread, {
        id: id(n),
        parent: id(n - 1),
        values: { a: big, b: n },
        versions: { a: 1, b: n },
        changed: ["b"],
      });
    }
    expect(await values(saver, config(thread))).toEqual({ a: big, b: 5 });
  });

  states("an unchanged channel is stored although its parent is not there", async () => {
    await put(saver, thread, { id: id(2), parent: id(1), values: { a: "kept", b: 1 }, changed: ["b"] });
    expect(await values(saver, config(thread))).toEqual({ a: "kept", b: 1 });
  });

  states("a copy beside its original takes nothing from the original's parent", async () => {
    await put(saver, thread, { id: id(1), values: { a: "old" }, versions: { a: 1 } });
    await put(saver, thread, { id: id(2), parent: id(1), values: { a: "new" }, versions: { a: 2 } });
    const copy = { values: { a: "new" }, versions: { a: 2 }, changed: [], metadata: { source: "fork" } };
    await put(saver, thread, { id: id(3), parent: id(1), ...copy });
    expect(await values(saver, config(thread))).toEqual({ a: "new" });
  });

  states("a copy of a first checkpoint keeps its values", async () => {
    const copy = { values: { a: "new" }, versions: { a: 2 }, changed: [], metadata: { source: "fork" } };
    await put(saver, thread, { id: id(3), ...copy });
    expect(await values(saver, config(thread))).toEqual({ a: "new" });
  });

  states("a channel that is no longer there is not brought back", async () => {
    await put(saver, thread, { id: id(1), values: { a: 1, b: 2 } });
    await put(saver, thread, {
      id: id(2),
      parent: id(1),
      values: { b: 2 },
      versions: { a: 2, b: 1 },
      changed: [],
    });
    expect(await values(saver, config(thread))).toEqual({ b: 2 });
  });

  states("a list that grows, shrinks and changes is read back as it was at each step", async () => {
    const entry = (n: number) => ({ n, text: `entry ${n} `.repeat(n % 7 === 0 ? 100 : 3) });
    const versions: unknown[][] = [];
    let entries: unknown[] = [];
    for (let n = 0; n < 60; n++) {
      if (n % 10 === 9) entries = entries.slice(3);
      else if (n % 10 === 6) entries = entries.with(entries.length >> 1, entry(1_000 + n));
      else if (n % 10 === 3) entries = [entry(2_000 + n), ...entries, entry(3_000 + n)];
      else entries = [...entries, entry(n)];
      versions.push(entries);
      const parent = n === 0 ? undefined : id(n - 1);
      await put(saver, thread, { id: id(n), parent, values: { entries }, versions: { entries: n + 1 } });
    }
    for (const tuple of await list(saver, config(thread))) {
      const n = Number(tuple.checkpoint.channel_versions.entries) - 1;
      expect(tuple.checkpoint.channel_values.entries).toEqual(versions[n]);
    }
  });

  const special: Record<string, unknown> = {
    "an empty list": [],
    "an empty object": {},
    "an empty text": "",
    zero: 0,
    null: null,
    undefined: undefined,
    "lists in lists": [[], [[]], [1, [2, [3]]]],
    "a list with undefined in it": [1, undefined, 2],
    "a large number": 12345678901234567000,
    "a fraction": 0.1 + 0.2,
    "a million characters": "ü".repeat(1_000_000),
    "many small numbers": Array.from({ length: 20_000 }, (_, n) => n),
    "a Map": new Map<unknown, unknown>([["a", new Set([1])]]),
    "a Set": new Set(["a", "b"]),
    bytes: new Uint8Array([0, 1, 254, 255]),
    "many bytes": new Uint8Array(5_000).map((_, n) => n),
    "a list with bytes": [new Uint8Array([1, 2]), "text"],
    "a RegExp": /a+/gi,
    "an Error": new Error("broken"),
    "a DeltaSnapshot": new DeltaSnapshot([1, 2, 3]),
    messages: [
      new HumanMessage({ content: "hi", id: "1" }),
      new AIMessage({ content: "hello", id: "2", tool_calls: [{ id: "c", name: "t", args: { x: [1] } }] }),
      new ToolMessage({ content: "done", tool_call_id: "c", id: "3" }),
    ],
    "text that looks like a reference": ["aaaa", "w".repeat(21), "Wj[1]", "j[1]"],
    "keys of a prototype": JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}'),
  };
  for (const [name, value] of Object.entries(special)) {
    states(`${name} comes back equal, as a value and as a pending write`, async () => {
      const at = await put(saver, thread, { id: id(1), values: { it: value } });
      await saver.putWrites(at, [["it", value]], "task");
      const tuple = await saver.getTuple(at);
      expect(tuple?.checkpoint.channel_values.it).toEqual(value);
      expect(tuple?.pendingWrites).toEqual([["task", "it", value]]);
    });
  }

  states("what is read is nobody else's", async () => {
    const value = { list: [{ n: 1 }] };
    const at = await put(saver, thread, { id: id(1), values: { value } });
    value.list.push({ n: 2 });
    const first = await values(saver, at);
    (first as { value: { list: unknown[] } }).value.list.length = 0;
    expect(await values(saver, at)).toEqual({ value: { list: [{ n: 1 }] } });
  });

  states("a checkpoint that is put again is replaced", async () => {
    await put(saver, thread, { id: id(1), values: { a: [1, 2] } });
    await put(saver, thread, { id: id(1), values: { a: [3] }, metadata: { step: 7 } });
    const tuples = await list(saver, config(thread));
    expect(tuples).toHaveLength(1);
    expect(tuples[0]?.checkpoint.channel_values).toEqual({ a: [3] });
    expect(tuples[0]?.metadata?.step).toBe(7);
  });

  // Isolation

  states("namespaces never mix, whatever they are called", async () => {
    const names = ["", ...HOSTILE_STRINGS.filter((name) => !POLLUTING.has(name))];
    for (const [n, ns] of names.entries()) await put(saver, thread, { id: id(n), values: { n } }, ns);
    for (const [n, ns] of names.entries()) {
      expect(await values(saver, config(thread, ns))).toEqual({ n });
      expect(await listIds(saver, config(thread, ns))).toEqual([id(n)]);
    }
    await saver.deleteThread(thread);
  });

  states("threads never mix, whatever they are called", async () => {
    for (const [n, name] of HOSTILE_STRINGS.entries()) await put(saver, name, { id: id(n), values: { n } });
    for (const [n, name] of HOSTILE_STRINGS.entries()) {
      expect(await listIds(saver, config(name))).toEqual([id(n)]);
      await saver.deleteThread(name);
      expect(await saver.getTuple(config(name))).toBeUndefined();
      for (const other of HOSTILE_STRINGS.slice(n + 1, n + 4)) {
        expect(await saver.getTuple(config(other))).toBeDefined();
      }
    }
  });

  states("half of a surrogate pair in a thread id is not the other half", async () => {
    await put(saver, `${thread}\ud800`, { id: id(1), values: { n: 1 } });
    await put(saver, `${thread}\udc00`, { id: id(2), values: { n: 2 } });
    expect(await values(saver, config(`${thread}\ud800`))).toEqual({ n: 1 });
    expect(await values(saver, config(`${thread}\udc00`))).toEqual({ n: 2 });
  });

  states("deleting a thread deletes its writes, in all namespaces", async () => {
    const root = await put(saver, thread, { id: id(1), values: { a: 1 } });
    const child = await put(saver, thread, { id: id(2), values: { a: 1 } }, "child");
    await saver.putWrites(root, [["a", 1]], "task");
    await saver.putWrites(child, [["a", 1]], "task");
    await saver.deleteThread(thread);
    await put(saver, thread, { id: id(1), values: { a: 2 } });
    expect((await saver.getTuple(root))?.pendingWrites).toEqual([]);
    expect(await saver.getTuple(child)).toBeUndefined();
  });

  // Order and listing

  states("the latest checkpoint is the one with the largest id, whenever it was put", async () => {
    for (const n of [2, 9, 1, 5]) await put(saver, thread, { id: id(n) });
    expect((await saver.getTuple(config(thread)))?.checkpoint.id).toBe(id(9));
    expect(await listIds(saver, config(thread))).toEqual([9, 5, 2, 1].map(id));
  });

  states("before, limit and filter hold together", async () => {
    for (let n = 0; n < 20; n++) await put(saver, thread, { id: id(n), metadata: { odd: n % 2 === 1 } });
    const options = { before: config(thread, "", id(11)), limit: 3, filter: { odd: true } };
    expect(await listIds(saver, config(thread), options)).toEqual([9, 7, 5].map(id));
  });

  states("a limit of 0 lists nothing, and one beyond the end lists all", async () => {
    for (let n = 0; n < 3; n++) await put(saver, thread, { id: id(n) });
    expect(await listIds(saver, config(thread), { limit: 0 })).toEqual([]);
    expect(await listIds(saver, config(thread), { limit: 1_000 })).toHaveLength(3);
  });

  states("without a limit nothing is left out", async () => {
    for (let n = 0; n < 250; n++) await put(saver, thread, { id: id(n), metadata: { even: n % 2 === 0 } });
    expect(await listIds(saver, config(thread))).toEqual(Array.from({ length: 250 }, (_, n) => id(249 - n)));
    expect(await listIds(saver, config(thread), { filter: { even: true } })).toHaveLength(125);
  });

  states("an explicit checkpoint id lists that checkpoint only", async () => {
    for (let n = 0; n < 3; n++) await put(saver, thread, { id: id(n) });
    expect(await listIds(saver, config(thread, "", id(1)))).toEqual([id(1)]);
    expect(await listIds(saver, config(thread, "", id(7)))).toEqual([]);
    const before = config(thread, "", id(1));
    expect(await listIds(saver, config(thread, "", id(1)), { before })).toEqual([]);
  });

  states("metadata are filtered by any key and any JSON value", async () => {
    const metadata = { user: "bob", n: 1, flag: false, none: null, deep: { list: [1, { a: 2 }] } };
    await put(saver, thread, { id: id(1), metadata });
    await put(saver, thread, { id: id(2), metadata: { user: "bob", n: "1", deep: { list: [1] } } });
    const found = (filter: Record<string, unknown>) => listIds(saver, config(thread), { filter });
    expect(await found({ user: "bob" })).toEqual([id(2), id(1)]);
    expect(await found({ n: 1 })).toEqual([id(1)]);
    expect(await found({ n: "1" })).toEqual([id(2)]);
    expect(await found({ flag: false })).toEqual([id(1)]);
    expect(await found({ none: null })).toEqual([id(1)]);
    expect(await found({ deep: { list: [1, { a: 2 }] } })).toEqual([id(1)]);
    expect(await found({ deep: { list: [1] } })).toEqual([id(2)]);
    expect(await found({ constructor: Object })).toEqual([]);
  });

  states("without a namespace all namespaces of the thread are listed, newest first", async () => {
    await put(saver, thread, { id: id(1) }, "b");
    await put(saver, thread, { id: id(2) }, "");
    await put(saver, thread, { id: id(3) }, "b");
    await put(saver, thread, { id: id(4) }, "a");
    const everywhere = { configurable: { thread_id: thread } };
    expect(await listIds(saver, everywhere)).toEqual([4, 3, 2, 1].map(id));
    expect(await listIds(saver, everywhere, { limit: 2 })).toEqual([4, 3].map(id));
    expect(await listIds(saver, everywhere, { before: config(thread, "", id(4)), limit: 2 })).toEqual(
      [3, 2].map(id),
    );
  });

  states("without a thread the checkpoints of all threads are listed", async () => {
    const mine = [`${thread}-x`, `${thread}-y`];
    for (const name of mine) await put(saver, name, { id: id(1) });
    const threads = (await list(saver, {})).map((tuple) => tuple.config.configurable?.thread_id);
    expect(threads).toEqual(expect.arrayContaining(mine));
    expect(await list(saver, {}, { limit: 1 })).toHaveLength(1);
  });

  // Pending writes

  states("pending writes come in the order of task and index, however they arrived", async () => {
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
  });

  states("the first write of a task and index stays, a special one is replaced", async () => {
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
  });

  states("a write that comes before its checkpoint is kept", async () => {
    await saver.putWrites(config(thread, "", id(1)), [["a", 1]], "task");
    const at = await put(saver, thread, { id: id(1) });
    expect((await saver.getTuple(at))?.pendingWrites).toEqual([["task", "a", 1]]);
  });

  states("parallel tasks and their checkpoint lose nothing to each other", async () => {
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
  });

  states("tasks and channels may be called anything", async () => {
    const at = await put(saver, thread, { id: id(1) });
    const names = HOSTILE_STRINGS.filter((name) => !POLLUTING.has(name));
    for (const name of names) await saver.putWrites(at, [[name, name]], name);
    const writes = (await saver.getTuple(at))?.pendingWrites ?? [];
    expect(new Set(writes.map((write) => JSON.stringify(write)))).toEqual(
      new Set(names.map((name) => JSON.stringify([name, name, name]))),
    );
  });

  states("pending sends of a checkpoint before version 4 become its channel", async () => {
    const parent = await put(saver, thread, { id: id(1), v: 3 });
    await saver.putWrites(
      parent,
      [
        [TASKS, { node: "b" }],
        ["other", 1],
      ],
      "task-b",
    );
    await saver.putWrites(parent, [[TASKS, { node: "a" }]], "task-a");
    await put(saver, thread, { id: id(2), parent: id(1), v: 3, values: { x: 1 }, versions: { x: 5 } });
    const tuple = await saver.getTuple(config(thread));
    expect(tuple?.checkpoint.channel_values).toEqual({ x: 1, [TASKS]: [{ node: "a" }, { node: "b" }] });
    expect(tuple?.checkpoint.channel_versions).toEqual({ x: 5, [TASKS]: 5 });
  });

  // Bad input

  const bad: Record<string, () => Promise<unknown>> = {
    "a thread id that is a number": () => put(saver, 1 as unknown as string, { id: id(1) }),
    "an empty thread id": () => put(saver, "", { id: id(1) }),
    "a checkpoint without id": () => put(saver, thread, { id: undefined as unknown as string }),
    "a namespace that is no text": () => put(saver, thread, { id: id(1) }, 5 as unknown as string),
    "writes without a checkpoint id": () => saver.putWrites(config(thread), [["a", 1]], "task"),
    "writes without a thread id": () => saver.putWrites({ configurable: {} }, [["a", 1]], "task"),
    "writes of a task without id": () => saver.putWrites(config(thread, "", id(1)), [["a", 1]], ""),
    "a value that cannot be serialized": () => put(saver, thread, { id: id(1), values: { a: 1n } }),
  };
  for (const [name, attempt] of Object.entries(bad)) {
    states(`${name} is refused, and nothing is written`, async () => {
      await expect(attempt()).rejects.toThrow();
      expect(await list(saver, { configurable: { thread_id: thread } })).toEqual([]);
    });
  }

  it("no deviation is claimed that is not stated here", () => {
    expect([...deviations]).toEqual([]);
  });
}

/** Names that LangGraph's own saver refuses, to protect its plain objects. */
const POLLUTING = new Set(["__proto__", "constructor", "prototype"]);
