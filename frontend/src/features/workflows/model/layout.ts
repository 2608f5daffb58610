/** Where nodes are drawn: in layers from the top, each below what leads to it. */
import { Graph as Dagre, layout } from '@dagrejs/dagre';
import { type Graph, type GraphNode, moveNodes, type Point } from './graph';
import { portsOf } from './kinds';

export const NODE_WIDTH = 232;
export const NODE_HEIGHT = 64;
const PORT_WIDTH = 84;

/** Where a workflow begins or ends it is a small mark. */
const PILL_WIDTH = 168;

/** As wide as its ports need it. */
export function widthOf(node: Pick<GraphNode, 'kind' | 'config' | 'on_error'>): number {
  if (node.kind === 'start' || node.kind === 'end') return PILL_WIDTH;
  return Math.max(NODE_WIDTH, portsOf(node).length * PORT_WIDTH);
}

/** The upper left corner of every node. */
export function placesOf(graph: Graph): Map<string, Point> {
  const drawn = new Dagre({ multigraph: true });
  drawn.setGraph({ rankdir: 'TB', nodesep: 48, ranksep: 72, marginx: 24, marginy: 24 });
  drawn.setDefaultEdgeLabel(() => ({}));
  for (const node of graph.nodes) drawn.setNode(node.id, { width: widthOf(node), height: NODE_HEIGHT });
  const known = new Set(graph.nodes.map((node) => node.id));
  for (const { id, from, to } of graph.edges) {
    if (known.has(from) && known.has(to)) drawn.setEdge(from, to, {}, id);
  }
  layout(drawn);
  const middle = (id: string) => drawn.node(id)?.x ?? 0;
  const { width = 0 } = drawn.graph();
  const mirrored = crossedPorts(graph, middle) > 0;
  return new Map(
    graph.nodes.map((node) => {
      const { x = 0, y = 0 } = drawn.node(node.id);
      const left = (mirrored ? width - x : x) - widthOf(node) / 2;
      return [node.id, { x: Math.round(left), y: Math.round(y - NODE_HEIGHT / 2) }];
    }),
  );
}

/** How many more ways leave their node crosswise than side by side: the layers know nothing of the order of ports. */
function crossedPorts(graph: Graph, middle: (id: string) => number): number {
  let crossed = 0;
  for (const node of graph.nodes) {
    const ports = portsOf(node);
    if (ports.length < 2) continue;
    const ways = graph.edges
      .filter((edge) => edge.from === node.id)
      .sort((one, other) => ports.indexOf(one.port) - ports.indexOf(other.port))
      .map((edge) => middle(edge.to));
    for (const [at, left] of ways.entries()) {
      for (const right of ways.slice(at + 1)) crossed += Math.sign(left - right);
    }
  }
  return crossed;
}

/** Whether a drawing goes from the left to the right, as most canvases do, rather than from the top down. */
export function goesAcross(graph: Graph): boolean {
  const places = new Map(graph.nodes.map((node) => [node.id, node.layout]));
  let across = 0;
  for (const { from, to } of graph.edges) {
    const [one, other] = [places.get(from), places.get(to)];
    const [dx, dy] = [(other?.x ?? 0) - (one?.x ?? 0), (other?.y ?? 0) - (one?.y ?? 0)];
    across += Math.sign(Math.abs(dx) - NODE_WIDTH / 2 - Math.abs(dy));
  }
  return across > 0;
}

export function arranged(graph: Graph): Graph {
  return moveNodes(graph, placesOf(graph));
}

function hasPlace(node: GraphNode): boolean {
  return typeof node.layout?.x === 'number' && typeof node.layout.y === 'number';
}

/** The same graph where every node has a place; those that a document gives stay. */
export function placed(graph: Graph): Graph {
  const without = graph.nodes.filter((node) => !hasPlace(node));
  if (without.length === 0) return graph;
  if (without.length === graph.nodes.length) return arranged(graph);
  const below = Math.max(...graph.nodes.filter(hasPlace).map((node) => node.layout?.y ?? 0)) + 140;
  const places = without.map((node, index): [string, Point] => [node.id, { x: index * 280, y: below }]);
  return moveNodes(graph, new Map(places));
}

/** A free place for a new node: below what is chosen, else below everything. */
export function placeFor(graph: Graph, chosen: readonly string[]): Point {
  const near = graph.nodes.filter((node) => chosen.includes(node.id));
  const above = near.length > 0 ? near : graph.nodes;
  if (above.length === 0) return { x: 0, y: 0 };
  const lowest = above.reduce((low, node) => ((node.layout?.y ?? 0) > (low.layout?.y ?? 0) ? node : low));
  const middle = (lowest.layout?.x ?? 0) + widthOf(lowest) / 2;
  const place = { x: Math.round(middle - NODE_WIDTH / 2), y: (lowest.layout?.y ?? 0) + NODE_HEIGHT + 72 };
  const taken = ({ x, y }: Point) =>
    graph.nodes.some(
      ({ layout: at }) =>
        Math.abs((at?.x ?? 0) - x) < NODE_WIDTH + 20 && Math.abs((at?.y ?? 0) - y) < NODE_HEIGHT + 16,
    );
  while (taken(place)) place.x += NODE_WIDTH + 48;
  return place;
}
