import type { CheckpointNode } from "../inspect/index.js";

/** A line of a drawing: a checkpoint, or only lines that meet. */
export interface GraphLine {
  graph: string;
  node?: CheckpointNode;
}

/**
 * Draws the checkpoints of one namespace, newest first, as `git log --graph` draws commits: each in the column of the line
 * that leads down to its parent.
 */
export function drawGraph(nodes: readonly CheckpointNode[]): GraphLine[] {
  const lines: GraphLine[] = [];
  /** For each column the checkpoint that its line leads to. */
  const columns: (string | undefined)[] = [];
  for (const node of nodes) {
    const { checkpointId, parentId } = node;
    const waiting = columns.flatMap((id, at) => (id === checkpointId ? [at] : []));
    const own = waiting[0] ?? freeColumn(columns);
    const others = waiting.slice(1);
    if (others.length > 0) {
      lines.push({ graph: joinGraph(columns, own, others) });
      for (const other of others) columns[other] = undefined;
    }
    columns[own] = checkpointId;
    while (columns.length > 0 && columns.at(-1) === undefined) columns.pop();
    const graph = columns.map((id, at) => (at === own ? "●" : id === undefined ? " " : "│")).join(" ");
    lines.push({ graph, node });
    columns[own] = parentId;
  }
  return lines;
}

function freeColumn(columns: readonly (string | undefined)[]): number {
  const free = columns.indexOf(undefined);
  return free === -1 ? columns.length : free;
}

/** Lines of other columns that come to one. */
function joinGraph(columns: readonly (string | undefined)[], own: number, others: readonly number[]): string {
  const last = Math.max(...others);
  let graph = "";
  for (let at = 0; at < columns.length; at++) {
    const isBetween = at > own && at < last;
    if (at === own) graph += "├";
    else if (at === last) graph += "╯";
    else if (others.includes(at)) graph += "┴";
    else if (columns[at] !== undefined) graph += isBetween ? "┼" : "│";
    else graph += isBetween ? "─" : " ";
    graph += at >= own && at < last ? "─" : " ";
  }
  return graph.trimEnd();
}
