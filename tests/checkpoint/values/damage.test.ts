import { HumanMessage } from "@langchain/core/messages";
import { expect, test } from "vitest";
import { JsonSerializer } from "../../../src/checkpoint/serde/serializer.js";
import { ValueCodec } from "../../../src/checkpoint/values/codec.js";
import { createCompressor } from "../../../src/checkpoint/values/compression.js";
import type { ChunkSource } from "../../../src/checkpoint/values/decode-value.js";
import { Keyring } from "../../../src/encryption/keyring.js";
import { ENCRYPTION } from "../../helpers/encryption.js";
import { ChunkThread, Client } from "./chunk-thread.js";

class OtherSerializer extends JsonSerializer {}

const messages = (count: number) =>
  Array.from(
    { length: count },
    (_, n) => new HumanMessage({ content: `${n} ${"text ".repeat(60)}`, id: `m${n}` }),
  );

/** Lists and single values; with one that was sealed after an older checkpoint, so that there is an alias. */
async function store(client: Client): Promise<{ thread: ChunkThread; references: string[] }> {
  const thread = new ChunkThread();
  const references: string[] = [];
  for (const count of [2, 60, 61, 62, 63, 64, 70, 80, 100])
    references.push(await client.put(thread, messages(count)));
  references.push(await client.put(thread, { text: "a single value ".repeat(20) }));
  return { thread, references };
}

/** A chunk with one bit of some of its bytes altered, without its last byte, and empty. */
function* alterations(chunk: Buffer, stride: number): Iterable<readonly [at: number, altered: Buffer]> {
  yield [0, Buffer.alloc(0)];
  yield [chunk.length - 2, chunk.subarray(0, -1)];
  for (let at = 0; at < chunk.length; at += stride) {
    const altered = Buffer.from(chunk);
    altered[at] = (chunk[at] as number) ^ (1 << (at % 8));
    yield [at, altered];
  }
}

for (const json of [true, false]) {
  for (const form of ["packed", "plain", "encrypted"] as const) {
    const segmentTag = json ? "j" : "f";
    const tags = [...{ packed: ["z", "y"], plain: [segmentTag], encrypted: ["\x02"] }[form], "@", "t"];
    test(`every byte of every kind of chunk that is altered is noticed: ${form}, elements as "${segmentTag}"`, async () => {
      const serde = json ? new JsonSerializer() : new OtherSerializer();
      const cipher = form === "encrypted" ? new Keyring(ENCRYPTION, "prefix").cipher("thread") : undefined;
      const client = new Client(new ValueCodec(serde, true, createCompressor(form !== "plain"), cipher));
      const { thread, references } = await store(client);
      const read = async (reference: string, source: ChunkSource) =>
        JSON.stringify(await client.codec.decode(reference, source, "thread").value);
      const intact: ChunkSource = (name) => thread.chunks.get(name);
      const stored = new Map<string, string>();
      const readersOf = new Map<string, string[]>([...thread.chunks.keys()].map((name) => [name, []]));
      for (const reference of references) {
        const names = new Set<string>();
        stored.set(
          reference,
          await read(reference, (name) => {
            names.add(name);
            return thread.chunks.get(name);
          }),
        );
        for (const name of names) readersOf.get(name)?.push(reference);
      }
      const seen = new Set<string>();
      for (const [name, readers] of readersOf) {
        const chunk = thread.chunks.get(name) as Buffer;
        const tag = chunk.toString("latin1", 0, 1);
        // One of each kind byte by byte, the others at some places.
        const stride = Math.ceil(chunk.length / (seen.has(tag) ? 8 : 800));
        seen.add(tag);
        // The first one reads the beginning of a tail, the last one all of it.
        const [first, last] = [readers[0], readers.at(-1)] as [string, string];
        for (const [at, altered] of alterations(chunk, stride)) {
          const source: ChunkSource = (each) => (each === name ? altered : intact(each));
          const results = await Promise.allSettled([read(first, source), read(last, source)]);
          const noticed = results.some(({ status }) => status === "rejected");
          // Some bits at the end of a compressed segment mean nothing.
          if (!(tag === "z" && at === chunk.length - 1)) expect(noticed, `${tag} at ${at}`).toBe(true);
          for (const [which, value] of results.entries()) {
            if (value.status === "fulfilled")
              expect(value.value).toBe(stored.get(which === 0 ? first : last));
          }
        }
      }
      expect([...seen].sort()).toEqual(tags.sort());
    });
  }
}
