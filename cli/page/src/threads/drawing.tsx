import { useCallback, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { CheckpointNode } from "../../../src/inspect/types.js";
import { bytes, count, dateTime, time, visible } from "../format.js";
import {
  type Drawing,
  layOut,
  type Metrics,
  nodeKey,
  type PlacedGroup,
  type PlacedNode,
  positionOf,
} from "./layout.js";
import type { TreeData } from "./use-tree.js";

const WIDE: Metrics = {
  row: 42,
  lane: 206,
  nodeWidth: 190,
  nodeHeight: 30,
  padding: 12,
  heading: 30,
  gap: 12,
};
const NARROW: Metrics = { ...WIDE, lane: 190, nodeWidth: 178, padding: 8, gap: 8 };

/** Pixels beyond the edges of what is in sight that are drawn as well. */
const MARGIN = 240;

interface View {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface CheckpointTreeProps {
  readonly tree: TreeData;
  readonly selected: string | undefined;
  readonly onSelect: (placed: PlacedNode) => void;
}

/**
 * The checkpoints of a thread as a drawing. Only what is in sight is in the document, however many there are. Arrow keys go
 * to the parent, to the next step, and to the forks beside; Home and End to the first and the newest.
 */
export function CheckpointTree({ tree, selected, onSelect }: CheckpointTreeProps) {
  const box = useRef<HTMLDivElement>(null);
  const [view, setView] = useState<View>({ left: 0, top: 0, width: 0, height: 0 });
  const metrics = view.width > 0 && view.width < 420 ? NARROW : WIDE;
  const drawing = useMemo(() => layOut(tree.namespaces, metrics), [tree.namespaces, metrics]);
  const chosen = selected === undefined ? undefined : drawing.nodes.get(selected);

  const look = useCallback(() => {
    const element = box.current;
    if (element === null) return;
    const { scrollLeft: left, scrollTop: top, clientWidth: width, clientHeight: height } = element;
    setView((old) =>
      old.left === left && old.top === top && old.width === width && old.height === height
        ? old
        : { left, top, width, height },
    );
  }, []);
  useLayoutEffect(() => {
    look();
    const observer = new ResizeObserver(look);
    if (box.current !== null) observer.observe(box.current);
    return () => observer.disconnect();
  }, [look]);

  // What was loaded above the chosen checkpoint moves it down: the view goes along, so that it stays where it was on screen.
  const anchored = useRef<{ key: string; x: number; y: number } | undefined>(undefined);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null || chosen === undefined || selected === undefined) return;
    const { x, y } = positionOf(chosen, metrics);
    const before = anchored.current;
    anchored.current = { key: selected, x, y };
    if (before?.key === selected) {
      element.scrollTop += y - before.y;
      element.scrollLeft += x - before.x;
    } else {
      reveal(element, x, y, metrics, before === undefined);
    }
    look();
  }, [chosen, selected, metrics, look]);

  const onKeyDown = (event: KeyboardEvent) => {
    const to = chosen === undefined ? newest(drawing) : neighbour(drawing, chosen, event.key);
    if (!(event.key.startsWith("Arrow") || event.key === "Home" || event.key === "End")) return;
    event.preventDefault();
    if (to !== undefined) onSelect(to);
  };

  const { groups, nodes, edges, links } = inSight(drawing, view, metrics, chosen);
  return (
    <div
      ref={box}
      class="drawing"
      role="tree"
      aria-label="Checkpoints"
      aria-activedescendant={chosen === undefined ? undefined : domId(chosen)}
      aria-busy={!tree.complete}
      tabIndex={0}
      onScroll={look}
      onKeyDown={onKeyDown}
    >
      <div
        class="drawing-space"
        role="presentation"
        style={{ width: `${drawing.width}px`, height: `${drawing.height}px` }}
      >
        {groups.map((group) => (
          <Group key={group.ns} group={group} />
        ))}
        <svg class="edges" width={drawing.width} height={drawing.height} aria-hidden="true">
          {edges.map(([key, path]) => (
            <path key={key} d={path} />
          ))}
          {links.map(([key, path]) => (
            <path key={key} class="link" d={path} />
          ))}
        </svg>
        {nodes.map((placed) => (
          <Node
            key={nodeKey(placed.group.ns, placed.node.checkpointId)}
            placed={placed}
            metrics={metrics}
            selected={placed === chosen}
            onSelect={onSelect}
          />
        ))}
      </div>
    </div>
  );
}

