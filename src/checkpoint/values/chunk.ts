// The default export, since bundlers turn a namespace into named imports, which fail where Node lacks one.
import crypto from "node:crypto";
import { repeatable } from "../../describe.js";

/**
 * A chunk is one stored piece of a value. Its first byte tells what follows:
 *
 * | tag | content |
 * |---|---|
 * | `j` | a run of elements as JSON texts, with commas between them |
 * | `f` | a run of elements in frames: for each its serializer's type name and bytes, both with their length before them |
 * | `z` | one of these, compressed; the next byte tells how, see compression.ts |
 * | `t` | a table: digests, one after the other |
 *
 * On the server there is one more kind, `@target:offset:length`: the content has become part of another chunk. The
 * scripts make and resolve these, see scripts/chunk-store.lua.
 */
export type RunTag = "j" | "f";

const JSON_RUN = 0x6a;
const FRAMED_RUN = 0x66;
const TABLE = 0x74;
const POINTER = 0x40;

/** What a serializer makes of one value: the type that its `loadsTyped` will be given, and the bytes. */
export type Serialized = readonly [type: string, data: Uint8Array];

/** The length of a digest in characters: 120 bits of SHA-256 in base64url. */
export const DIGEST_LENGTH = 20;

/** The name of a chunk: whoever has the bytes can check them against it. */
export function digestOf(chunk: Uint8Array): string {
  return sha256(chunk).slice(0, DIGEST_LENGTH);
}

// One call without a Hash object is several times faster for small inputs; Node has it from 20.12 on.
const sha256: (data: Uint8Array) => string =
  typeof crypto.hash === "function"
    ? (data) => crypto.hash("sha256", data, "base64url")
    : (data) => crypto.createHash("sha256").update(data).digest("base64url");

export function splitDigests(text: string): string[] {
  const digests: string[] = [];
  for (let at = 0; at < text.length; at += DIGEST_LENGTH) digests.push(text.slice(at, at + DIGEST_LENGTH));
  return digests;
}

export function encodeTable(digests: readonly string[]): Buffer {
  return Buffer.from(`t${digests.join("")}`, "latin1");
}

/** @returns the digests of a table, or undefined when the chunk is none. */
export function decodeTable(chunk: Buffer): string[] | undefined {
  return chunk[0] === TABLE ? splitDigests(chunk.toString("latin1", 1)) : undefined;
}

/** The chunk that a stored value stands for: itself, or a part of another one. */
export function resolvePointer(
  stored: Buffer | undefined,
  chunks: ReadonlyMap<string, Buffer>,
): Buffer | undefined {
  if (stored?.[0] !== POINTER) return stored;
  const [target, offset, length] = stored.toString("latin1", 1).split(":");
  const whole = resolvePointer(chunks.get(target as string), chunks);
  if (!whole) return undefined;
  const start = 1 + Number(offset);
  return Buffer.concat([whole.subarray(0, 1), whole.subarray(start, start + Number(length))]);
}

/** How elements are written into runs. A run grows by appending: separator, element. */
export interface RunFormat<Element> {
  readonly tag: RunTag;
  readonly separator: string;
  /** Bytes or characters; near enough to each other for all that it decides. */
  sizeOf(element: Element): number;
  /** The elements with separators between them. */
  join(elements: readonly Element[]): Buffer;
}

/** For elements that are JSON texts. */
export const JSON_RUNS: RunFormat<string> = {
  tag: "j",
  separator: ",",
  sizeOf: (text) => text.length,
  join: (texts) => Buffer.from(texts.join(","), "utf8"),
};

/** For elements in frames, whatever serializer made them. */
export const FRAMED_RUNS: RunFormat<Buffer> = {
  tag: "f",
  separator: "",
  sizeOf: (frame) => frame.length,
  join: (frames) => Buffer.concat(frames),
};

export function encodeRun<Element>(format: RunFormat<Element>, elements: readonly Element[]): Buffer {
  return Buffer.concat([Buffer.from(format.tag, "latin1"), format.join(elements)]);
}

export function encodeFrame([type, data]: Serialized): Buffer {
  const name = Buffer.from(type, "utf8");
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(name.length, 0);
  lengths.writeUInt32BE(data.length, 4);
  return Buffer.concat([lengths, name, data]);
}

/** What a run holds: one JSON text of an array of its elements, or each element as its serializer wrote it. */
export type RunContent = { readonly json: string } | { readonly frames: Serialized[] };

/** @throws {Error} when the chunk is not a run or ends in the middle of a frame. */
export function decodeRun(chunk: Buffer): RunContent {
  if (chunk[0] === JSON_RUN) return { json: `[${chunk.toString("utf8", 1)}]` };
  if (chunk[0] !== FRAMED_RUN) throw repeatable(new Error(`unknown chunk tag ${chunk[0]}`));
  const frames: Serialized[] = [];
  for (let at = 1; at < chunk.length; ) {
    const dataAt = at + 8 + chunk.readUInt32BE(at);
    const end = dataAt + chunk.readUInt32BE(at + 4);
    if (end > chunk.length) throw repeatable(new Error("a frame is longer than its chunk"));
    frames.push([chunk.toString("utf8", at + 8, dataAt), new Uint8Array(chunk.subarray(dataAt, end))]);
    at = end;
  }
  return { frames };
}
