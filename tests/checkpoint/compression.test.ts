import * as zlib from "node:zlib";
import { type CompressionAlgorithm, JsonSerializer } from "langgraph-redis";
import { expect, it } from "vitest";
import { config, id, put, values } from "../conformance/saver/steps.js";
import { openSaver, threadKeysOf } from "./lifecycle/helpers.js";

const { zstdCompressSync } = zlib as { zstdCompressSync?: unknown };
const text = "compressible ".repeat(5_000);
const state = {
  text,
  texts: Array.from({ length: 50 }, (_, n) => `${n} ${text.slice(0, 1_000)}`),
  small: [1, 2, 3],
};
const algorithms: CompressionAlgorithm[] = [
  "deflate",
  "brotli",
  ...(zstdCompressSync ? ["zstd" as const] : []),
];

for (const algorithm of algorithms) {
  it(`${algorithm}: large values take less memory, and are read whatever the reader's setting`, async () => {
    const { saver: plain, client, prefix } = await openSaver({ compression: false });
    const { saver } = await openSaver({ keyPrefix: prefix, compression: { algorithm } });
    const chunkBytes = async (thread: string) => {
      const { chunks } = threadKeysOf(prefix, thread) as Record<string, string>;
      return (await client.memoryUsage(chunks as string, { SAMPLES: 0 })) as number;
    };
    await put(plain, "plain", { id: id(1), values: state });
    await put(saver, "packed", { id: id(1), values: state });
    expect(await chunkBytes("packed")).toBeLessThan((await chunkBytes("plain")) / 5);
    for (const reader of [plain, saver]) {
      expect(await values(reader, config("packed"))).toEqual(state);
      expect(await values(reader, config("plain"))).toEqual(state);
    }
  });
}

it("a list goes on growing and changing, with compression switched on and off in between", async () => {
  const { saver: plain, prefix } = await openSaver({ compression: false });
  const { saver: packed } = await openSaver({ keyPrefix: prefix, compression: { threshold: 100 } });
  const { saver: framed } = await openSaver({
    keyPrefix: prefix,
    compression: true,
    serde: new (class extends JsonSerializer {})(),
  });
  let entries: { n: number; text: string }[] = [];
  for (let n = 0; n < 60; n++) {
    const saver = [plain, packed, framed][n % 3] as typeof plain;
    const added = Array.from({ length: n % 5 === 0 ? 40 : 1 }, (_, at) => ({
      n: n * 100 + at,
      text: text.slice(0, 300),
    }));
    entries = n % 11 === 10 ? entries.slice(7) : [...entries, ...added];
    const parent = n === 0 ? undefined : id(n - 1);
    await put(saver, "t", { id: id(n), parent, values: { entries }, versions: { entries: n + 1 } });
    expect(await values(packed, config("t"))).toEqual({ entries });
    expect(await values(plain, config("t", "", id(n)))).toEqual({ entries });
  }
});

it("an algorithm that is none is refused", async () => {
  await expect(openSaver({ compression: { algorithm: "zip" as "zstd" } })).rejects.toThrow("got a string");
  await expect(openSaver({ compression: { threshold: -1 } })).rejects.toThrow("threshold");
  if (!zstdCompressSync) {
    await expect(openSaver({ compression: { algorithm: "zstd" } })).rejects.toThrow("Node 22.15");
  }
});