function Group({ group }: { group: PlacedGroup }) {
  const { x, y, width, height } = group;
  return (
    <div
      class="group"
      role="presentation"
      style={{ left: `${x}px`, top: `${y}px`, width: `${width}px`, height: `${height}px` }}
    >
      <div class="group-title" title={visible(group.ns)}>
        {group.ns === "" ? "graph" : <bdi>{visible(group.ns.split("|").at(-1) ?? "")}</bdi>}
        <span class="dim"> {group.size}</span>
      </div>
    </div>
  );
}

interface NodeProps {
  readonly placed: PlacedNode;
  readonly metrics: Metrics;
  readonly selected: boolean;
  readonly onSelect: (placed: PlacedNode) => void;
}

function Node({ placed, metrics, selected, onSelect }: NodeProps) {
  const { node } = placed;
  const source = node.source ?? (node.encrypted ? "encrypted" : "");
  const { x, y } = positionOf(placed, metrics);
  const marks = [
    node.hasError ? "failed" : "",
    node.hasInterrupt ? "interrupted" : "",
    node.pendingWrites > 0 ? `${node.pendingWrites} pending writes` : "",
  ].filter(Boolean);
  const siblings = placed.parent?.children ?? [placed];
  return (
    <div
      id={domId(placed)}
      class={`node${node.hasError ? " failed" : ""}${node.hasInterrupt ? " interrupted" : ""}`}
      role="treeitem"
      aria-selected={selected}
      aria-level={placed.row + 1}
      aria-posinset={siblings.indexOf(placed) + 1}
      aria-setsize={siblings.length}
      title={[visible(node.checkpointId), dateTime(node.ts), bytes(node.bytes), ...marks].join("\n")}
      tabIndex={-1}
      style={{
        transform: `translate(${x}px, ${y}px)`,
        width: `${metrics.nodeWidth}px`,
        height: `${metrics.nodeHeight}px`,
      }}
      onClick={() => onSelect(placed)}
    >
      <span class="node-step">
        <span class="hidden">step </span>
        {node.step ?? "?"}
      </span>
      <bdi class="node-source">
        <Heard text=", " />
        {visible(source)}
      </bdi>
      <Marks node={node} />
      <span class="node-time">
        <Heard text=", " />
        {time(node.ts)}
      </span>
    </div>
  );
}

function Marks({ node }: { node: CheckpointNode }) {
  return (
    <>
      {node.hasError && (
        <span class="mark error">
          <Heard text=", failed: " />
          error
        </span>
      )}
      {node.hasInterrupt && (
        <span class="mark wait">
          <Heard text=", interrupted: " />
          wait
        </span>
      )}
      {!node.hasError && !node.hasInterrupt && node.pendingWrites > 0 && (
        <span class="mark">
          <span aria-hidden="true">{node.pendingWrites}w</span>
          <Heard text={`, ${count(node.pendingWrites, "pending write", "pending writes")}`} />
        </span>
      )}
    </>
  );
}

/** For those who listen: on screen the colours and places say it. */
const Heard = ({ text }: { text: string }) => <span class="hidden">{text}</span>;

const domId = ({ node, group }: PlacedNode) =>
  `node-${encodeURIComponent(nodeKey(group.ns, node.checkpointId))}`;

