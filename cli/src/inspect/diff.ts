import { isDeepStrictEqual } from "node:util";
import type { CheckpointTuple } from "@langchain/langgraph-checkpoint";
import type { InspectContext } from "./context.js";
import { readTuple, type StateOptions } from "./state.js";
import type { ChannelDiff, ListDiff, StateDiff } from "./types.js";
import { toJson } from "./values.js";

/** How a checkpoint differs from another one. @returns undefined when one of them is not there. */
export async function diffCheckpoints(
  context: InspectContext,
  threadId: string,
  from: StateOptions,
  to: StateOptions,
): Promise<StateDiff | undefined> {
  const [before, after] = await Promise.all([
    readTuple(context, threadId, from),
    readTuple(context, threadId, to),
  ]);
  return (
    before &&
    after && { threadId, from: placeOf(before), to: placeOf(after), channels: channelDiffs(before, after) }
  );
}

function placeOf({ checkpoint, config }: CheckpointTuple): StateDiff["from"] {
  return { ns: config.configurable?.checkpoint_ns ?? "", checkpointId: checkpoint.id };
}

function channelDiffs(before: CheckpointTuple, after: CheckpointTuple): ChannelDiff[] {
  const [old, now] = [before.checkpoint.channel_values, after.checkpoint.channel_values];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names.map((name) => diffChannel(name, old, now));
}

function diffChannel(name: string, old: Record<string, unknown>, now: Record<string, unknown>): ChannelDiff {
  const [before, after] = [old[name], now[name]];
  if (!Object.hasOwn(old, name)) return { name, change: "added", after: toJson(after) };
  if (!Object.hasOwn(now, name)) return { name, change: "removed", before: toJson(before) };
  if (isDeepStrictEqual(before, after)) return { name, change: "same" };
  if (Array.isArray(before) && Array.isArray(after))
    return { name, change: "changed", list: diffLists(before, after) };
  return { name, change: "changed", before: toJson(before), after: toJson(after) };
}

/** Elements with an id, as messages have, are matched by it; others by what they are. */
export function diffLists(before: readonly unknown[], after: readonly unknown[]): ListDiff {
  const left = new Map<string, unknown[]>();
  for (const element of before) {
    const identity = identityOf(element);
    const others = left.get(identity);
    if (others) others.push(element);
    else left.set(identity, [element]);
  }
  const diff: ListDiff = { added: [], removed: [], changed: [], same: 0 };
  for (const element of after) {
    const match = left.get(identityOf(element))?.shift();
    if (match === undefined) diff.added.push(toJson(element));
    else if (isDeepStrictEqual(match, element)) diff.same += 1;
    else diff.changed.push({ before: toJson(match), after: toJson(element) });
  }
  diff.removed = [...left.values()].flat().map(toJson);
  return diff;
}

function identityOf(element: unknown): string {
  const id = typeof element === "object" && element !== null ? Reflect.get(element, "id") : undefined;
  return typeof id === "string" ? `id:${id}` : `value:${JSON.stringify(toJson(element))}`;
}
