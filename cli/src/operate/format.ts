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
  expiresAt?: string;
  /** What an import writes last of it, and the number of its pending writes: a thread without it is not whole. */
  last?: { ns: string; id: string; writes: number };
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

/** @throws {CommandError} naming the line of the file. */
export async function fromTyped([type, text]: TypedText, number: number): Promise<unknown> {
  try {
    return await serializer.loadsTyped(type, Buffer.from(text, type === "json" ? "utf8" : "base64"));
  } catch (cause) {
    throw new CommandError(`line ${number} has a value that cannot be read.`, DAMAGED, { cause });
  }
}

const DAMAGED = "Was the file changed? Export again.";

const isText = (value: unknown) => typeof value === "string";
const isTime = (value: unknown) => isText(value) && !Number.isNaN(Date.parse(value as string));
const isCount = (value: unknown) => Number.isInteger(value);
const isTyped = (value: unknown) => Array.isArray(value) && value.length === 2 && value.every(isText);
const isNamespace = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(isText);
const isWrite = (value: unknown) =>
  Array.isArray(value) && value.length === 4 && isCount(value[0]) && value.slice(1).every(isText);
const isWrites = (value: unknown) => Array.isArray(value) && value.every(isWrite);
const isLast = (value: unknown) => {
  const { ns, id, writes } = (value ?? {}) as Record<string, unknown>;
  return isText(ns) && isText(id) && isCount(writes);
};
const optional = (is: (value: unknown) => boolean) => (value: unknown) => value === undefined || is(value);

type Fields = Record<string, (value: unknown) => boolean>;

const place: Fields = { threadId: isText, ns: isText, id: isText };

/** What lines have, by their types. */
const LINES: Record<Line["type"], Fields> = {
  "langgraph-redis": { version: isCount },
  thread: { threadId: isText, expiresAt: optional(isTime), last: optional(isLast) },
  checkpoint: { ...place, parentId: optional(isText), checkpoint: isTyped, metadata: isTyped },
  writes: { ...place, taskId: isText, taskPath: isText, writes: isWrites },
  item: { namespace: isNamespace, key: isText, expiresAt: optional(isTime), value: isTyped },
  end: { threads: isCount, checkpoints: isCount, items: isCount },
};

/** @returns undefined when the text is no JSON: it was cut off, perhaps. @throws {CommandError} naming the line. */
export function parseLine(text: string, number: number): Line | undefined {
  let line: unknown;
  try {
    line = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { type, ...found } = (line ?? {}) as Record<string, unknown>;
  if (typeof type !== "string" || !Object.hasOwn(LINES, type)) throw noLine(number);
  for (const [name, is] of Object.entries(LINES[type as Line["type"]])) {
    if (!is(found[name])) throw new CommandError(`line ${number}: its ${name} cannot be read.`, DAMAGED);
  }
  return line as Line;
}

export function noLine(number: number): CommandError {
  return new CommandError(`line ${number} is none of an export.`, DAMAGED);
}
