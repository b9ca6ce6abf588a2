import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { TASKS } from "@langchain/langgraph-checkpoint";
import { byTask } from "./pending-writes.js";
import { sameValue } from "./same-value.js";

/** What of a checkpoint differs. */
export type CheckpointPart =
  | "parent"
  | "metadata"
  | "versions"
  | "timestamp"
  | "format"
  | "channel"
  | "writes";

export interface PartDifference {
  readonly part: CheckpointPart;
  /** The channel, where one differs. */
  readonly channel?: string;
}

/** What differs between two readings of one checkpoint, its pending writes included. */
export function compareCheckpoints(one: CheckpointTuple, other: CheckpointTuple): PartDifference[] {
  const [left, right] = [contentOf(one), contentOf(other)];
  const differences: PartDifference[] = [];
  const compare = (part: CheckpointPart, a: unknown, b: unknown) => {
    if (!sameValue(a, b)) differences.push({ part });
  };
  compare("format", left.v, right.v);
  compare("timestamp", left.ts, right.ts);
  compare("parent", parentIdOf(one), parentIdOf(other));
  compare("metadata", one.metadata ?? {}, other.metadata ?? {});
  compare("versions", [left.versions, left.seen], [right.versions, right.seen]);
  for (const channel of new Set([...Object.keys(left.values), ...Object.keys(right.values)])) {
    const same = sameValue(left.values[channel], right.values[channel]);
    if (!same) differences.push({ part: "channel", channel });
  }
  compare("writes", byTask(one.pendingWrites), byTask(other.pendingWrites));
  return differences;
}

export function parentIdOf({ parentConfig }: CheckpointTuple): string | undefined {
  return parentConfig?.configurable?.checkpoint_id;
}

/**
 * What a checkpoint says. Savers add the pending sends of old checkpoints when they read them: where there are none, as an empty list or
 * not at all.
 */
function contentOf({ checkpoint }: CheckpointTuple) {
  const values: Record<string, unknown> = { ...checkpoint.channel_values };
  const versions: Record<string, unknown> = { ...checkpoint.channel_versions };
  if (checkpoint.v < 4 && sameValue(values[TASKS] ?? [], [])) {
    delete values[TASKS];
    delete versions[TASKS];
  }
  return { v: checkpoint.v, ts: checkpoint.ts, values, versions, seen: checkpoint.versions_seen ?? {} };
}
