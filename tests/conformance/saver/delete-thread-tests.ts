import { expect } from "vitest";
import type { States } from "./states.js";
import { id, put } from "./steps.js";

/** What users rely on when they delete threads. */
export function deleteThreadTests(states: States): void {
  states("deleteThread deletes pending writes in all namespaces", async ({ saver, thread }) => {
    const root = await put(saver, thread, { id: id(1), values: { a: 1 } });
    const child = await put(saver, thread, { id: id(2), values: { a: 1 } }, "child");
    await saver.putWrites(root, [["a", 1]], "task");
    await saver.putWrites(child, [["a", 1]], "task");
    await saver.deleteThread(thread);
    await put(saver, thread, { id: id(1), values: { a: 2 } });
    expect((await saver.getTuple(root))?.pendingWrites).toEqual([]);
    expect(await saver.getTuple(child)).toBeUndefined();
  });
}
