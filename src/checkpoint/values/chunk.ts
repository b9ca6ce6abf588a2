import * as crypto from "node:crypto";

/**
 * A chunk is one stored piece of a value: some consecutive elements of an array (a leaf), or the digests of other
 * chunks (a table). Its first byte tells what follows:
 *
 * | tag | content |
 * |---|---|
 * | `j` | a leaf: the JSON text of an array of the elements |
 * | `f` | a leaf in frames: for each element its serializer's type name and bytes, both with their length before them |
 * | `t` | a table: digests, one after the other |
 */
const JSON_LEAF = 0x6a;
const FRAMED_LEAF = 0x66;
const TABLE = 0x74;

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

/** @returns the digests of a table, or undefined when the chunk is a leaf. */
export function decodeTable(chunk: Buffer): string[] | undefined {
  return chunk[0] === TABLE ? splitDigests(chunk.toString("latin1", 1)) : undefined;
}

/** A leaf of elements that are JSON texts already. */
export function encodeJsonLeaf(elements: readonly string[]): Buffer {
  return Buffer.from(`j[${elements.join(",")}]`, "utf8");
}

/** A leaf of elements that any serializer made, whatever their type and bytes. */
export function encodeFramedLeaf(elements: readonly Serialized[]): Buffer {
  const parts: Uint8Array[] = [Buffer.of(FRAMED_LEAF)];
  for (const [type, data] of elements) {
    const name = Buffer.from(type, "utf8");
    const lengths = Buffer.alloc(8);
    lengths.writeUInt32BE(name.length, 0);
    lengths.writeUInt32BE(data.length, 4);
    parts.push(lengths, name, data);
  }
  return Buffer.concat(parts);
}

/** What a leaf holds: one JSON text for all its elements, or each element as its serializer wrote it. */
export type LeafContent = { readonly json: string } | { readonly frames: Serialized[] };

/** @throws {Error} when the chunk is not a leaf or ends in the middle of a frame. */
export function decodeLeaf(chunk: Buffer): LeafContent {
  if (chunk[0] === JSON_LEAF) return { json: chunk.toString("utf8", 1) };
  if (chunk[0] !== FRAMED_LEAF) throw new Error(`unknown chunk tag ${chunk[0]}`);
  const frames: Serialized[] = [];
  for (let at = 1; at < chunk.length; ) {
    const dataAt = at + 8 + chunk.readUInt32BE(at);
    const end = dataAt + chunk.readUInt32BE(at + 4);
    if (end > chunk.length) throw new Error("a frame is longer than its chunk");
    frames.push([chunk.toString("utf8", at + 8, dataAt), new Uint8Array(chunk.subarray(dataAt, end))]);
    at = end;
  }
  return { frames };
}
