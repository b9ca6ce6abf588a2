import type { CheckpointInfo } from "langgraph-redis";
import type { InspectContext } from "./context.js";
import { fromCursor, toCursor } from "./cursor.js";
import type { CheckpointNode, Json, ThreadTree } from "./types.js";

export interface TreeOptions {
  /** How many checkpoints a page has. Default: 500. */
  limit?: number | undefined;
  cursor?: string | undefined;
  /** Only this checkpoint namespace. Default: all. */
  ns?: string | undefined;
  /**
   * Only checkpoints that are as new as this one or newer, this one included, as pending writes may have come to it: for
   * those who follow a thread.
   */
  since?: string | undefined;
}

/** A page of the checkpoints of a thread. @returns undefined when there is no such thread. */
export async function threadTree(
  { saver }: InspectContext,
  threadId: string,
  { limit = 500, cursor, ns, since = "" }: TreeOptions = {},
): Promise<ThreadTree | undefined> {
  const before = cursor === undefined ? undefined : fromCursor(cursor, isId);
  const nodes: CheckpointNode[] = [];
  let next: string | undefined;
  const listed = saver.listCheckpoints(threadId, {
    ...(ns !== undefined && { checkpointNs: ns }),
    ...(before !== undefined && { before }),
  });
  for await (const checkpoint of listed) {
    if (checkpoint.checkpointId < since) break;
    const last = nodes.at(-1);
    // Checkpoints of several namespaces may have one id: a page does not end between them.
    if (nodes.length >= limit && last && last.checkpointId !== checkpoint.checkpointId) {
      next = last.checkpointId;
      break;
    }
    nodes.push(toNode(checkpoint));
  }
  if (nodes.length === 0 && (await saver.threadStats(threadId)) === undefined) return undefined;
  const namespaces = new Map<string, CheckpointNode[]>();
  for (const node of nodes) {
    const of = namespaces.get(node.ns);
    if (of) of.push(node);
    else namespaces.set(node.ns, [node]);
  }
  return {
    threadId,
    namespaces: [...namespaces].map(([name, of]) => ({ ns: name, nodes: of })),
    ...(next !== undefined && { next: toCursor(next) }),
  };
}

/** The places of special writes among the writes of a task. */
const ERROR_INDEX = -1;
const INTERRUPT_INDEX = -3;

export function toNode({ checkpointNs, checkpointId, ...info }: CheckpointInfo): CheckpointNode {
  const { parentId, ts, metadata, pendingWrites, bytes, encrypted } = info;
  const has = (index: number) => pendingWrites.some((write) => write.index === index);
  const { step, source } = metadata ?? {};
  return {
    checkpointId,
    ns: checkpointNs,
    ...(parentId !== undefined && { parentId }),
    ...(ts !== undefined && { ts }),
    ...(typeof step === "number" && { step }),
    ...(typeof source === "string" && { source }),
    bytes,
    hasInterrupt: has(INTERRUPT_INDEX),
    hasError: has(ERROR_INDEX),
    pendingWrites: pendingWrites.length,
    ...(encrypted && { encrypted: true }),
  };
}

function isId(place: Json): place is string {
  return typeof place === "string";
}
