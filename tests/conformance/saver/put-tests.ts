import { expect } from "vitest";
import { HOSTILE_STRINGS, POLLUTING } from "../../helpers/hostile.js";
import { type States, statesRefusals } from "./states.js";
import { config, id, list, listIds, put, values } from "./steps.js";

/** What users rely on when they put checkpoints. */
export function putTests(states: States): void {
  states(
    "put keeps the values of two forks apart that have equal channel versions",
    async ({ saver, thread }) => {
      await put(saver, thread, { id: id(1), values: { a: "root" } });
      await put(saver, thread, { id: id(2), parent: id(1), values: { a: "left" }, versions: { a: 2 } });
      await put(saver, thread, { id: id(3), parent: id(1), values: { a: "right" }, versions: { a: 2 } });
      expect(await values(saver, config(thread, "", id(2)))).toEqual({ a: "left" });
      expect(await values(saver, config(thread, "", id(3)))).toEqual({ a: "right" });
    },
  );

  states("put keeps the value of an unchanged channel over many checkpoints", async ({ saver, thread }) => {
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

  states("put stores an unchanged channel although the parent does not exist", async ({ saver, thread }) => {
    await put(saver, thread, { id: id(2), parent: id(1), values: { a: "kept", b: 1 }, changed: ["b"] });
    expect(await values(saver, config(thread))).toEqual({ a: "kept", b: 1 });
  });

  states("put of a copy takes no value from the parent of the original", async ({ saver, thread }) => {
    await put(saver, thread, { id: id(1), values: { a: "old" }, versions: { a: 1 } });
    await put(saver, thread, { id: id(2), parent: id(1), values: { a: "new" }, versions: { a: 2 } });
    const copy = { values: { a: "new" }, versions: { a: 2 }, changed: [], metadata: { source: "fork" } };
    await put(saver, thread, { id: id(3), parent: id(1), ...copy });
    expect(await values(saver, config(thread))).toEqual({ a: "new" });
  });

  states("put of a copy of the first checkpoint keeps its values", async ({ saver, thread }) => {
    const copy = { values: { a: "new" }, versions: { a: 2 }, changed: [], metadata: { source: "fork" } };
    await put(saver, thread, { id: id(3), ...copy });
    expect(await values(saver, config(thread))).toEqual({ a: "new" });
  });

  states("put does not bring back a channel that was removed", async ({ saver, thread }) => {
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

  states("put keeps each version of a list that grows, shrinks and changes", async ({ saver, thread }) => {
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

  states("put replaces a checkpoint that has the same id", async ({ saver, thread }) => {
    await put(saver, thread, { id: id(1), values: { a: [1, 2] } });
    await put(saver, thread, { id: id(1), values: { a: [3] }, metadata: { step: 7 } });
    const tuples = await list(saver, config(thread));
    expect(tuples).toHaveLength(1);
    expect(tuples[0]?.checkpoint.channel_values).toEqual({ a: [3] });
    expect(tuples[0]?.metadata?.step).toBe(7);
  });

  states("put keeps namespaces apart, whatever they are called", async ({ saver, thread }) => {
    const names = ["", ...HOSTILE_STRINGS.filter((name) => !POLLUTING.has(name))];
    for (const [n, ns] of names.entries()) await put(saver, thread, { id: id(n), values: { n } }, ns);
    for (const [n, ns] of names.entries()) {
      expect(await values(saver, config(thread, ns))).toEqual({ n });
      expect(await listIds(saver, config(thread, ns))).toEqual([id(n)]);
    }
    await saver.deleteThread(thread);
  });

  states("put keeps threads apart, whatever they are called", async ({ saver }) => {
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

  states("put keeps thread ids apart that differ in half of a surrogate pair", async ({ saver, thread }) => {
    await put(saver, `${thread}\ud800`, { id: id(1), values: { n: 1 } });
    await put(saver, `${thread}\udc00`, { id: id(2), values: { n: 2 } });
    expect(await values(saver, config(`${thread}\ud800`))).toEqual({ n: 1 });
    expect(await values(saver, config(`${thread}\udc00`))).toEqual({ n: 2 });
  });

  statesRefusals(states, {
    "put with a thread id that is a number": ({ saver }) => put(saver, 1 as unknown as string, { id: id(1) }),
    "put with an empty thread id": ({ saver }) => put(saver, "", { id: id(1) }),
    "put of a checkpoint without id": ({ saver, thread }) =>
      put(saver, thread, { id: undefined as unknown as string }),
    "put with a namespace that is no text": ({ saver, thread }) =>
      put(saver, thread, { id: id(1) }, 5 as unknown as string),
    "put of a value that cannot be serialized": ({ saver, thread }) =>
      put(saver, thread, { id: id(1), values: { a: 1n } }),
  });
}
