import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { WRITES_IDX_MAP } from "@langchain/langgraph-checkpoint";
import { repeatable } from "../../describe.js";
import { decodeKeyPart, encodeKeyPart } from "../../redis/key-encoding.js";
import { compareWrites, type OrderedWrite } from "./write-order.js";

/**
 * The pending writes of one checkpoint are the lines of one hash field, each
 * `task:index:path:channel:reference`, all but index and reference encoded as segments. A line is found by its first
 * two parts.
 */
export interface WriteLine extends OrderedWrite {
  readonly channel: string;
  readonly reference: string;
}

/**
 * The index of a write. Special writes (errors, interrupts, resumes) have one of their own below zero and replace
 * an earlier one of their task; of the others the first one with its index stays.
 */
export function writeIndex([channel]: PendingWrite, position: number): number {
  return Object.hasOwn(WRITES_IDX_MAP, channel) ? (WRITES_IDX_MAP[channel] as number) : position;
}

/** What the line of a write starts with: its identity. */
export function writeKey(taskId: string, index: number): string {
  return `${encodeKeyPart(taskId)}:${index}:`;
}

/** The rest of the line. */
export function writeValue(taskPath: string, channel: string, reference: string): string {
  return `${encodeKeyPart(taskPath)}:${encodeKeyPart(channel)}:${reference}`;
}

/** The writes of one checkpoint in the order in which LangGraph applies them. @throws {Error} on a line of another shape. */
export function decodeWrites(lines: string): WriteLine[] {
  const writes = lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line): WriteLine => {
      const [, task, index, path, channel, reference] =
        /^([^:]*):(-?\d+):([^:]*):([^:]*):(.*)$/s.exec(line) ?? [];
      if (task === undefined || path === undefined || channel === undefined || reference === undefined) {
        throw repeatable(new Error("a line of pending writes is malformed"));
      }
      return {
        taskId: decodeKeyPart(task),
        index: Number(index),
        taskPath: decodeKeyPart(path),
        channel: decodeKeyPart(channel),
        reference,
      };
    });
  return writes.sort(compareWrites);
}
