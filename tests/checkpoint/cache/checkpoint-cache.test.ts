import { expect, test } from "vitest";
import { CheckpointCache } from "../../../src/checkpoint/cache/checkpoint-cache.js";
import {
  contentNamesOf,
  KnownSegment,
  type KnownValue,
  NOTHING_KNOWN,
} from "../../../src/checkpoint/cache/known-value.js";

const THREADS = ["a", "b", "c"];

const value = (bytes: number, name = "segment"): KnownValue => ({
  ...NOTHING_KNOWN,
  segments: new Map([[name, new KnownSegment(Buffer.alloc(bytes))]]),
});

const checkpoint = (values: Record<string, KnownValue>, checkpointId = "1") => ({
  checkpointId,
  channels: new Map(
    Object.entries(values).map(
      ([channel, known]) => [channel, { version: 1, reference: "w", roots: [], known }] as const,
    ),
  ),
});

test("set replaces the checkpoint of its namespace as a whole: channels that are gone are forgotten", () => {
  const cache = new CheckpointCache(1_000_000);
  cache.set("a", "", checkpoint({ left: value(10), kept: value(10) }));
  cache.set("a", "sub", checkpoint({ other: value(10) }));
  const before = cache.size;
  cache.set("a", "", checkpoint({ kept: value(20, "newer") }, "2"));
  expect(cache.get("a", "")?.checkpointId).toBe("2");
  expect(cache.knownValue("a", "", "left")).toBe(NOTHING_KNOWN);
  expect(contentNamesOf(cache.knownValue("a", "", "kept"))).toEqual(["newer"]);
  expect(contentNamesOf(cache.knownValue("a", "sub", "other"))).toEqual(["segment"]);
  expect(cache.size).toBeLessThan(before);
});

test("set counts what it replaces no more, and forgets the threads that were used least lately", () => {
  const cache = new CheckpointCache(20_000);
  const has = () => THREADS.map((thread) => cache.get(thread, "") !== undefined);
  for (let n = 0; n < 20; n++) cache.set("a", "", checkpoint({ list: value(5_000) }));
  for (let n = 0; n < 20; n++) {
    cache.set("b", "", checkpoint({ list: value(5_000) }));
    cache.forget("b");
  }
  cache.set("b", "", checkpoint({ list: value(5_000) }));
  expect(has()).toEqual([true, true, false]);
  cache.set("a", "", checkpoint({ list: value(5_000) }));
  cache.set("c", "", checkpoint({ list: value(5_000) }));
  expect(has()).toEqual([true, false, true]);
  cache.set("c", "", checkpoint({ list: value(17_000) }));
  expect(has()).toEqual([false, false, true]);
  cache.set("c", "", checkpoint({ list: value(20_000) }));
  expect(has()).toEqual([false, false, false]);
  expect(cache.size).toBeLessThan(1_000);
});

test("set forgets the least recently used namespaces of the only thread", () => {
  const cache = new CheckpointCache(30_000);
  for (const checkpointNs of ["1", "2", "3"])
    cache.set("a", checkpointNs, checkpoint({ list: value(8_000) }));
  cache.set("a", "1", checkpoint({ list: value(8_000) }));
  cache.set("a", "4", checkpoint({ list: value(8_000) }));
  expect(["1", "2", "3", "4"].map((checkpointNs) => cache.get("a", checkpointNs) !== undefined)).toEqual([
    true,
    false,
    true,
    true,
  ]);
});

test("addNames: a thread holds its chunks until it is forgotten, or many are of no cached checkpoint", () => {
  const cache = new CheckpointCache(1_000_000);
  cache.addNames("a", ["1", "2"]);
  cache.addNames("b", ["1"]);
  expect(cache.holds("a", "2")).toBe(true);
  expect(cache.holds("b", "2")).toBe(false);
  cache.forget("a");
  expect(cache.holds("a", "1")).toBe(false);
  cache.set("b", "", checkpoint({ list: value(10, "1") }));
  for (let n = 0; n < 5_000; n++) cache.addNames("b", [`name ${n}`]);
  expect(cache.holds("b", "1")).toBe(true);
  expect(cache.holds("b", "name 0")).toBe(false);
  expect(cache.size).toBeLessThan(200_000);
  cache.forget("b");
  expect(cache.size).toBe(0);
});

test("addNames forgets other threads when the limit is reached", () => {
  const cache = new CheckpointCache(10_000);
  for (const thread of THREADS)
    cache.addNames(
      thread,
      Array.from({ length: 40 }, (_, n) => String(n)),
    );
  expect(THREADS.map((thread) => cache.holds(thread, "1"))).toEqual([false, true, true]);
});

test("a limit of 0 holds nothing", () => {
  const cache = new CheckpointCache(0);
  cache.set("a", "", checkpoint({ list: value(10) }));
  cache.addNames("a", ["1"]);
  expect(cache.get("a", "")).toBeUndefined();
  expect(cache.holds("a", "1")).toBe(false);
  expect(cache.size).toBe(0);
});

test("set keeps no buffer alive that its bytes are a slice of", () => {
  const cache = new CheckpointCache(1_000_000);
  const reply = Buffer.alloc(500_000, "x");
  const known: KnownValue = {
    ...NOTHING_KNOWN,
    segments: new Map([["segment", new KnownSegment(reply.subarray(10, 20))]]),
    tail: { name: "tail", stored: reply.subarray(20, 50), segment: Buffer.from("some bytes") },
  };
  cache.set("a", "", checkpoint({ list: known }));
  const { segments, tail } = cache.knownValue("a", "", "list");
  const kept = [segments.get("segment")?.stored, tail?.stored, tail?.segment];
  expect(kept.map((bytes) => bytes?.toString())).toEqual(["x".repeat(10), "x".repeat(30), "some bytes"]);
  expect(kept.map((bytes) => bytes?.buffer.byteLength)).toEqual([10, 30, 10]);
  expect(cache.size).toBeLessThan(10_000);
});
