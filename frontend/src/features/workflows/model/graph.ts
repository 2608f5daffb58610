/** The graph of a workflow in its stored form, and every change that the designer makes to one: all of them pure. */
import { defaultsOf, kindInfo, portsOf } from './kinds';

export type Values = Record<string, unknown>;
export type OnError = 'stop' | 'continue' | 'fallback';

export interface Retry {
  max: number;
  delay_ms: number;
  backoff: 'exponential' | 'fixed';
}

export interface Layout {
  x?: number;
  y?: number;
  icon?: string;
  color?: string;
}

export interface GraphNode {
  id: string;
  kind: string;
  name?: string | undefined;
  agent?: string | undefined;
  inputs?: Values | undefined;
  config: Values;
  guard?: string | undefined;
  on_error: OnError;
  retry?: Retry | undefined;
  timeout_ms?: number | undefined;
  layout?: Layout | undefined;
}

export interface GraphEdge {
  id: string;
  from: string;
  port: string;
  to: string;
  condition?: string | undefined;
}

export interface GraphInput {
  name: string;
  type: string;
  required: boolean;
  default?: unknown;
}

export interface GraphOutput {
  name: string;
  type: string;
  from?: string | undefined;
}

/** What one run may take. */
export interface Limits {
  max_tokens?: number;
  max_cost_usd?: number;
}

/** What else the stored form holds (`schema`, `source_format`, `triggers`) is carried along as it came. */
export interface Graph {
  [other: string]: unknown;
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  inputs: GraphInput[];
  outputs: GraphOutput[];
  variables: Values;
  limits?: Limits | undefined;
  nodes: GraphNode[];
  edges: GraphEdge[];
  entry: string[];
  exit: string[];
}

export interface Point {
  x: number;
  y: number;
}

export const VALUE_TYPES = ['any', 'string', 'number', 'integer', 'boolean', 'array', 'object'] as const;

const list = <T>(value: unknown): T[] => (Array.isArray(value) ? (value as T[]) : []);
const values = (value: unknown): Values =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Values) : {};

/** Reads the stored form, which the API's document calls "any object". */
export function graphOf(stored: unknown): Graph {
  const whole = values(stored);
  return {
    ...whole,
    name: String(whole.name ?? ''),
    inputs: list(whole.inputs),
    outputs: list(whole.outputs),
    variables: values(whole.variables),
    nodes: list<GraphNode>(whole.nodes).map((node) => ({
      ...node,
      config: values(node.config),
      on_error: node.on_error ?? 'stop',
    })),
    edges: list<GraphEdge>(whole.edges).map((edge, index) => ({
      ...edge,
      id: edge.id ?? `e${index + 1}`,
      port: edge.port ?? 'out',
    })),
    entry: list(whole.entry),
    exit: list(whole.exit),
  };
}

export function nodeOf(graph: Graph, id: string | undefined): GraphNode | undefined {
  return graph.nodes.find((node) => node.id === id);
}

/** What a node is called: its name, else its id; the only one of its kind that nobody named is called as its kind. */
export function titleOf(node: GraphNode): string {
  return node.name || (node.id === node.kind ? kindInfo(node.kind).name : node.id);
}

function freeId(taken: Iterable<string>, stem: string): string {
  const used = new Set(taken);
  for (let number = 1; ; number += 1) if (!used.has(`${stem}_${number}`)) return `${stem}_${number}`;
}

function freeEdgeId(edges: GraphEdge[]): string {
  const used = new Set(edges.map((edge) => edge.id));
  for (let number = edges.length + 1; ; number += 1) if (!used.has(`e${number}`)) return `e${number}`;
}

/**
 * Says anew where a graph begins and ends. Start and end nodes are always both; beside them stays what the document
 * named, as long as nothing leads there (or on from there). Without any, these are the loose ends.
 */
