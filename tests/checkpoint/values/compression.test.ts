import { createHash, randomBytes } from "node:crypto";
import zlib from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  type CompressionAlgorithm,
  createCompressor,
  packAppended,
  unpack,
  unpackTail,
} from "../../../src/checkpoint/values/compression.js";
import { DICTIONARY } from "../../../src/checkpoint/values/dictionary.js";

const { zstdCompressSync } = zlib as { zstdCompressSync?: unknown };
const ALGORITHMS: CompressionAlgorithm[] = [
  "deflate",
  "brotli",
  ...(zstdCompressSync ? ["zstd" as const] : []),
];

const text = (length: number) => Buffer.from(`j"${"x".repeat(length - 3)}"`);

test("the dictionary is the one that stored values were packed with", () => {
  // Another dictionary needs another letter, or nothing that was stored can be read.
  expect(createHash("sha256").update(DICTIONARY).digest("hex")).toBe(
    "aa8455f8cf9e2b898d00e198db6e52b00011a27e80355ff550401bd3601ba860",
  );
});

test("pack compresses what has the threshold, not what is shorter, and keeps what would not get shorter", () => {
  const { pack } = createCompressor({ threshold: 100 });
  expect([99, 100, 101].map((length) => pack(text(length)).length < length)).toEqual([false, true, true]);
  for (const length of [99, 100, 101]) expect(unpack(pack(text(length)))).toEqual(text(length));
  const random = Buffer.concat([Buffer.from("j"), randomBytes(1_000)]);
  expect(pack(random)).toEqual(random);
});

test("pack keeps everything as it is when compression is off", () => {
  const { pack, packTail } = createCompressor(false);
  expect(pack(text(10_000))).toEqual(text(10_000));
  expect(packTail(text(10_000))).toEqual(text(10_000));
});

test("a short message takes less than half of its bytes", () => {
  const message =
    'j{"lc":1,"type":"constructor","id":["langchain_core","messages","AIMessage"],"kwargs":{"content":' +
    '"The trains on this line do not stop at the harbour on Sundays.","tool_calls":[],"invalid_tool_calls":[],' +
    '"additional_kwargs":{},"response_metadata":{},"id":"0d9c6a5e-7d5c-4d0e-9a53-6f0a6f6f8a11"}}';
  expect(createCompressor().pack(Buffer.from(message)).length).toBeLessThan(message.length / 2);
});

test("unpack gives back what begins as if it were compressed", () => {
  for (const compression of [true, false, { threshold: 0 }])
    for (const each of ["z", "zp", "z0", "zpq", "y", "yp", "", `z${"p".repeat(500)}`])
      expect(unpack(createCompressor(compression).pack(Buffer.from(each))).toString()).toBe(each);
});

for (const algorithm of ALGORITHMS) {
  const { pack } = createCompressor({ algorithm, threshold: 0 });

  test(`${algorithm}: unpack gives back what was packed, of any length`, () => {
    const bytes = fc.oneof(
      fc.string({ maxLength: 300 }).map((part) => `j${part.repeat(20)}`),
      fc
        .string({ unit: fc.constantFrom("é", "漢", "😀", "\u0000", "a"), maxLength: 3_000 })
        .map((part) => `f${part}`),
      fc.nat(40_000).map((length) => "j".padEnd(length + 1, "some text, ")),
    );
    fc.assert(
      fc.property(bytes, (each) => {
        expect(unpack(pack(Buffer.from(each))).toString() === each).toBe(true);
      }),
    );
  });

  test(`${algorithm}: unpack refuses what is cut off, altered or larger than it says`, () => {
    const packed = pack(text(5_000));
    for (let length = 1; length < packed.length; length++)
      expect(() => unpack(packed.subarray(0, length))).toThrow();
    // The head says 1,000 bytes.
    const head = Buffer.from([packed[0] as number, packed[1] as number, 0xe8, 0x07]);
    expect(() => unpack(Buffer.concat([head, packed.subarray(4)]))).toThrow();
    // And that a few bytes were gigabytes: the memory for them is not even asked for.
    const bomb = Buffer.from([packed[0] as number, packed[1] as number, 0xff, 0xff, 0xff, 0xff, 0x7f]);
    expect(() => unpack(Buffer.concat([bomb, packed.subarray(4)]))).toThrow();
  });
}

test("unpack refuses an algorithm that is none", () => {
  expect(() => unpack(Buffer.from("z?abc"))).toThrow("unknown way");
  expect(() => unpackTail(Buffer.from("y?abc"), 3)).toThrow("unknown way");
});

test("a tail that grows piece by piece is what was appended, at each of its lengths", () => {
  const pieces = fc.array(
    fc.oneof(
      fc.string({ maxLength: 400 }),
      fc.string({ maxLength: 30 }).map((part) => part.repeat(100)),
    ),
    { minLength: 1, maxLength: 12 },
  );
  fc.assert(
    fc.property(pieces, fc.boolean(), (parts, compression) => {
      let segment = Buffer.from("j");
      let stored = createCompressor(compression).packTail(segment);
      const versions: [length: number, segment: Buffer][] = [[stored.length, segment]];
      for (const part of parts) {
        const longer = Buffer.concat([segment, Buffer.from(part)]);
        stored = Buffer.concat([stored, packAppended(stored, longer, segment.length)]);
        segment = longer;
        versions.push([stored.length, segment]);
      }
      for (const [length, expected] of versions)
        expect(unpackTail(stored.subarray(0, length), expected.length).equals(expected)).toBe(true);
    }),
    { numRuns: 50 },
  );
});

test("a tail takes about as much as if it had been packed at once", () => {
  const message = (n: number) =>
    `{"lc":1,"type":"constructor","id":["langchain_core","messages","HumanMessage"],"kwargs":{"content":"message ${n}"}}`;
  const { packTail, pack } = createCompressor();
  let segment = Buffer.from(`j${message(0)}`);
  let stored = packTail(segment);
  for (let n = 1; n < 30; n++) {
    const longer = Buffer.concat([segment, Buffer.from(`,${message(n)}`)]);
    stored = Buffer.concat([stored, packAppended(stored, longer, segment.length)]);
    segment = longer;
  }
  expect(stored.length).toBeLessThan(pack(segment).length + 30 * 25);
  expect(stored.length).toBeLessThan(segment.length / 4);
});

test("unpackTail refuses one that holds more than it should", () => {
  const stored = createCompressor().packTail(text(100_000));
  expect(() => unpackTail(stored, 1_000)).toThrow("cannot be decompressed");
  expect(() => unpackTail(Buffer.from("yp"), 10_000_000)).toThrow("altered");
});

test("createCompressor refuses options that are none", () => {
  expect(() => createCompressor({ algorithm: "zip" as "zstd" })).toThrow("got a string");
  expect(() => createCompressor({ threshold: -1 })).toThrow("threshold");
  if (!zstdCompressSync) expect(() => createCompressor({ algorithm: "zstd" })).toThrow("Node 22.15");
});
