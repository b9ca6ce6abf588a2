import { InvalidNamespaceError } from "@langchain/langgraph-checkpoint";
import { expect } from "vitest";
import { legalLabels } from "../../helpers/labels.js";
import type { Suite } from "./suite.js";

export function itemTests({ holds }: Suite): void {
  holds("what was never put is null", {}, async (store) => {
    expect(await store.get(["a"], "nothing")).toBeNull();
  });

  holds("an item comes back as it was put", {}, async (store) => {
    const value = {
      text: "ä 日本 😀",
      n: -1.5e-7,
      yes: true,
      none: null,
      list: [1, ["2"], {}],
      deep: { "": { a: [] } },
    };
    await store.put(["users", "1"], "profile", value);
    const item = await store.get(["users", "1"], "profile");
    expect(item).toMatchObject({ key: "profile", namespace: ["users", "1"], value });
    expect(item?.value).toEqual(value);
    expect(item?.createdAt).toBeInstanceOf(Date);
    expect(item?.updatedAt).toBeInstanceOf(Date);
  });

  holds("bytes come back as a Uint8Array, wherever they are", {}, async (store) => {
    const value = { content: Uint8Array.of(0, 255, 128), list: [{ deep: new Uint8Array(1000).fill(7) }] };
    await store.put(["a"], "k", value);
    expect((await store.get(["a"], "k"))?.value).toStrictEqual(value);
    expect((await store.search(["a"]))[0]?.value).toStrictEqual(value);
  });

  holds("a put replaces the whole value, and keeps the time of creation", {}, async (store) => {
    await store.put(["a"], "k", { old: 1, both: 1 });
    const before = await store.get(["a"], "k");
    const created = before?.createdAt.getTime();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.put(["a"], "k", { both: 2 });
    const after = await store.get(["a"], "k");
    expect(after?.value).toEqual({ both: 2 });
    expect(after?.createdAt.getTime()).toBe(created);
    expect(after?.updatedAt.getTime()).toBeGreaterThan(created as number);
  });

  holds("a deleted item is gone, and deleting what is not there is no error", {}, async (store) => {
    await store.put(["a"], "k", { v: 1 });
    await store.delete(["a"], "k");
    await store.delete(["a"], "k");
    await store.delete(["never"], "k");
    expect(await store.get(["a"], "k")).toBeNull();
    expect(await store.search([])).toEqual([]);
  });

  holds("an item that is put after a delete is created anew", {}, async (store) => {
    await store.put(["a"], "k", { v: 1 });
    const first = (await store.get(["a"], "k"))?.createdAt.getTime() as number;
    await store.delete(["a"], "k");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await store.put(["a"], "k", { v: 2 });
    expect((await store.get(["a"], "k"))?.createdAt.getTime()).toBeGreaterThan(first);
  });

  holds("changing what was put, or what was got, changes nothing in the store", {}, async (store) => {
    const value = { list: [1] };
    await store.put(["a"], "k", value);
    value.list.push(2);
    const got = await store.get(["a"], "k");
    got?.value.list.push(3);
    const [found] = await store.search(["a"]);
    if (found) found.value.list = "changed";
    expect((await store.get(["a"], "k"))?.value).toEqual({ list: [1] });
  });

  holds("the order of labels matters", {}, async (store) => {
    await store.put(["users", "1"], "k", { v: "users/1" });
    expect(await store.get(["1", "users"], "k")).toBeNull();
  });

  holds("labels that hold a separator are not two labels", {}, async (store) => {
    for (const joined of legalLabels(["a:b", "a/b", "a|b", "a,b", "a%3Ab", "a\0b", "a}{b"])) {
      await store.put(["a", "b"], "k", { v: "two" });
      await store.put([joined], "k", { v: "one" });
      expect((await store.get(["a", "b"], "k"))?.value).toEqual({ v: "two" });
      expect((await store.get([joined], "k"))?.value).toEqual({ v: "one" });
    }
  });

  holds("keys may be any string", {}, async (store) => {
    const keys = [
      "",
      " ",
      "K",
      "k",
      "a:b",
      "a",
      "{x}",
      "*",
      "\0",
      "%",
      "%25",
      "ä",
      "a\u0308",
      "\ud800",
      "x".repeat(5000),
    ];
    await Promise.all(keys.map((key, n) => store.put(["a"], key, { n })));
    const items = await Promise.all(keys.map((key) => store.get(["a"], key)));
    expect(items.map((item) => item?.value.n)).toEqual(keys.map((_, n) => n));
    expect(items.map((item) => item?.key)).toEqual(keys);
  });

  holds("namespaces that cannot be written to are refused", {}, async (store) => {
    const refused: unknown[][] = [[], [""], ["a", ""], ["a.b"], ["langgraph"], ["langgraph", "x"], ["a", 1]];
    for (const namespace of refused) {
      await expect(store.put(namespace as string[], "k", { v: 1 })).rejects.toThrow(InvalidNamespaceError);
    }
    expect(await store.search([])).toEqual([]);
  });

  holds("there is nothing under a namespace that cannot be written to", {}, async (store) => {
    expect(await store.get(["langgraph"], "k")).toBeNull();
    expect(await store.search(["langgraph"])).toEqual([]);
  });
}