export function withEnds(graph: Graph): Graph {
  const reached = new Set(graph.edges.map((edge) => edge.to));
  const left = new Set(graph.edges.map((edge) => edge.from));
  const ends = (named: string[], kind: string, inside: Set<string>): string[] => {
    const sure = graph.nodes.filter((node) => node.kind === kind).map((node) => node.id);
    const loose = graph.nodes.filter((node) => !inside.has(node.id)).map((node) => node.id);
    const present = named.filter((id) => graph.nodes.some((node) => node.id === id));
    const kept = present.filter((id) => loose.includes(id) && !sure.includes(id));
    if (sure.length > 0) return [...sure, ...kept];
    if (loose.length > 0) return loose;
    return present.length > 0 ? present : graph.nodes.slice(0, 1).map((node) => node.id);
  };
  const entry = ends(graph.entry, 'start', reached);
  const exit = ends(graph.exit, 'end', left);
  return { ...graph, entry, exit };
}

/** A node of a kind with settings to start from, at a place. */
export function addNode(graph: Graph, kind: string, at: Point): { graph: Graph; id: string } {
  const ids = graph.nodes.map((node) => node.id);
  const id = ids.includes(kind) ? freeId(ids, kind) : kind;
  const node: GraphNode = {
    id,
    kind,
    config: defaultsOf(kind),
    on_error: 'stop',
    layout: { x: Math.round(at.x), y: Math.round(at.y) },
  };
  return { graph: withEnds({ ...graph, nodes: [...graph.nodes, node] }), id };
}

export function remove(graph: Graph, nodes: readonly string[], edges: readonly string[]): Graph {
  const gone = new Set(nodes);
  return withEnds({
    ...graph,
    nodes: graph.nodes.filter((node) => !gone.has(node.id)),
    edges: graph.edges.filter(
      (edge) => !edges.includes(edge.id) && !gone.has(edge.from) && !gone.has(edge.to),
    ),
  });
}

/** Whether an edge may lead from a port to a node. */
export function mayConnect(graph: Graph, from: string, port: string, to: string): boolean {
  const [source, target] = [nodeOf(graph, from), nodeOf(graph, to)];
  if (!source || !target || from === to || target.kind === 'start') return false;
  if (!portsOf(source).includes(port)) return false;
  return !graph.edges.some((edge) => edge.from === from && edge.port === port && edge.to === to);
}

export function connect(graph: Graph, from: string, port: string, to: string): Graph {
  if (!mayConnect(graph, from, port, to)) return graph;
  const edge: GraphEdge = { id: freeEdgeId(graph.edges), from, port, to };
  return withEnds({ ...graph, edges: [...graph.edges, edge] });
}

export function updateEdge(graph: Graph, id: string, change: Partial<GraphEdge>): Graph {
  return {
    ...graph,
    edges: graph.edges.map((edge) => (edge.id === id ? pruned({ ...edge, ...change }) : edge)),
  };
}

export function moveNodes(graph: Graph, places: ReadonlyMap<string, Point>): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      const place = places.get(node.id);
      return place
        ? { ...node, layout: { ...node.layout, x: Math.round(place.x), y: Math.round(place.y) } }
        : node;
    }),
  };
}

/** Without the fields that are undefined: the stored form leaves away what is not set. */
function pruned<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T;
}

/** Ports that vanish (a case, a decision, the way out of a failure) take their edges with them. */
export function updateNode(graph: Graph, id: string, change: Partial<Omit<GraphNode, 'id'>>): Graph {
  const before = nodeOf(graph, id);
  if (!before) return graph;
  const after = pruned({ ...before, ...change });
  const gone = portsOf(before).filter((port) => !portsOf(after).includes(port));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (node.id === id ? after : node)),
    edges:
      gone.length === 0
        ? graph.edges
        : graph.edges.filter((edge) => edge.from !== id || !gone.includes(edge.port)),
  };
}

/** Changes settings of a node; a value of undefined takes the setting away. */
export function updateConfig(graph: Graph, id: string, change: Values): Graph {
  const node = nodeOf(graph, id);
  return node ? updateNode(graph, id, { config: pruned({ ...node.config, ...change }) }) : graph;
}

/** Renames a port of a condition: its edges stay where they were drawn. */
export function renamePort(graph: Graph, id: string, from: string, to: string, config: Values): Graph {
  return {
    ...graph,
    nodes: graph.nodes.map((node) => (node.id === id ? { ...node, config } : node)),
    edges: graph.edges.map((edge) => (edge.from === id && edge.port === from ? { ...edge, port: to } : edge)),
  };
}

export const ID = /^[A-Za-z_][A-Za-z0-9_-]*$/;

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\-]/g, '\\$&');
}

