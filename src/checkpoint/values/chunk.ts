// The default export, since bundlers turn a namespace into named imports, which fail where Node lacks one.
import crypto from "node:crypto";
import { repeatable } from "../../describe.js";

/**
 * A chunk is one stored piece of a value, a field of the thread's hash of chunks. Its first byte tells what follows:
 *
 * | tag | content |
 * |---|---|
 * | `j` | a segment: elements as JSON texts, with commas between them |
 * | `f` | a segment: elements in frames, each its serializer's type name and bytes, both with their length before them |
 * | `z` | a segment, compressed at once, see compression.ts |
 * | `y` | a segment that grows, compressed piece by piece, see compression.ts |
 * | `t` | a table: the names of its children, one after the other, which are segments or tables |
 * | `@` | an alias: the name of the segment that the tail has become the beginning of |
 *
 * Tables and sealed segments are named by the digest of their content, which for a compressed segment is what was
 * compressed. A tail, the last segment of a list, to which elements can be appended, has a random name.
 */
export type SegmentTag = "j" | "f";

const JSON_SEGMENT = 0x6a;
const FRAMED_SEGMENT = 0x66;
const TABLE = 0x74;
const ALIAS = 0x40;

/** What a serializer makes of one value: the type that its `loadsTyped` will be given, and the bytes. */
export type Serialized = readonly [type: string, data: Uint8Array];

/** The length of a name in characters: 120 bits in base64url, of a SHA-256 or random. */
export const NAME_LENGTH = 20;

/** Characters of a digest that names nothing, but is there to notice what was altered. */
const CHECK_LENGTH = 6;

/** The name of a content: whoever has the content can check it. */
export function digestOf(content: Uint8Array): string {
  return sha256(content).slice(0, NAME_LENGTH);
}

// One call without a Hash object is several times faster for small inputs; Node has it from 20.12 on.
const sha256: (data: Uint8Array) => string =
  typeof crypto.hash === "function"
    ? (data) => crypto.hash("sha256", data, "base64url")
    : (data) => crypto.createHash("sha256").update(data).digest("base64url");

/**
 * The digest of a tail: half of it is that of the segment in it, which is all that can be checked once the tail has become
 * an alias; the other half is that of the bytes that are stored.
 */
export function tailDigestOf(segment: Uint8Array, stored: Uint8Array): string {
  return digestOf(segment).slice(0, CHECK_LENGTH) + digestOf(stored).slice(0, CHECK_LENGTH);
}

/** Whether a segment is the one that a tail with this digest held. */
export function isSegmentOf(tailDigest: string, segment: Uint8Array): boolean {
  return digestOf(segment).slice(0, CHECK_LENGTH) === tailDigest.slice(0, CHECK_LENGTH);
}

const RANDOM_BYTES = (NAME_LENGTH * 3) / 4;
/** Random bytes are made for many names at once, which is several times faster. */
let random = Buffer.alloc(0);

/** A name that no other chunk has. */
export function randomName(): string {
  if (random.length === 0) random = crypto.randomBytes(100 * RANDOM_BYTES);
  const name = random.toString("base64url", 0, RANDOM_BYTES);
  random = random.subarray(RANDOM_BYTES);
  return name;
}

/** The names in a text of names that stand one after the other. */
export function splitNames(text: string): string[] {
  const names: string[] = [];
  for (let at = 0; at < text.length; at += NAME_LENGTH) names.push(text.slice(at, at + NAME_LENGTH));
  return names;
}

export function encodeTable(children: readonly string[]): Buffer {
  return Buffer.from(`t${children.join("")}`, "latin1");
}

export function isTable(chunk: Buffer | undefined): boolean {
  return chunk?.[0] === TABLE;
}

/** The names of a table's children. */
export function decodeTable(table: Buffer): string[] {
  return splitNames(table.toString("latin1", 1));
}

/** @returns the name of the segment that an alias stands for, or undefined when the chunk is none. */
export function decodeAlias(chunk: Buffer): string | undefined {
  return chunk[0] === ALIAS ? chunk.toString("latin1", 1) : undefined;
}

/** How elements are written into segments. A segment grows by appending: separator, element. */
export interface SegmentFormat<Element> {
  readonly tag: SegmentTag;
  readonly separator: string;
  /** Bytes or characters; near enough to each other for all that it decides. */
  sizeOf(element: Element): number;
  /** The elements with separators between them. */
  join(elements: readonly Element[]): Buffer;
  /** The segment of these elements. */
  encode(elements: readonly Element[]): Buffer;
}

/** For elements that are JSON texts. */
export const JSON_SEGMENTS: SegmentFormat<string> = {
  tag: "j",
  separator: ",",
  sizeOf: (text) => text.length,
  join: (texts) => Buffer.from(texts.join(","), "utf8"),
  encode: (texts) => Buffer.from(`j${texts.join(",")}`, "utf8"),
};

/** For elements in frames, whatever serializer made them. */
export const FRAMED_SEGMENTS: SegmentFormat<Buffer> = {
  tag: "f",
  separator: "",
  sizeOf: (frame) => frame.length,
  join: (frames) => Buffer.concat(frames),
  encode: (frames) => Buffer.concat([Buffer.from("f", "latin1"), ...frames]),
};

export function encodeFrame([type, data]: Serialized): Buffer {
  const name = Buffer.from(type, "utf8");
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32BE(name.length, 0);
  lengths.writeUInt32BE(data.length, 4);
  return Buffer.concat([lengths, name, data]);
}

/** The elements of a segment: one JSON text of an array of them, or each as its serializer wrote it. */
export type SegmentContent = { readonly json: string } | { readonly frames: Serialized[] };

/** @throws {Error} when the bytes are not a segment or end in the middle of a frame. */
export function decodeSegment(segment: Buffer): SegmentContent {
  if (segment[0] === JSON_SEGMENT) return { json: `[${segment.toString("utf8", 1)}]` };
  if (segment[0] !== FRAMED_SEGMENT) throw repeatable(new Error(`unknown chunk tag ${segment[0]}`));
  const frames: Serialized[] = [];
  for (let at = 1; at < segment.length; ) {
    const dataAt = at + 8 + (at + 8 <= segment.length ? segment.readUInt32BE(at) : segment.length);
    const end = dataAt > segment.length ? dataAt : dataAt + segment.readUInt32BE(at + 4);
    if (end > segment.length) throw repeatable(new Error("a frame is longer than its chunk"));
    frames.push([segment.toString("utf8", at + 8, dataAt), new Uint8Array(segment.subarray(dataAt, end))]);
    at = end;
  }
  return { frames };
}
