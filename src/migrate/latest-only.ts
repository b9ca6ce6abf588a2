import type { BaseCheckpointSaver, CheckpointTuple } from "@langchain/langgraph-checkpoint";

/** Whether a target keeps the newest checkpoint of each namespace only. */
export function keepsLatestOnly(to: BaseCheckpointSaver): boolean {
  return (to as { history?: unknown }).history === "latest";
}

/** The newest checkpoint of a namespace, as far as it matters here. */
export interface Tip {
  readonly ns: string;
  readonly id: string;
  readonly parents: Readonly<Record<string, string>> | undefined;
}

export function parentsOf({ metadata }: CheckpointTuple): Tip["parents"] {
  return metadata?.parents;
}

/**
 * Whether such a target keeps a namespace. LangGraph appends the task's id to the namespace of a subgraph that is one task's: it is
 * kept as long as the checkpoint is that the task belongs to.
 */
export function isKept({ ns, parents }: Tip, tips: ReadonlyMap<string, Tip>): boolean {
  const lastBar = ns.lastIndexOf("|");
  if (!ns.slice(lastBar + 1).includes(":")) return true;
  const parentNs = lastBar === -1 ? "" : ns.slice(0, lastBar);
  const parentId = parents?.[parentNs];
  const parent = tips.get(parentNs);
  return parentId === undefined || parent === undefined || (parent.id === parentId && isKept(parent, tips));
}
