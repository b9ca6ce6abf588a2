import { HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { JsonSerializer } from "../../../src/checkpoint/serde/serializer.js";
import { ValueCodec } from "../../../src/checkpoint/values/codec.js";
import { createCompressor } from "../../../src/checkpoint/values/compression.js";
import { ChunkThread, Client } from "./chunk-thread.js";

const message = (n: number) =>
  new HumanMessage({ content: `${n} ${"some words ".repeat(n % 40)}`, id: `id-${n}` });

/** Stores a list after each edit. */
async function grow(
  compression: boolean,
  steps: number,
  edit: (list: HumanMessage[], step: number) => HumanMessage[],
): Promise<ChunkThread> {
  const thread = new ChunkThread();
  const client = new Client(new ValueCodec(new JsonSerializer(), true, createCompressor(compression)));
  let list: HumanMessage[] = [];
  for (let step = 0; step < steps; step++) {
    list = edit(list, step);
    await client.put(thread, list);
  }
  return thread;
}

const sizeOf = ({ chunks }: ChunkThread) =>
  [...chunks].reduce((size, [name, chunk]) => size + name.length + chunk.length, 0);

for (const compression of [true, false]) {
  const name = compression ? "packed" : "plain";

  test(`what a list takes with all its versions is in proportion to its length (${name})`, async () => {
    const append = (list: HumanMessage[], step: number) => [...list, message(step)];
    const short = await grow(compression, 300, append);
    const long = await grow(compression, 1_200, append);
    expect(sizeOf(long)).toBeLessThan(5.2 * sizeOf(short));
    expect(long.sent).toBeLessThan(5.2 * short.sent);
    // All versions together take little more than the list itself.
    const elements = Array.from({ length: 1_200 }, (_, n) => JSON.stringify(message(n)).length + 1);
    const json = elements.reduce((sum, length) => sum + length, 0);
    expect(sizeOf(long)).toBeLessThan((compression ? 0.5 : 1.15) * json);
  });

  test(`a step of a sliding window, and an edit in the middle, cost no more than a segment or two (${name})`, async () => {
    const base = Array.from({ length: 1_000 }, (_, n) => message(n));
    const start = await grow(compression, 1, () => base);
    const window = await grow(compression, 41, (list, step) =>
      step === 0 ? base : [...list.slice(1), message(1_000 + step)],
    );
    const edited = await grow(compression, 41, (list, step) =>
      step === 0 ? base : list.toSpliced(step * 20, 1, message(5_000 + step)),
    );
    const inserted = await grow(compression, 41, (list, step) =>
      step === 0 ? base : list.toSpliced(step * 20, 0, message(5_000 + step)),
    );
    for (const thread of [window, edited, inserted])
      expect((thread.sent - start.sent) / 40).toBeLessThan(24_000);
  });
}

test("put sends nothing but the reference when the list is as it was", async () => {
  const thread = new ChunkThread();
  const client = new Client(new ValueCodec(new JsonSerializer(), true, createCompressor()));
  const list = Array.from({ length: 100 }, (_, n) => message(n));
  const first = await client.put(thread, list);
  const before = thread.sent;
  expect(await client.put(thread, [...list])).toBe(first);
  expect(thread.sent).toBe(before + first.length);
  expect(thread.refusals).toBe(0);
});

test("put goes on with a tail that was read, and begins another one when it has grown meanwhile", async () => {
  const thread = new ChunkThread();
  const open = () => new Client(new ValueCodec(new JsonSerializer(), true, createCompressor()));
  const [one, other] = [open(), open()];
  const list = [message(35), message(36)];
  const reference = await one.put(thread, list);
  const read = (await other.get(thread, reference)) as HumanMessage[];
  await other.put(thread, [...read, message(41)]);
  expect(thread.chunks.size).toBe(1);
  await one.put(thread, [...list, message(42)]);
  expect(thread.refusals).toBe(1);
  expect(thread.chunks.size).toBe(2);
  // Who reads the older version sees that it has grown, and is not refused.
  const late = open();
  await late.put(thread, [...((await late.get(thread, reference)) as HumanMessage[]), message(43)]);
  expect(thread.refusals).toBe(1);
  expect(thread.chunks.size).toBe(3);
});

test("encodeWrite keeps small values in the reference, and seals all of a large list", async () => {
  const codec = new ValueCodec(new JsonSerializer(), true, createCompressor());
  const small = await codec.encodeWrite([message(10)], "the write", "thread");
  expect(small.roots).toEqual([]);
  expect(codec.decode(small.reference, () => undefined, "thread").value).toEqual([message(10)]);
  const list = Array.from({ length: 30 }, (_, n) => message(n));
  const large = await codec.encodeWrite(list, "the write", "thread");
  const again = await new ValueCodec(new JsonSerializer(), true, createCompressor()).encodeWrite(
    list,
    "the write",
    "thread",
  );
  expect(again.reference).toBe(large.reference);
  expect(large.reference).not.toContain("+");
  const thread = new ChunkThread();
  expect(thread.store(large)).toEqual([]);
  expect(codec.decode(large.reference, (name) => thread.chunks.get(name), "thread").value).toEqual(list);
});
