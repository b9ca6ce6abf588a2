import type { PendingWrite } from "@langchain/langgraph-checkpoint";
import { WRITES_IDX_MAP } from "@langchain/langgraph-checkpoint";
import { decodeSegment, encodeSegment } from "../redis/segment.js";

/**
 * The pending writes of one checkpoint are the lines of one hash field, each
 * `task:index:channel:reference`, task and channel encoded as segments. A line is found by its first two parts.
 */
export interface WriteLine {
  readonly taskId: string;
  readonly index: number;
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
  return `${encodeSegment(taskId)}:${index}:`;
}

/** The rest of the line. */
export function writeValue(channel: string, reference: string): string {
  return `${encodeSegment(channel)}:${reference}`;
}

/** The writes of one checkpoint in the order of task and index. @throws {Error} on a line of another shape. */
export function decodeWrites(lines: string): WriteLine[] {
  const writes = lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line): WriteLine => {
      const [, task, index, channel, reference] = /^([^:]*):(-?\d+):([^:]*):(.*)$/s.exec(line) ?? [];
      if (task === undefined || channel === undefined || reference === undefined) {
        throw new Error("a line of pending writes is malformed");
      }
      return {
        taskId: decodeSegment(task),
        index: Number(index),
        channel: decodeSegment(channel),
        reference,
      };
    });
  return writes.sort((a, b) => compare(a.taskId, b.taskId) || a.index - b.index);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
