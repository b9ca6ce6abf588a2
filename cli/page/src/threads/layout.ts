import { type HierarchyNode, hierarchy } from "d3-hierarchy";
import type { CheckpointNode } from "../../../src/inspect/types.js";

/** A checkpoint in the drawing: in which row, counted from its group's first, and in which lane. */
export interface PlacedNode {
  readonly node: CheckpointNode;
  readonly group: PlacedGroup;
  readonly row: number;
  readonly lane: number;
  readonly parent: PlacedNode | undefined;
  /** The child that goes on in this node's lane comes first. */
  readonly children: PlacedNode[];
}

/** The checkpoints of one namespace, drawn together. Positions are in pixels. */
export interface PlacedGroup {
  readonly ns: string;
  readonly rows: PlacedNode[][];
  readonly lanes: number;
  readonly size: number;
  /** The checkpoint of the namespace above during which this one began. */
  readonly anchor: PlacedNode | undefined;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Drawing {
  readonly groups: readonly PlacedGroup[];
  readonly nodes: ReadonlyMap<string, PlacedNode>;
  readonly width: number;
  readonly height: number;
}

/** Sizes in pixels. */
export interface Metrics {
  readonly row: number;
  readonly lane: number;
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly padding: number;
  readonly heading: number;
  readonly gap: number;
}

export const nodeKey = (ns: string, checkpointId: string) => `${ns}\n${checkpointId}`;

/**
 * Where everything stands: steps go downwards, forks sideways. Namespaces of subgraphs stand beside the one above them, at the
 * height of the checkpoint during which they began, where there is room.
 */
export function layOut(
  namespaces: readonly { ns: string; nodes: readonly CheckpointNode[] }[],
  metrics: Metrics,
): Drawing {
  const nodes = new Map<string, PlacedNode>();
  const groups: PlacedGroup[] = [];
  const byNs = new Map<string, PlacedGroup>();
  /** Of each column its left edge, and the first free place below what stands in it. */
  const columns: { x: number; bottom: number }[] = [];
  const widths: number[] = [];

  const ordered = namespaces
    .filter(({ nodes }) => nodes.length > 0)
    .map(({ ns, nodes }) => ({ ns, nodes, depth: depthOf(ns), began: firstId(nodes) }))
    .sort((a, b) => a.depth - b.depth || compare(a.began, b.began) || compare(a.ns, b.ns));
  const trees = ordered.map((entry) => ({ ...entry, forest: branchesOf(entry.nodes) }));
  for (const { depth, forest } of trees) {
    widths[depth] = Math.max(widths[depth] ?? 0, groupWidth(forest.lanes, metrics));
  }
  let x = metrics.gap;
  for (let depth = 0; depth < widths.length; depth++) {
    columns[depth] = { x, bottom: metrics.gap };
    if (widths[depth] !== undefined) x += (widths[depth] as number) + metrics.gap * 2;
  }

  for (const { ns, nodes: own, depth, began, forest } of trees) {
    const column = columns[depth] as { x: number; bottom: number };
    const above = byNs.get(parentNs(ns));
    const anchor = above === undefined ? undefined : lastBefore(above, began);
    const wished = anchor === undefined ? 0 : anchor.group.y + metrics.heading + anchor.row * metrics.row;
    const y = Math.max(column.bottom, wished);
    const height = metrics.heading + forest.depth * metrics.row + metrics.padding;
    const rows: PlacedNode[][] = Array.from({ length: forest.depth }, () => []);
    const group: PlacedGroup = {
      ns,
      rows,
      lanes: forest.lanes,
      size: own.length,
      anchor,
      x: column.x,
      y,
      width: groupWidth(forest.lanes, metrics),
      height,
    };
    column.bottom = y + height + metrics.gap;
    const placed = new Map<string, PlacedNode>();
    for (const { node, row, lane, parentId } of forest.placed) {
      const parent = parentId === undefined ? undefined : placed.get(parentId);
      const entry: PlacedNode = { node, group, row, lane, parent, children: [] };
      parent?.children.push(entry);
      placed.set(node.checkpointId, entry);
      rows[row]?.push(entry);
      nodes.set(nodeKey(ns, node.checkpointId), entry);
    }
    for (const entry of placed.values()) entry.children.sort((a, b) => a.lane - b.lane);
    groups.push(group);
    byNs.set(ns, group);
  }
  return {
    groups,
    nodes,
    width: Math.max(0, ...groups.map((group) => group.x + group.width)) + metrics.gap,
    height: groups.reduce((most, group) => Math.max(most, group.y + group.height), 0) + metrics.gap,
  };
}

/** Where the left upper corner of a node is. */
export function positionOf(placed: PlacedNode, metrics: Metrics): { x: number; y: number } {
  return {
    x: placed.group.x + metrics.padding + placed.lane * metrics.lane,
    y: placed.group.y + metrics.heading + placed.row * metrics.row,
  };
}

const groupWidth = (lanes: number, { padding, lane, nodeWidth }: Metrics) =>
  padding * 2 + (lanes - 1) * lane + nodeWidth;

/** A namespace of a subgraph is that of its caller, `|`, and its own part. */
export const parentNs = (ns: string) => ns.slice(0, Math.max(0, ns.lastIndexOf("|")));
export const depthOf = (ns: string) => (ns === "" ? 0 : ns.split("|").length);

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Ids of checkpoints grow with time, in all namespaces. */
const firstId = (nodes: readonly CheckpointNode[]) =>
  nodes.reduce((first, { checkpointId: id }) => (first === "" || id < first ? id : first), "");

/** The newest checkpoint of a group that is older than an id, or its first. */
function lastBefore(group: PlacedGroup, id: string): PlacedNode | undefined {
  let best: PlacedNode | undefined;
  for (const row of group.rows) {
    for (const placed of row) {
      const { checkpointId } = placed.node;
      if (checkpointId <= id && (best === undefined || checkpointId > best.node.checkpointId)) best = placed;
    }
  }
  return best ?? group.rows[0]?.[0];
}

interface Branches {
  readonly placed: readonly {
    node: CheckpointNode;
    row: number;
    lane: number;
    parentId: string | undefined;
  }[];
  readonly lanes: number;
  readonly depth: number;
}

type Branch = HierarchyNode<CheckpointNode | undefined>;

/**
 * Rows and lanes of a namespace's checkpoints. A checkpoint goes on in its own lane with the child from which most steps follow;
 * its other children begin lanes to the right, the nearest ones that are free. (A tidy tree would centre each checkpoint above its
 * children: a conversation with a fork at each step would drift away sideways.)
 */
function branchesOf(nodes: readonly CheckpointNode[]): Branches {
  const byId = new Map(nodes.map((node) => [node.checkpointId, node]));
  const childrenOf = new Map<string | undefined, CheckpointNode[]>();
  for (const node of byId.values()) {
    // A parent that is not there (pruned, or not loaded yet) leaves a root. Parents are older, so there can be no circle.
    const isKnown =
      node.parentId !== undefined && node.parentId < node.checkpointId && byId.has(node.parentId);
    const parentId = isKnown ? node.parentId : undefined;
    const siblings = childrenOf.get(parentId);
    if (siblings === undefined) childrenOf.set(parentId, [node]);
    else siblings.push(node);
  }
  const root: Branch = hierarchy<CheckpointNode | undefined>(undefined, (node) =>
    childrenOf.get(node?.checkpointId),
  );
  root.sort((a, b) => b.height - a.height || compare(a.data?.checkpointId ?? "", b.data?.checkpointId ?? ""));

  const heads: Branch[] = [];
  root.each((node) => {
    // Of the roots each begins a branch; of other children all but the first.
    for (const child of node.children?.slice(node === root ? 0 : 1) ?? []) heads.push(child);
  });
  heads.sort((a, b) => a.depth - b.depth);
  const laneOf = new Map<Branch, number>();
  /** Of each lane the row in which the last branch in it ends. */
  const ends: number[] = [];
  for (const head of heads) {
    const from = head.parent === root ? 0 : (laneOf.get(head.parent as Branch) ?? 0) + 1;
    let lane = from;
    while ((ends[lane] ?? -1) >= head.depth - 1) lane += 1;
    let node: Branch | undefined = head;
    for (; node !== undefined; node = node.children?.[0]) {
      laneOf.set(node, lane);
      ends[lane] = node.depth - 1;
    }
    for (let at = from; at < lane; at++) ends[at] ??= -1;
  }
  const placed: Branches["placed"][number][] = [];
  root.each((node) => {
    if (node.data === undefined) return;
    placed.push({
      node: node.data,
      row: node.depth - 1,
      lane: laneOf.get(node) ?? 0,
      parentId: node.parent?.data?.checkpointId,
    });
  });
  return { placed, lanes: Math.max(1, ends.length), depth: root.height };
}
