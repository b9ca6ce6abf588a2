import { expect } from "vitest";
import type { States } from "./states.js";
import { config, id, list, listIds, put } from "./steps.js";

/** What users rely on when they list checkpoints. */
export function listTests(states: States): void {
  states("list combines before, limit and filter", async ({ saver, thread }) => {
    for (let n = 0; n < 20; n++) await put(saver, thread, { id: id(n), metadata: { odd: n % 2 === 1 } });
    const options = { before: config(thread, "", id(11)), limit: 3, filter: { odd: true } };
    expect(await listIds(saver, config(thread), options)).toEqual([9, 7, 5].map(id));
  });

  states(
    "list returns nothing with a limit of 0, and everything with one beyond the end",
    async ({ saver, thread }) => {
      for (let n = 0; n < 3; n++) await put(saver, thread, { id: id(n) });
      expect(await listIds(saver, config(thread), { limit: 0 })).toEqual([]);
      expect(await listIds(saver, config(thread), { limit: 1_000 })).toHaveLength(3);
    },
  );

  states("list leaves nothing out without a limit", async ({ saver, thread }) => {
    for (let n = 0; n < 250; n++) await put(saver, thread, { id: id(n), metadata: { even: n % 2 === 0 } });
    expect(await listIds(saver, config(thread))).toEqual(Array.from({ length: 250 }, (_, n) => id(249 - n)));
    expect(await listIds(saver, config(thread), { filter: { even: true } })).toHaveLength(125);
  });

  states("list with a checkpoint id returns that checkpoint only", async ({ saver, thread }) => {
    for (let n = 0; n < 3; n++) await put(saver, thread, { id: id(n) });
    expect(await listIds(saver, config(thread, "", id(1)))).toEqual([id(1)]);
    expect(await listIds(saver, config(thread, "", id(7)))).toEqual([]);
    const before = config(thread, "", id(1));
    expect(await listIds(saver, config(thread, "", id(1)), { before })).toEqual([]);
  });

  states("list filters metadata by any key and any JSON value", async ({ saver, thread }) => {
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

  states(
    "list without a namespace returns all namespaces of the thread, newest first",
    async ({ saver, thread }) => {
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
    },
  );

  states("list without a thread returns the checkpoints of all threads", async ({ saver, thread }) => {
    const mine = [`${thread}-x`, `${thread}-y`];
    for (const name of mine) await put(saver, name, { id: id(1) });
    const threads = (await list(saver, {})).map((tuple) => tuple.config.configurable?.thread_id);
    expect(threads).toEqual(expect.arrayContaining(mine));
    expect(await list(saver, {}, { limit: 1 })).toHaveLength(1);
  });
}
