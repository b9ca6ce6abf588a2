import { expect, test } from "vitest";
import { KnownSegment, type KnownValue, NOTHING_KNOWN } from "../../../src/checkpoint/cache/known-value.js";
import { sizeOfValue } from "../../../src/checkpoint/cache/memory-size.js";
import { sizeOfSnapshot, takeSnapshot, UNFIT } from "../../../src/checkpoint/serde/snapshot.js";

const snapshotOf = (value: unknown) => {
  const snapshot = takeSnapshot(value);
  if (snapshot === UNFIT) throw new Error("no snapshot");
  return snapshot;
};

const knownOf = (segment: KnownSegment): KnownValue => ({
  ...NOTHING_KNOWN,
  segments: new Map([["segment", segment]]),
});

test("sizeOfValue counts what is stored and snapshots", () => {
  const stored = Buffer.alloc(1_000);
  const size = sizeOfValue(knownOf(new KnownSegment(stored)));
  expect(size).toBeGreaterThan(1_000);
  const compared = new KnownSegment(stored);
  compared.snapshots = [snapshotOf({ text: "x".repeat(10_000) })];
  expect(sizeOfValue(knownOf(compared))).toBeGreaterThan(size + 10_000);
  expect(sizeOfValue(knownOf(compared))).toBe(sizeOfValue(knownOf(compared)));
});

test("sizeOfValue counts a tail, and each name in the tree", () => {
  const size = sizeOfValue(knownOf(new KnownSegment(Buffer.alloc(0))));
  const tail = { name: "tail", stored: Buffer.alloc(100), segment: Buffer.alloc(4_000) };
  expect(sizeOfValue({ ...knownOf(new KnownSegment(Buffer.alloc(0))), tail })).toBeGreaterThan(size + 4_100);
  const names = Array.from({ length: 100 }, (_, n) => String(n).padStart(20, "0"));
  const tree = { leaves: names, root: "root", tables: new Map([["root", names]]) };
  expect(sizeOfValue({ ...knownOf(new KnownSegment(Buffer.alloc(0))), tree })).toBeGreaterThan(
    size + 100 * 40,
  );
});

test("snapshots share the shape of objects with some keys; one with thousands is theirs and counts", () => {
  const withKeys = (count: number) =>
    snapshotOf(Object.fromEntries(Array.from({ length: count }, (_, n) => [`a key ${n}`, 1])));
  expect(withKeys(20)[0]).toBe(withKeys(20)[0]);
  expect(withKeys(3_000)[0]).not.toBe(withKeys(3_000)[0]);
  expect(sizeOfSnapshot(withKeys(20))).toBeLessThan(500);
  expect(sizeOfSnapshot(withKeys(3_000))).toBeGreaterThan(3_000 * 40);
});

test("shapes that were seen are forgotten when there are very many", () => {
  const first = snapshotOf({ first: 1 })[0];
  expect(snapshotOf({ first: 2 })[0]).toBe(first);
  for (let n = 0; n < 20_000; n++) snapshotOf({ [`key ${n}`]: 1, [`other key ${n}`]: 2 });
  expect(snapshotOf({ first: 3 })[0]).not.toBe(first);
});
