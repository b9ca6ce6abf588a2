import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import type { Suite } from "./suite.js";

export function searchTests({ holds }: Suite): void {
  holds("a search finds what is in its namespace and below", {}, async (store) => {
    await store.put(["a"], "1", {});
    await store.put(["a", "b"], "2", {});
    await store.put(["a", "b", "c"], "3", {});
    await store.put(["x", "a"], "4", {});
    expect(keysOf(await store.search(["a"]))).toEqual(["1", "2", "3"]);
    expect(keysOf(await store.search(["a", "b"]))).toEqual(["2", "3"]);
    expect(keysOf(await store.search([]))).toEqual(["1", "2", "3", "4"]);
    expect(keysOf(await store.search(["b"]))).toEqual([]);
  });

  holds("a search does not find what is in a sibling", {}, async (store) => {
    for (const label of [
      "1",
      "10",
      "2",
      "1x",
      "1 ",
      " 1",
      "1*",
      "1,2",
      "1|10",
      "{1}",
      "U1",
      "u1",
      "ü1",
      "1\\",
    ]) {
      await store.put(["users", label], label, {});
    }
    for (const label of ["1", "10", "1*", "1,2", "1|10", "{1}", "U1", "u1", "ü1", "1\\", " 1", "1 "]) {
      expect(keysOf(await store.search(["users", label]))).toEqual([label]);
    }
    expect(keysOf(await store.search(["users", "*"]))).toEqual([]);
    expect(keysOf(await store.search(["user"]))).toEqual([]);
  });

  holds("long labels are told apart to the last character", {}, async (store) => {
    const long = "x".repeat(6000);
    await store.put(["a", `${long}1`, "b"], "1", {});
    await store.put(["a", `${long}2`, "b"], "2", {});
    expect(keysOf(await store.search(["a", `${long}1`]))).toEqual(["1"]);
    expect(keysOf(await store.search(["a", long]))).toEqual([]);
  });

  holds("ten items are found unless a limit says otherwise", {}, async (store) => {
    await fill(store, 25);
    expect(await store.search(["a"])).toHaveLength(10);
    expect(await store.search(["a"], { limit: 0 })).toHaveLength(0);
    expect(await store.search(["a"], { limit: 20 })).toHaveLength(20);
    expect(await store.search(["a"], { limit: 1000 })).toHaveLength(25);
  });

  holds("pages follow each other without gaps or repeats", {}, async (store) => {
    await fill(store, 25);
    const pages: string[] = [];
    for (let offset = 0; offset < 30; offset += 7) {
      pages.push(...(await store.search(["a"], { limit: 7, offset })).map(({ key }) => key));
    }
    expect(pages).toHaveLength(25);
    expect(new Set(pages).size).toBe(25);
  });

  holds("without a query the newest come first", {}, async (store) => {
    for (const key of ["1", "2", "3"]) {
      await store.put(["a", key], key, {});
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await store.put(["a", "1"], "1", { again: true });
    expect((await store.search(["a"])).map(({ key }) => key)).toEqual(["1", "3", "2"]);
  });

  holds("limit and offset count what matches the filter", {}, async (store) => {
    await fill(store, 60);
    const all = await store.search(["a"], { filter: { even: true }, limit: 100 });
    expect(all).toHaveLength(30);
    const pages: string[] = [];
    for (let offset = 0; offset < 30; offset += 4) {
      const page = await store.search(["a"], { filter: { even: true }, limit: 4, offset });
      expect(page).toHaveLength(Math.min(4, 30 - offset));
      pages.push(...page.map(({ key }) => key));
    }
    expect(pages).toEqual(all.map(({ key }) => key));
  });

  holds("without an index a query is ignored", {}, async (store) => {
    await fill(store, 3);
    const found = await store.search(["a"], { query: "item", filter: { even: true } });
    expect(keysOf(found)).toEqual(["000", "002"]);
    expect(found.map(({ score }) => score)).toEqual([undefined, undefined]);
  });
}

async function fill(store: BaseStore, count: number): Promise<void> {
  await store.batch(
    Array.from({ length: count }, (_, n) => ({
      namespace: ["a", `${n % 3}`],
      key: String(n).padStart(3, "0"),
      value: { n, even: n % 2 === 0 },
    })),
  );
}

export function keysOf(items: readonly { key: string }[]): string[] {
  return items.map(({ key }) => key).sort();
}
