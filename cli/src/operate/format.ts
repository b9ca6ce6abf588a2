import { JsonSerializer } from "langgraph-redis";
import { CommandError } from "../errors.js";

/** A value as the library's serializer writes it: its type, and its text, or its bytes in base64. */
export type TypedText = readonly [type: string, text: string];

export interface HeaderLine {
  type: "langgraph-redis";
  version: 1;
  exportedAt: string;
}

export interface ThreadLine {
  type: "thread";
  threadId: string;
  createdAt?: string;
  updatedAt?: string;
  expiresAt?: string;
}

export interface CheckpointLine {
  type: "checkpoint";
  threadId: string;
  ns: string;
  id: string;
  parentId?: string;
  checkpoint: TypedText;
  metadata: TypedText;
}

export interface WritesLine {
  type: "writes";
  threadId: string;
  ns: string;
  id: string;
  taskId: string;
  taskPath: string;
  writes: (readonly [index: number, channel: string, ...value: TypedText])[];
}

export interface ItemLine {
  type: "item";
  namespace: string[];
  key: string;
  createdAt: string;
  updatedAt: string;
  expiresAt?: string;
  value: TypedText;
}

/** The last line: a file without it was cut off. */
export interface EndLine {
  type: "end";
  threads: number;
  checkpoints: number;
  items: number;
}

export type Line = HeaderLine | ThreadLine | CheckpointLine | WritesLine | ItemLine | EndLine;

const serializer = new JsonSerializer();

export async function toTyped(value: unknown): Promise<TypedText> {
  const [type, bytes] = await serializer.dumpsTyped(value);
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return [type, buffer.toString(type === "json" ? "utf8" : "base64")];
}

export async function fromTyped([type, text]: TypedText): Promise<unknown> {
  return serializer.loadsTyped(type, Buffer.from(text, type === "json" ? "utf8" : "base64"));
}

/** @throws {CommandError} naming the line. */
export function parseLine(text: string, number: number): Line {
  try {
    const line: unknown = JSON.parse(text);
    if (typeof line === "object" && line !== null && typeof Reflect.get(line, "type") === "string") {
      return line as Line;
    }
  } catch {
    // Told below.
  }
  throw new CommandError(`line ${number} is none of an export.`, "Was the file cut off? Export again.");
}
