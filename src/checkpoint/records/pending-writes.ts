import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { WRITES_IDX_MAP } from "@langchain/langgraph-checkpoint";
import { repeatable } from "../../describe.js";
import { decodeKeyPart, encodeKeyPart } from "../../redis/key-encoding.js";
import type { ContentCodec } from "../values/content-codec.js";
import { withChecksum, withoutChecksum } from "./checksum.js";
import { compareWrites, type OrderedWrite } from "./write-order.js";

/**
 * The pending writes of one call are one member of the thread's index, special ones a member each:
 *
 * `w:namespace:checkpoint id:task:indices:names:payload~checksum`
 *
 * Indices have "." between them. The names are those of the chunks that the references name, one after the other. The payload is
 * packed text: a line with the path of the task, then for each index a line with the channel and one with the reference. Namespace,
 * task, path and channel are encoded.
 */
export interface StoredWrite extends OrderedWrite {
  readonly channel: string;
  readonly reference: string;
}

/** A write on its way to Redis. */
export interface EncodedWrite {
  readonly channel: string;
  readonly index: number;
  readonly reference: string;
  /** The chunks that the reference names. */
  readonly roots: readonly string[];
}

/**
 * The index of a write. Special writes (errors, interrupts, resumes) have one of their own below zero and replace
 * an earlier one of their task; of the others the first one with its index stays.
 */
export function writeIndex([channel]: PendingWrite, position: number): number {
  return Object.hasOwn(WRITES_IDX_MAP, channel) ? (WRITES_IDX_MAP[channel] as number) : position;
}

/** What all members of one task of a checkpoint begin with. */
export function taskBeginning(escapedField: string, taskId: string): string {
  return `w:${escapedField}:${encodeTask(taskId)}:`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** LangGraph's ids of tasks are UUIDs, which have 22 characters in base64url. Other ids are never encoded with a "=". */
function encodeTask(taskId: string): string {
  if (!UUID.test(taskId)) return encodeKeyPart(taskId);
  return `=${Buffer.from(taskId.replaceAll("-", ""), "hex").toString("base64url")}`;
}

function decodeTask(task: string): string {
  if (!task.startsWith("=")) return decodeKeyPart(task);
  const hex = Buffer.from(task.slice(1), "base64url").toString("hex");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The members for the writes of one call. */
export function encodeWrites(
  contents: ContentCodec,
  beginning: string,
  taskPath: string,
  writes: readonly EncodedWrite[],
): Buffer[] {
  const usual = writes.filter(({ index }) => index >= 0);
  // Of two special writes of one kind the second one replaces the first.
  const special = new Map(writes.filter(({ index }) => index < 0).map((write) => [write.index, write]));
  const groups = [...[...special.values()].map((write) => [write]), ...(usual.length > 0 ? [usual] : [])];
  return groups.map((group) => {
    const indices = group.map(({ index }) => index).join(".");
    const names = [...new Set(group.flatMap(({ roots }) => roots))].join("");
    const lines = group.flatMap(({ channel, reference }) => [encodeKeyPart(channel), reference]);
    const place = `${beginning}${indices}:${names}:`;
    const payload = contents.packText([encodeKeyPart(taskPath), ...lines].join("\n"), writePlace(place));
    return joinMember(place, payload);
  });
}

export function joinMember(place: string, payload: Buffer): Buffer {
  return withChecksum(Buffer.concat([Buffer.from(place, "utf8"), payload]));
}

/** Where a payload belongs: behind the rest of its member. */
export function writePlace(beginning: string): string[] {
  return ["write", beginning];
}

/** The writes of one checkpoint in the order in which LangGraph applies them. @throws {Error} on a member that was altered. */
export function decodeWrites(contents: ContentCodec, members: readonly Buffer[]): StoredWrite[] {
  return members.flatMap((member) => decodeMember(contents, member)).sort(compareWrites);
}

function decodeMember(contents: ContentCodec, member: Buffer): StoredWrite[] {
  const { place, task, indices, payload } = splitMember(member);
  const [path = "", ...lines] = contents.unpackText(payload, writePlace(place)).split("\n");
  const taskPath = decodeKeyPart(path);
  const taskId = decodeTask(task);
  return indices.map((index, at): StoredWrite => {
    const [channel, reference] = [lines[2 * at], lines[2 * at + 1]];
    if (channel === undefined || reference === undefined) throw malformed();
    return { taskPath, taskId, index: Number(index), channel: decodeKeyPart(channel), reference };
  });
}

/** What of the writes of one checkpoint can be read without the key that encrypts them. @throws {Error} on a member that was altered. */
export function decodeWriteNames(members: readonly Buffer[]): Pick<StoredWrite, "taskId" | "index">[] {
  return members.flatMap((member) => {
    const { task, indices } = splitMember(member);
    return indices.map((index) => ({ taskId: decodeTask(task), index: Number(index) }));
  });
}

/** The parts of a member, as they are stored. */
export interface MemberParts {
  /** All before the payload. */
  readonly place: string;
  /** All before the names. */
  readonly beginning: string;
  readonly task: string;
  readonly indices: readonly string[];
  readonly names: string;
  readonly payload: Buffer;
}

/** @throws {Error} when the member was altered. */
export function splitMember(member: Buffer): MemberParts {
  const content = withoutChecksum(member);
  const parts: string[] = [];
  let start = 0;
  while (parts.length < 6) {
    const colon = content.indexOf(COLON, start);
    if (colon === -1) throw malformed();
    parts.push(content.toString("utf8", start, colon));
    start = colon + 1;
  }
  const [, , , task = "", indices = "", names = ""] = parts;
  const place = content.toString("utf8", 0, start);
  const beginning = place.slice(0, place.length - names.length - 1);
  return { place, beginning, task, indices: indices.split("."), names, payload: content.subarray(start) };
}

const COLON = 0x3a;

function malformed(): Error {
  return repeatable(new Error("an entry of pending writes is malformed"));
}
