import { expect, test } from "vitest";
import { layOut, type Metrics, nodeKey, positionOf } from "../../cli/page/src/threads/layout.js";
import type { CheckpointNode } from "../../cli/src/inspect/types.js";

const METRICS: Metrics = {
  row: 40,
  lane: 100,
  nodeWidth: 90,
  nodeHeight: 30,
  padding: 10,
  heading: 20,
  gap: 10,
};

const idOf = (n: number) => `id-${String(n).padStart(6, "0")}`;

function checkpoint(n: number, parent?: number, ns = ""): CheckpointNode {
  const parentId = parent === undefined ? undefined : idOf(parent);
  return {
    checkpointId: idOf(n),
    ns,
    parentId,
    bytes: 1,
    hasInterrupt: false,
    hasError: false,
    pendingWrites: 0,
  };
}

/** Lane and row of each checkpoint, by number. */
function placesOf(nodes: CheckpointNode[]): Record<number, [lane: number, row: number]> {
  const drawing = layOut([{ ns: "", nodes }], METRICS);
  return Object.fromEntries(
    [...drawing.nodes.values()].map(({ node, lane, row }) => [
      Number(node.checkpointId.slice(3)),
      [lane, row],
    ]),
  );
}

test("steps go downwards in one lane", () => {
  expect(placesOf([checkpoint(2, 1), checkpoint(1, 0), checkpoint(0)])).toEqual({
    0: [0, 0],
    1: [0, 1],
    2: [0, 2],
  });
});

test("a fork goes sideways, and the longer branch goes on in its parent's lane", () => {
  const places = placesOf([checkpoint(0), checkpoint(1, 0), checkpoint(2, 0), checkpoint(3, 2)]);
  expect(places).toEqual({ 0: [0, 0], 2: [0, 1], 3: [0, 2], 1: [1, 1] });
});

test("a conversation with a fork at each step stays in two lanes", () => {
  const nodes: CheckpointNode[] = [checkpoint(0)];
  for (let turn = 1; turn <= 500; turn++) {
    nodes.push(checkpoint(2 * turn, 2 * turn - 2), checkpoint(2 * turn + 1, 2 * turn - 2));
  }
  const drawing = layOut([{ ns: "", nodes }], METRICS);
  expect(drawing.groups[0]?.lanes).toBe(2);
  expect(drawing.nodes.size).toBe(nodes.length);
});

test("no two checkpoints stand in one place", () => {
  // Each third one begins a branch at an older checkpoint.
  const nodes = Array.from({ length: 600 }, (_, n) =>
    checkpoint(n, n === 0 ? undefined : n % 3 === 0 ? Math.floor((n * 7) / 11) : n - 1),
  );
  const places = Object.values(placesOf(nodes)).map(String);
  expect(new Set(places).size).toBe(600);
});

test("checkpoints whose parent is not there stand beside each other", () => {
  expect(placesOf([checkpoint(5, 4), checkpoint(6, 5), checkpoint(9, 8)])).toEqual({
    5: [0, 0],
    6: [0, 1],
    9: [1, 0],
  });
});

test("a checkpoint that is said to be its own ancestor is drawn once", () => {
  const drawing = layOut(
    [{ ns: "", nodes: [checkpoint(1, 2), checkpoint(2, 1), checkpoint(3, 3)] }],
    METRICS,
  );
  expect(drawing.nodes.size).toBe(3);
});

test("a subgraph stands beside the checkpoint during which it began, and no two overlap", () => {
  const namespaces = [
    { ns: "", nodes: [checkpoint(1), checkpoint(2, 1), checkpoint(9, 2)] },
    { ns: "a:1", nodes: [checkpoint(3, undefined, "a:1"), checkpoint(4, 3, "a:1")] },
    { ns: "b:2", nodes: [checkpoint(5, undefined, "b:2")] },
    { ns: "a:1|c:3", nodes: [checkpoint(6, undefined, "a:1|c:3")] },
  ];
  const { groups, nodes } = layOut(namespaces, METRICS);
  const group = (ns: string) => groups.find((each) => each.ns === ns);
  expect(group("a:1")?.anchor).toBe(nodes.get(nodeKey("", idOf(2))));
  expect(group("a:1|c:3")?.anchor).toBe(nodes.get(nodeKey("a:1", idOf(4))));
  const anchor = nodes.get(nodeKey("", idOf(2)));
  expect(group("a:1")?.y).toBe(anchor && positionOf(anchor, METRICS).y);
  for (const one of groups) {
    for (const other of groups) {
      if (one === other) continue;
      const apart =
        one.x + one.width <= other.x ||
        other.x + other.width <= one.x ||
        one.y + one.height <= other.y ||
        other.y + other.height <= one.y;
      expect(apart, `${one.ns} and ${other.ns}`).toBe(true);
    }
  }
});

test("5,000 checkpoints in a row, and 5,000 forks of one, are laid out", () => {
  const chain = layOut(
    [{ ns: "", nodes: Array.from({ length: 5_000 }, (_, n) => checkpoint(n, n - 1)) }],
    METRICS,
  );
  expect(chain.groups[0]?.rows).toHaveLength(5_000);
  const wide = Array.from({ length: 5_000 }, (_, n) => checkpoint(n, n === 0 ? undefined : 0));
  expect(layOut([{ ns: "", nodes: wide }], METRICS).groups[0]?.lanes).toBe(4_999);
});
