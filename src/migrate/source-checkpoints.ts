import type { BaseCheckpointSaver, CheckpointTuple } from "@langchain/langgraph-checkpoint";
import { kindOf, NO_LIMIT } from "./source-kind.js";

/** How many checkpoints of a thread are held at once. */
export const PAGE = 50;

export function threadOf({ config }: CheckpointTuple): string {
  return String(config.configurable?.thread_id);
}

export function namespaceOf({ config }: CheckpointTuple): string {
  return config.configurable?.checkpoint_ns ?? "";
}

export function idOf({ checkpoint }: CheckpointTuple): string {
  return checkpoint.id;
}

/** Which checkpoint of its thread it is. */
export function refOf(tuple: CheckpointTuple): string {
  return JSON.stringify([namespaceOf(tuple), idOf(tuple)]);
}

/** The checkpoints of exactly this thread, newest first in each namespace, some at a time. */
export async function* checkpointsOf(
  from: BaseCheckpointSaver,
  threadId: string,
): AsyncGenerator<CheckpointTuple> {
  const configurable = { thread_id: threadId };
  const tuples = kindOf(from) === "rows" ? inPages(from, configurable) : wholeList(from, configurable);
  // LangGraph's Redis saver lists threads too whose ids differ in case.
  for await (const tuple of tuples) if (threadOf(tuple) === threadId) yield tuple;
}

export function wholeList(from: BaseCheckpointSaver, configurable: object): AsyncGenerator<CheckpointTuple> {
  return from.list({ configurable }, { limit: NO_LIMIT });
}

/**
 * A list in pages, for savers that order it by id. Several threads and namespaces can have a checkpoint of one id, so that a page
 * begins with the id that the page before ended with; what was there already is left out.
 */
export async function* inPages(
  from: BaseCheckpointSaver,
  configurable: object,
): AsyncGenerator<CheckpointTuple> {
  let before: { configurable: { checkpoint_id: string } } | undefined;
  let known = new Set<string>();
  for (let limit = PAGE; ; ) {
    const page: CheckpointTuple[] = [];
    for await (const tuple of from.list({ configurable }, { limit, before })) page.push(tuple);
    const last = page.at(-1);
    const fresh = page.filter((tuple) => !known.has(JSON.stringify([threadOf(tuple), refOf(tuple)])));
    yield* fresh;
    if (last === undefined || page.length < limit) return;
    const id = idOf(last);
    known = new Set(
      page
        .filter((tuple) => idOf(tuple) === id)
        .map((tuple) => JSON.stringify([threadOf(tuple), refOf(tuple)])),
    );
    // A page of one id only could be followed by the same one for ever.
    limit = known.size === page.length ? 2 * limit : PAGE;
    // In whatever collation, a text comes before one that it is the beginning of.
    before = { configurable: { checkpoint_id: `${id}0` } };
  }
}
