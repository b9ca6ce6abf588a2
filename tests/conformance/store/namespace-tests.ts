import type { BaseStore } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import { legalLabels } from "../../helpers/labels.js";
import type { Suite } from "./suite.js";

export function namespaceTests({ holds }: Suite): void {
  const all = [
    ["a", "b", "c"],
    ["a", "b", "d", "e"],
    ["a", "x"],
    ["users", "1", "v1"],
    ["users", "2", "v1"],
    ["users", "2", "v2"],
  ];
  const fill = async (store: BaseStore) => {
    for (const namespace of all) {
      await store.put(namespace, "1", {});
      await store.put(namespace, "2", {});
    }
  };

  holds("every namespace with items is listed once", {}, async (store) => {
    await fill(store);
    expect(sorted(await store.listNamespaces())).toEqual(sorted(all));
  });

  holds("an empty store has no namespaces", {}, async (store) => {
    expect(await store.listNamespaces()).toEqual([]);
  });

  holds("namespaces are listed by prefix, suffix, and both", {}, async (store) => {
    await fill(store);
    expect(sorted(await store.listNamespaces({ prefix: ["users"] }))).toEqual(sorted(all.slice(3)));
    expect(await store.listNamespaces({ prefix: ["use"] })).toEqual([]);
    expect(sorted(await store.listNamespaces({ suffix: ["v1"] }))).toEqual(sorted(all.slice(3, 5)));
    expect(await store.listNamespaces({ prefix: ["users", "2"], suffix: ["v1"] })).toEqual([
      ["users", "2", "v1"],
    ]);
  });

  holds("an asterisk stands for any label", {}, async (store) => {
    await fill(store);
    expect(sorted(await store.listNamespaces({ prefix: ["users", "*", "v1"] }))).toEqual(
      sorted(all.slice(3, 5)),
    );
    expect(sorted(await store.listNamespaces({ prefix: ["*", "b"] }))).toEqual(sorted(all.slice(0, 2)));
    expect(await store.listNamespaces({ suffix: ["d", "*"] })).toEqual([["a", "b", "d", "e"]]);
    expect(await store.listNamespaces({ prefix: ["*", "*", "*", "*", "*"] })).toEqual([]);
  });

  holds("deep namespaces are cut to maxDepth and then listed once", {}, async (store) => {
    await fill(store);
    expect(sorted(await store.listNamespaces({ maxDepth: 1 }))).toEqual([["a"], ["users"]]);
    expect(sorted(await store.listNamespaces({ maxDepth: 2, prefix: ["users"] }))).toEqual([
      ["users", "1"],
      ["users", "2"],
    ]);
  });

  holds("pages of namespaces follow each other", {}, async (store) => {
    await fill(store);
    const pages: string[][] = [];
    for (let offset = 0; offset < 8; offset += 2)
      pages.push(...(await store.listNamespaces({ limit: 2, offset })));
    expect(sorted(pages)).toEqual(sorted(all));
    expect(await store.listNamespaces({ maxDepth: 2, limit: 2, offset: 3 })).toHaveLength(1);
  });

  holds("a namespace without items is no longer listed", {}, async (store) => {
    await fill(store);
    await store.delete(["a", "x"], "1");
    expect(sorted(await store.listNamespaces())).toEqual(sorted(all));
    await store.delete(["a", "x"], "2");
    expect(sorted(await store.listNamespaces())).toEqual(sorted(all.filter((each) => each[1] !== "x")));
    await store.put(["a", "x"], "3", {});
    expect(sorted(await store.listNamespaces())).toEqual(sorted(all));
  });

  holds("hostile labels come back as they are", {}, async (store) => {
    const labels = legalLabels(["a:b", "*", "{x}", "%", "ä 日本", "A", "a", "\ud800", " ", "x,y|z"]);
    const hostile = labels.map((label) => ["root", label]);
    for (const namespace of hostile) await store.put(namespace, "k", {});
    expect(sorted(await store.listNamespaces({ prefix: ["root"] }))).toEqual(sorted(hostile));
  });
}

function sorted(namespaces: readonly string[][]): string[][] {
  return [...namespaces].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
}