/** What is near the part of the drawing that is seen. Its size is bounded by that of the window, not of the thread. */
function inSight(drawing: Drawing, view: View, metrics: Metrics, chosen: PlacedNode | undefined) {
  const left = view.left - MARGIN;
  const right = view.left + view.width + MARGIN;
  const top = view.top - MARGIN;
  const bottom = view.top + view.height + MARGIN;
  const groups = drawing.groups.filter(
    ({ x, y, width, height }) => x < right && x + width > left && y < bottom && y + height > top,
  );
  const nodes: PlacedNode[] = [];
  const edges: [key: string, path: string][] = [];
  const links: [key: string, path: string][] = [];
  for (const group of groups) {
    const first = Math.max(0, Math.floor((top - group.y - metrics.heading) / metrics.row));
    const last = Math.min(
      group.rows.length - 1,
      Math.ceil((bottom - group.y - metrics.heading) / metrics.row),
    );
    for (let row = first; row <= last; row++) {
      for (const placed of group.rows[row] ?? []) {
        const { x, y } = positionOf(placed, metrics);
        const isNear = x < right && x + metrics.nodeWidth > left;
        if (isNear) nodes.push(placed);
        const { parent } = placed;
        if (parent === undefined) continue;
        // The edge of the last fork goes along all others': it is enough where their ends are out of sight.
        if (
          isNear ||
          (parent.children.at(-1) === placed && positionOf(parent, metrics).x < right && x > left)
        ) {
          edges.push([domId(placed), edge(parent, x, y, metrics)]);
        }
      }
    }
    if (group.anchor !== undefined) {
      links.push([`link-${group.ns}`, link(group.anchor, group, metrics)]);
    }
  }
  // The active one is in the document wherever the view is: the tree names it to screen readers.
  if (chosen !== undefined && !nodes.includes(chosen)) nodes.push(chosen);
  return { groups, nodes, edges, links };
}

function edge(parent: PlacedNode, x: number, y: number, metrics: Metrics): string {
  const from = positionOf(parent, metrics);
  const startX = from.x + 18;
  const startY = from.y + metrics.nodeHeight;
  const endX = x + 18;
  if (startX === endX) return `M${startX} ${startY}V${y}`;
  const half = (y - startY) / 2;
  const bend = Math.sign(endX - startX) * half;
  return `M${startX} ${startY}q0 ${half} ${bend} ${half}H${endX - bend}q${bend} 0 ${bend} ${half}`;
}

/** From a checkpoint to the namespace of a subgraph that began in its step. */
function link(anchor: PlacedNode, group: PlacedGroup, metrics: Metrics): string {
  const from = positionOf(anchor, metrics);
  const startX = from.x + metrics.nodeWidth;
  const startY = from.y + metrics.nodeHeight / 2;
  const bend = group.x - metrics.gap;
  return `M${startX} ${startY}H${bend}V${group.y + metrics.heading / 2}H${group.x}`;
}

function reveal(element: HTMLElement, x: number, y: number, metrics: Metrics, center: boolean): void {
  const { scrollTop, scrollLeft, clientHeight, clientWidth } = element;
  const margin = metrics.row;
  if (center || y < scrollTop + margin || y + metrics.nodeHeight > scrollTop + clientHeight - margin) {
    element.scrollTop = center
      ? y - clientHeight / 2
      : y < scrollTop + margin
        ? y - margin
        : y + metrics.nodeHeight + margin - clientHeight;
  }
  if (x < scrollLeft) element.scrollLeft = x - metrics.gap * 2;
  if (x + metrics.nodeWidth > scrollLeft + clientWidth) {
    element.scrollLeft = x + metrics.nodeWidth + metrics.gap * 2 - clientWidth;
  }
}

/** The newest checkpoint of the graph itself, or of whatever there is. */
export function newest(drawing: Drawing): PlacedNode | undefined {
  let best: PlacedNode | undefined;
  for (const row of drawing.groups[0]?.rows ?? []) {
    for (const placed of row) {
      if (best === undefined || placed.node.checkpointId > best.node.checkpointId) best = placed;
    }
  }
  return best;
}

function neighbour(drawing: Drawing, from: PlacedNode, key: string): PlacedNode | undefined {
  if (key === "ArrowUp") return from.parent;
  if (key === "ArrowDown") return from.children[0];
  if (key === "Home") return from.group.rows[0]?.[0];
  if (key === "End") return newest(drawing);
  const step = key === "ArrowRight" ? 1 : -1;
  const row = [...(from.group.rows[from.row] ?? [])].sort((a, b) => a.lane - b.lane);
  const beside = row[row.indexOf(from) + step];
  if (beside !== undefined) return beside;
  if (step === 1) return drawing.groups.find((group) => group.anchor === from)?.rows[0]?.[0];
  return from.group.anchor;
}
