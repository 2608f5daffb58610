/**
 * A drawing: agents, tools, connections and notes laid out freely. The designer's graph is what is edited; what is saved
 * is React Flow's own nodes, edges and viewport, so that other tools can read it. All of it pure.
 */
import type { Agent, AvailableTool, Connector } from '@/api/types';
import { t } from '@/lib/i18n';
import {
  addNode,
  type Graph,
  type GraphEdge,
  type GraphNode,
  graphOf,
  type OnError,
  type Point,
  updateNode,
  type Values,
  withEnds,
} from './graph';
import { KINDS, kindInfo } from './kinds';

export interface Viewport {
  x: number;
  y: number;
  zoom: number;
}

/** React Flow's, as far as this page writes it. */
export interface DrawnState {
  nodes: { id: string; type: string; position: Point; data: Values }[];
  edges: { id: string; source: string; sourceHandle: string; target: string; data?: Values }[];
  viewport: Viewport;
}

const list = (value: unknown): Values[] =>
  Array.isArray(value) ? value.filter((one): one is Values => one !== null && typeof one === 'object') : [];
const values = (value: unknown): Values =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Values) : {};
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);

/** What is drawn, to be edited. What others saved with React Flow may say little: then it is a note with its words. */
export function drawnGraph(state: unknown): Graph {
  const { nodes, edges } = values(state);
  return withEnds({
    ...graphOf({}),
    nodes: list(nodes).map((node): GraphNode => {
      const { label, kind, name, config, icon, color, on_error, ...data } = values(node.data);
      const position = values(node.position);
      return {
        ...(data as Partial<GraphNode>),
        id: String(node.id),
        kind: text(kind) ?? 'note',
        name: text(name) ?? text(label),
        config: values(config),
        on_error: (text(on_error) ?? 'stop') as OnError,
        layout: {
          x: number(position.x),
          y: number(position.y),
          ...(text(icon) && { icon: String(icon) }),
          ...(text(color) && { color: String(color) }),
        },
      };
    }),
    edges: list(edges).map(
      (edge): GraphEdge => ({
        id: String(edge.id),
        from: String(edge.source),
        port: text(edge.sourceHandle) ?? 'out',
        to: String(edge.target),
        condition: text(values(edge.data).condition),
      }),
    ),
  });
}

/** Where one looked at it last; none where it never was saved from here. */
export function viewportOf(state: unknown): Viewport | undefined {
  const { x, y, zoom } = values(values(state).viewport);
  if (typeof x !== 'number' || typeof y !== 'number' || typeof zoom !== 'number') return undefined;
  return { x, y, zoom };
}

/** What is saved. */
export function stateOf(graph: Graph, viewport: Viewport): DrawnState {
  return {
    nodes: graph.nodes.map(({ id, layout, ...node }) => ({
      id,
      type: 'card',
      position: { x: layout?.x ?? 0, y: layout?.y ?? 0 },
      data: {
        ...node,
        ...(layout?.icon && { icon: layout.icon }),
        ...(layout?.color && { color: layout.color }),
      },
    })),
    edges: graph.edges.map(({ id, from, port, to, condition }) => ({
      id,
      source: from,
      sourceHandle: port,
      target: to,
      ...(condition && { data: { condition } }),
    })),
    viewport,
  };
}

/** Whether every node of it is one that a workflow can have. */
export function isWorkflow(graph: Graph): boolean {
  return (
    graph.nodes.length > 0 && graph.nodes.every(({ kind }) => (KINDS as readonly string[]).includes(kind))
  );
}

/** The drawing as a document of a workflow, in the stored form. */
export function workflowDocument(graph: Graph, name: string, title: string): string {
  const { nodes, edges, entry, exit } = withEnds(graph);
  const document = {
    schema: 'conductor.workflow/1',
    name,
    title,
    source_format: 'native',
    triggers: [],
    inputs: [],
    outputs: [],
    variables: {},
    nodes,
    edges,
    entry,
    exit,
  };
  return JSON.stringify(document, null, 2);
}

/** Something of the palette: what is drawn of it, and the word by which it is dragged. */
export interface Piece {
  key: string;
  kind: string;
  name: string;
  /** What it does, in a sentence. */
  does: string;
  node: Partial<Omit<GraphNode, 'id' | 'kind'>>;
}

export interface PieceGroup {
  name: string;
  pieces: Piece[];
}

export function agentPieces(agents: readonly Pick<Agent, 'slug' | 'name' | 'description'>[]): Piece[] {
  return agents.map(({ slug, name, description }) => ({
    key: `agent/${slug}`,
    kind: 'agent',
    name,
    does: description ?? '',
    node: { name, agent: slug },
  }));
}

export function toolPieces(
  tools: readonly Pick<AvailableTool, 'name' | 'display_name' | 'description' | 'server'>[],
  /** The names of those servers that are APIs. */
  apis: ReadonlySet<string> = new Set(),
): Piece[] {
  return tools.map(({ name, display_name, description, server }) => {
    // A tool of a server is called by both names in a workflow.
    const own = server ? name.slice(name.indexOf('/') + 1) : name;
    return {
      key: `tool/${name}`,
      kind: 'tool',
      name: display_name,
      does: description,
      node: {
        name: display_name,
        config: {
          connector_kind: server && apis.has(server) ? 'api' : 'mcp',
          ...(server && { connector: server }),
          tool: own,
        },
      },
    };
  });
}

export function connectionPieces(
  servers: readonly Pick<Connector, 'slug' | 'name' | 'description'>[],
): Piece[] {
  return servers.map(({ slug, name, description }) => ({
    key: `connection/${slug}`,
    kind: 'connection',
    name,
    does: description ?? '',
    node: { name, config: { connector: slug } },
  }));
}

/** A piece of a kind alone. */
export function kindPiece(kind: string): Piece {
  const { name, does } = kindInfo(kind);
  return { key: kind, kind, name, does, node: {} };
}

export function notePieces(): Piece[] {
  return [{ ...kindPiece('note'), name: t('Note') }];
}

/** Draws a piece. */
export function addPiece(graph: Graph, piece: Piece, at: Point): { graph: Graph; id: string } {
  const added = addNode(graph, piece.kind, at);
  return { id: added.id, graph: updateNode(added.graph, added.id, piece.node) };
}
