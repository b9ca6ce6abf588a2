import { expect, test } from "vitest";
import { ChunkPresenceCache } from "../../src/checkpoint/cache/chunk-presence-cache.js";
import { type KnownValue, ValueCache } from "../../src/checkpoint/cache/value-cache.js";

const THREADS = ["a", "b", "c"];

test("ChunkPresenceCache holds as many digests as its limit, and forgets the thread that was used least lately", () => {
  const held = new ChunkPresenceCache(4);
  const has = () => THREADS.map((thread) => held.has(thread, "1"));
  held.add("a", ["1", "2"]);
  held.add("b", ["1"]);
  held.add("c", ["1"]);
  expect(has()).toEqual([true, true, true]);
  // The same digests again are not counted again, and make their thread the last used.
  held.add("a", ["1", "2"]);
  expect(has()).toEqual([true, true, true]);
  held.add("c", ["2"]);
  expect(has()).toEqual([true, false, true]);
  held.forget("a");
  held.add("b", ["1", "2"]);
  expect(has()).toEqual([false, true, true]);
  held.add("b", ["3"]);
  expect(has()).toEqual([false, true, false]);
});

test("ChunkPresenceCache does not hold a thread that is larger than its limit", () => {
  const held = new ChunkPresenceCache(2);
  held.add("a", ["1", "2"]);
  expect(held.has("a", "1")).toBe(true);
  held.add("a", ["3"]);
  expect(held.has("a", "1")).toBe(false);
  held.add("b", ["1", "2"]);
  expect(held.has("b", "2")).toBe(true);
});

const value = (bytes: number): KnownValue => ({
  chunks: ["chunk"],
  contents: new Map([["chunk", Buffer.alloc(bytes)]]),
  open: undefined,
});

test("ValueCache holds so many bytes, counts what is replaced or forgotten no more, and forgets the oldest", () => {
  const known = new ValueCache(10_000);
  const has = () => THREADS.map((scope) => known.get(scope, "l") !== undefined);
  for (let n = 0; n < 20; n++) known.set("a", "checkpoint", [["l", value(1_500)]]);
  for (let n = 0; n < 20; n++) {
    known.set("b", "checkpoint", [["l", value(1_500)]]);
    known.forget("b");
  }
  known.set("b", "checkpoint", [["l", value(1_000)]]);
  expect(has()).toEqual([true, true, false]);
  known.set("a", "checkpoint", [["m", value(100)]]);
  known.set("c", "checkpoint", [["l", value(2_000)]]);
  expect(has()).toEqual([true, false, true]);
  expect(known.chunks("a")).toEqual(["chunk", "chunk"]);
  known.set("a", "checkpoint", [["l", value(6_000)]]);
  expect(has()).toEqual([false, false, false]);
  known.set("b", "checkpoint", [["l", value(4_000)]]);
  expect(has()).toEqual([false, true, false]);
});
