import { describe, expect, test } from "vitest";
import type { RedisStoreOptions } from "../../src/store/options.js";
import { ENGINES, openStore as openStoreAt, textIndex } from "./helpers.js";

describe.each(ENGINES)("on engine $engine", ({ url }) => {
  const openStore = (options: RedisStoreOptions = {}) => openStoreAt(options, url());

  test("put stores bytes wherever they are in a value, and they come back as a Uint8Array", async () => {
    const store = await openStore({ index: textIndex() });
    const png = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 255, 0x0a);
    const large = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
    const value = {
      text: "green apples",
      content: png,
      buffer: Buffer.from(png),
      view: new Uint8Array(large.buffer, 10, 5),
      nested: { list: [large, new Uint8Array(0)], none: null },
      own: { toJSON: () => png },
    };
    await store.put(["a"], "k", value);
    const expected = {
      text: "green apples",
      content: png,
      buffer: png,
      view: large.slice(10, 15),
      nested: { list: [large, new Uint8Array(0)], none: null },
      own: png,
    };
    const [got, listed, found, filtered] = await store.batch([
      { namespace: ["a"], key: "k" },
      { namespacePrefix: ["a"] },
      { namespacePrefix: ["a"], query: "apples" },
      { namespacePrefix: ["a"], filter: { text: "green apples", "nested.none": null } },
    ]);
    for (const item of [got, listed[0], found[0], filtered[0]]) {
      expect(item?.value).toStrictEqual(expected);
      expect(item?.value.buffer).not.toBeInstanceOf(Buffer);
      expect(item?.value.view.buffer.byteLength).toBe(5);
    }
  });

  test("put stores data that look like stored bytes as the data they are", async () => {
    const store = await openStore();
    const value = {
      a: { $bytes: "AAEC" },
      b: { $$bytes: [{ $bytes: null }, Uint8Array.of(1)] },
      c: { $bytes: "AAEC", more: 1 },
      d: [{ $$$bytes: { $bytes: Uint8Array.of(2) } }],
      e: '{"$bytes":"AAEC"}',
    };
    await store.put(["a"], "k", value);
    expect((await store.get(["a"], "k"))?.value).toStrictEqual(value);
    await store.put(["a"], "root", { $bytes: "AAEC" });
    expect((await store.get(["a"], "root"))?.value).toStrictEqual({ $bytes: "AAEC" });
    await store.put(["a"], "prototype", JSON.parse('{"__proto__":{"$bytes":"AA=="},"b":{"constructor":1}}'));
    expect(JSON.stringify((await store.get(["a"], "prototype"))?.value)).toBe(
      '{"__proto__":{"$bytes":"AA=="},"b":{"constructor":1}}',
    );
    expect(await store.search(["a"], { filter: { "a.$bytes": "AAEC" } })).toMatchObject([{ key: "k" }]);
  });

  test("search tells items by whether bytes are there, and by which", async () => {
    const store = await openStore();
    await store.put(["a"], "one", { content: Uint8Array.of(1, 2) });
    await store.put(["a"], "two", { content: Uint8Array.of(1, 3), list: [Uint8Array.of(7)] });
    await store.put(["a"], "text", { content: "1,2" });
    await store.put(["a"], "none", {});
    const keys = async (filter: Record<string, unknown>) =>
      (await store.search(["a"], { filter })).map(({ key }) => key).sort();
    expect(await keys({ content: { $exists: true } })).toEqual(["one", "text", "two"]);
    expect(await keys({ content: Uint8Array.of(1, 2) })).toEqual(["one"]);
    expect(await keys({ content: Buffer.of(1, 2) })).toEqual(["one"]);
    expect(await keys({ content: { $in: [Uint8Array.of(1, 3), "1,2"] } })).toEqual(["text", "two"]);
    expect(await keys({ content: { $ne: Uint8Array.of(1, 2) } })).toEqual(["none", "text", "two"]);
    expect(await keys({ list: Uint8Array.of(7) })).toEqual(["two"]);
    expect(await keys({ "content.0": 1 })).toEqual([]);
    expect(await keys({ content: { $gte: "" } })).toEqual(["text"]);
  });
});