/** Gives a node another id, and every text that reads its output the new one. */
export function renameNode(graph: Graph, from: string, to: string): Graph {
  if (from === to || nodeOf(graph, to) || !ID.test(to)) return graph;
  const word = escaped(from);
  const dotted = new RegExp(`\\b(steps?)\\.${word}(?![\\w-])`, 'g');
  const quoted = new RegExp(`\\b(steps?)\\[(["'])${word}\\2\\]`, 'g');
  const bare = new RegExp(`(?<![\\w.-])${word}(?=\\.(?:output|result)\\b)`, 'g');
  const reread = (value: unknown): unknown => {
    if (typeof value === 'string') {
      return value
        .replace(dotted, (_, head: string) => `${head}.${to}`)
        .replace(quoted, (_, head: string, quote: string) => `${head}[${quote}${to}${quote}]`)
        .replace(bare, () => to);
    }
    if (Array.isArray(value)) return value.map(reread);
    if (value !== null && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, reread(field)]));
    }
    return value;
  };
  const id = (other: string) => (other === from ? to : other);
  return {
    ...graph,
    outputs: reread(graph.outputs) as GraphOutput[],
    nodes: graph.nodes.map((node) => {
      const { config, inputs, guard } = node;
      // A program is no template: nothing in it is read by the engine.
      const settings = node.kind === 'code' ? config : (reread(config) as Values);
      return pruned({
        ...node,
        id: id(node.id),
        config: settings,
        inputs: reread(inputs) as Values | undefined,
        guard: reread(guard) as string | undefined,
      });
    }),
    edges: graph.edges.map((edge) =>
      pruned({
        ...edge,
        from: id(edge.from),
        to: id(edge.to),
        condition: reread(edge.condition) as string | undefined,
      }),
    ),
    entry: graph.entry.map(id),
    exit: graph.exit.map(id),
  };
}

/** A piece of a graph that was copied. */
export interface Piece {
  nodes: GraphNode[];
  edges: GraphEdge[];
}

/** The chosen nodes with the edges between them. */
export function copied(graph: Graph, ids: readonly string[]): Piece {
  const chosen = new Set(ids);
  return {
    nodes: graph.nodes.filter((node) => chosen.has(node.id)),
    edges: graph.edges.filter((edge) => chosen.has(edge.from) && chosen.has(edge.to)),
  };
}

/** Puts a copied piece beside what it was copied from, under free ids. */
export function paste(graph: Graph, piece: Piece, shift = 40): { graph: Graph; ids: string[] } {
  const taken = graph.nodes.map((node) => node.id);
  const renamed = new Map<string, string>();
  for (const { id } of piece.nodes) {
    const free = taken.includes(id) ? freeId(taken, id.replace(/_\d+$/, '')) : id;
    taken.push(free);
    renamed.set(id, free);
  }
  // References among the copied nodes follow them; each text is reread under a detour, as ids may swap.
  let copy: Graph = { ...graphOf({}), nodes: piece.nodes, edges: piece.edges };
  for (const from of renamed.keys()) copy = renameNode(copy, from, `${from}__copied`);
  for (const [from, to] of renamed) copy = renameNode(copy, `${from}__copied`, to);
  const edges = [...graph.edges];
  for (const edge of copy.edges) edges.push({ ...edge, id: freeEdgeId(edges) });
  const nodes = copy.nodes.map((node) => ({
    ...node,
    layout: { ...node.layout, x: (node.layout?.x ?? 0) + shift, y: (node.layout?.y ?? 0) + shift },
  }));
  return {
    graph: withEnds({ ...graph, nodes: [...graph.nodes, ...nodes], edges }),
    ids: nodes.map((node) => node.id),
  };
}

/** A piece from the text of a clipboard, if it is one. */
export function pieceOf(text: string): Piece | undefined {
  try {
    const read = JSON.parse(text) as { conductor?: unknown; nodes?: unknown; edges?: unknown };
    if (read.conductor !== 'piece' || !Array.isArray(read.nodes)) return undefined;
    const { nodes, edges } = graphOf(read);
    return { nodes, edges };
  } catch {
    return undefined;
  }
}

export function pieceText(piece: Piece): string {
  return JSON.stringify({ conductor: 'piece', ...piece }, null, 2);
}
