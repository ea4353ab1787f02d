/**
 * Where the boxes of a build's neighbourhood stand: one column for each step from it, inputs to the
 * left and dependents to the right. Within a column each box stands as near as may be to the boxes
 * that it is tied to in the column before, those of the failing path on top.
 */
import type { GraphAnswer, GraphNode } from '#protocol/api/build-story.js';

export interface PlacedNode {
  readonly node: GraphNode;
  readonly x: number;
  readonly y: number;
}

export interface PlacedEdge {
  readonly path: string;
  readonly failing: boolean;
}

export interface GraphLayout {
  readonly width: number;
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

export const box = { width: 190, height: 28 } as const;
const gap = { x: 70, y: 10 } as const;
const margin = 8;

export function layOut(graph: GraphAnswer): GraphLayout {
  const columns = [...Map.groupBy(graph.nodes, (node) => node.distance)].sort(([a], [b]) => a - b);
  const tied = tiesOf(graph);
  const rows = new Map<string, number>();
  // From the middle outward: what a column is ordered by must stand already.
  for (const [, nodes] of columns.toSorted(([a], [b]) => Math.abs(a) - Math.abs(b))) {
    for (const [row, { id }] of ordered(nodes, tied, rows).entries()) rows.set(id, row);
  }
  const tallest = Math.max(...columns.map(([, nodes]) => nodes.length));
  const placed = columns.flatMap(([, nodes], column) =>
    nodes.map((node) => {
      const spare = (tallest - nodes.length) / 2;
      return {
        node,
        x: margin + column * (box.width + gap.x),
        y: margin + (rows.get(node.id)! + spare) * (box.height + gap.y),
      };
    }),
  );
  return {
    width: 2 * margin + columns.length * (box.width + gap.x) - gap.x,
    height: 2 * margin + tallest * (box.height + gap.y) - gap.y,
    nodes: placed,
    edges: edgesOf(graph, placed),
  };
}

type Ties = ReadonlyMap<string, readonly string[]>;

function tiesOf({ edges }: GraphAnswer): Ties {
  const ties = new Map<string, string[]>();
  const tie = (one: string, other: string): void => {
    const known = ties.get(one);
    if (known) known.push(other);
    else ties.set(one, [other]);
  };
  for (const { from, to } of edges) {
    tie(from, to);
    tie(to, from);
  }
  return ties;
}

function ordered(
  nodes: readonly GraphNode[],
  ties: Ties,
  rows: ReadonlyMap<string, number>,
): GraphNode[] {
  const middle = ({ id }: GraphNode): number => {
    const standing = (ties.get(id) ?? []).flatMap((other) => rows.get(other) ?? []);
    if (standing.length === 0) return Number.MAX_SAFE_INTEGER;
    return standing.reduce((sum, row) => sum + row, 0) / standing.length;
  };
  const weighed = nodes.map((node, place) => ({ node, place, middle: middle(node) }));
  weighed.sort(
    (a, b) =>
      Number(b.node.onFailingPath) - Number(a.node.onFailingPath) ||
      a.middle - b.middle ||
      a.place - b.place,
  );
  return weighed.map(({ node }) => node);
}

function edgesOf({ edges }: GraphAnswer, placed: readonly PlacedNode[]): PlacedEdge[] {
  const at = new Map(placed.map((one) => [one.node.id, one]));
  return edges.flatMap(({ from, to }) => {
    const [input, dependent] = [at.get(from), at.get(to)];
    if (!input || !dependent) return [];
    const failing = input.node.onFailingPath && dependent.node.onFailingPath;
    return [{ path: curve(input, dependent), failing }];
  });
}

/** From the right side of the input to the left side of what needs it. */
function curve(input: PlacedNode, dependent: PlacedNode): string {
  const [x1, y1] = [input.x + box.width, input.y + box.height / 2];
  const [x2, y2] = [dependent.x, dependent.y + box.height / 2];
  const pull = Math.max(gap.x / 2, (x2 - x1) / 2);
  return `M${x1} ${y1}C${x1 + pull} ${y1} ${x2 - pull} ${y2} ${x2} ${y2}`;
}
