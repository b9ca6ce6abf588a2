import fc from "fast-check";
import { expect, test } from "vitest";
import { CheckpointCache } from "../../../src/checkpoint/cache/checkpoint-cache.js";
import { JsonSerializer } from "../../../src/checkpoint/serde/serializer.js";
import { ValueCodec } from "../../../src/checkpoint/values/codec.js";
import { createCompressor } from "../../../src/checkpoint/values/compression.js";
import { ChunkThread, Client } from "./chunk-thread.js";

class OtherSerializer extends JsonSerializer {}

const client = (
  options: {
    json?: boolean;
    tracks?: boolean;
    compression?: boolean;
    cacheBytes?: number;
    fetchesAll?: boolean;
  } = {},
): Client => {
  const { json = true, tracks = true, compression = true, cacheBytes = 64_000_000, fetchesAll } = options;
  const serde = json ? new JsonSerializer() : new OtherSerializer();
  const codec = new ValueCodec(serde, tracks, createCompressor(compression));
  return new Client(codec, new CheckpointCache(cacheBytes), fetchesAll);
};

const element = fc
  .oneof(
    {
      weight: 6,
      arbitrary: fc.record({ n: fc.nat(), text: fc.string({ maxLength: 40 }), size: fc.nat(1_500) }),
    },
    { weight: 1, arbitrary: fc.nat(9) },
    { weight: 1, arbitrary: fc.constantFrom("", "é", "漢字", null, [], {}) },
  )
  .map((each) =>
    typeof each === "object" && each !== null && "size" in each
      ? { ...each, text: `${each.text} and so on`.repeat(1 + each.size / 12) }
      : each,
  );

type Edit = {
  kind: "append" | "delete" | "insert" | "replace" | "mutate" | "window" | "clear";
  at: number;
  elements: unknown[];
};

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.oneof(
    { weight: 8, arbitrary: fc.constant("append" as const) },
    { weight: 4, arbitrary: fc.constantFrom("delete", "insert", "replace", "mutate", "window") },
    { weight: 1, arbitrary: fc.constant("clear" as const) },
  ),
  at: fc.nat(1_000),
  elements: fc.array(element, { minLength: 1, maxLength: 12 }),
});

function apply({ kind, at, elements }: Edit, list: unknown[]): unknown[] {
  const place = list.length === 0 ? 0 : at % list.length;
  switch (kind) {
    case "append":
      return [...list, ...elements];
    case "delete":
      return list.toSpliced(place, 1 + (at % 3));
    case "insert":
      return list.toSpliced(place, 0, ...elements);
    case "replace":
      return list.toSpliced(place, 1, elements[0]);
    case "mutate": {
      const found = list[place];
      if (typeof found === "object" && found !== null && !Array.isArray(found))
        Object.assign(found, { n: -at });
      return list;
    }
    case "window":
      return [...list, ...elements].slice(elements.length);
    case "clear":
      return [];
  }
}

for (const json of [true, false]) {
  test(`lists that several clients edit and fork come back as they were (${json ? "JSON" : "another serializer"})`, async () => {
    const steps = fc.array(fc.record({ who: fc.nat(3), from: fc.nat(100), forks: fc.nat(5), edit }), {
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const thread = new ChunkThread();
        const clients = [
          client({ json }),
          client({ json, fetchesAll: false }),
          client({ json, tracks: false, compression: false }),
          client({ json, cacheBytes: 20_000 }),
        ];
        const stored: { reference: string; value: string }[] = [{ reference: "Aj", value: "[]" }];
        for (const { who, from, forks, edit: change } of structuredClone(sequence)) {
          const writer = clients[who] as Client;
          const index = forks === 0 ? from % stored.length : stored.length - 1;
          const base = stored[index] as (typeof stored)[number];
          const read = await writer.get(thread, base.reference);
          expect(JSON.stringify(read)).toBe(base.value);
          const value = apply(
            change,
            change.kind === "mutate" ? (read as unknown[]) : structuredClone(read as unknown[]),
          );
          const text = JSON.stringify(value);
          const pending = writer.put(thread, value);
          // What is changed after the call is not stored.
          for (const each of value)
            if (typeof each === "object" && each !== null) Reflect.set(each, "late", 1);
          stored.push({ reference: await pending, value: text });
        }
        for (const reader of clients) {
          for (const { reference, value } of stored) {
            expect(JSON.stringify(await reader.getAnew(thread, reference))).toBe(value);
            expect(JSON.stringify(await reader.get(thread, reference))).toBe(value);
          }
        }
      }),
      { numRuns: 60 },
    );
  });
}
