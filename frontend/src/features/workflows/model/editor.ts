/** The state of the designer: the graph with its history, what is chosen, and which graph the server has. */
import {
  addNode,
  connect,
  type Graph,
  type GraphEdge,
  type GraphNode,
  moveNodes,
  type Piece,
  type Point,
  paste,
  remove,
  renameNode,
  updateEdge,
  updateNode,
} from './graph';
import { changed, type History, historyOf, redone, undone } from './history';
import { arranged, placed } from './layout';

export interface Editor {
  history: History<Graph>;
  /** Ids of the chosen nodes. */
  nodes: readonly string[];
  /** Ids of the chosen edges. */
  edges: readonly string[];
  /** The graph as it was read or saved last. */
  saved: Graph;
}

export type Action =
  | { type: 'load'; graph: Graph }
  | { type: 'saved'; graph: Graph }
  | { type: 'change'; graph: Graph; tag?: string }
  | { type: 'add'; kind: string; at: Point }
  | { type: 'node'; id: string; change: Partial<Omit<GraphNode, 'id'>>; tag?: string }
  | { type: 'edge'; id: string; change: Partial<GraphEdge>; tag?: string }
  | { type: 'rename'; id: string; to: string }
  | { type: 'connect'; from: string; port: string; to: string }
  | { type: 'remove'; nodes: readonly string[]; edges: readonly string[] }
  | { type: 'move'; places: ReadonlyMap<string, Point>; tag?: string }
  | { type: 'paste'; piece: Piece }
  | { type: 'arrange' }
  | { type: 'select'; nodes: readonly string[]; edges?: readonly string[] }
  /** The drawing says of some nodes or edges alone whether they are chosen. */
  | { type: 'pick'; what: 'nodes' | 'edges'; on: readonly string[]; off: readonly string[] }
  | { type: 'undo' }
  | { type: 'redo' };

export function editorOf(graph: Graph): Editor {
  const present = placed(graph);
  return { history: historyOf(present), nodes: [], edges: [], saved: present };
}

export function isDirty(editor: Editor): boolean {
  return editor.history.present !== editor.saved;
}

/** What is chosen, as far as it is still there. */
function kept(editor: Editor): Editor {
  const { nodes, edges } = editor.history.present;
  return {
    ...editor,
    nodes: editor.nodes.filter((id) => nodes.some((node) => node.id === id)),
    edges: editor.edges.filter((id) => edges.some((edge) => edge.id === id)),
  };
}

export function edited(editor: Editor, action: Action): Editor {
  const graph = editor.history.present;
  const to = (next: Graph, tag?: string): Editor => ({
    ...editor,
    history: changed(editor.history, next, tag),
  });
  switch (action.type) {
    case 'load':
      return editorOf(action.graph);
    case 'saved':
      // What was typed while it was on its way stays a change.
      return { ...editor, saved: action.graph, history: { ...editor.history, tag: undefined } };
    case 'change':
      return kept(to(action.graph, action.tag));
    case 'add': {
      const added = addNode(graph, action.kind, action.at);
      return { ...to(added.graph), nodes: [added.id], edges: [] };
    }
    case 'node':
      return kept(to(updateNode(graph, action.id, action.change), action.tag));
    case 'edge':
      return kept(to(updateEdge(graph, action.id, action.change), action.tag));
    case 'rename': {
      const next = renameNode(graph, action.id, action.to);
      if (next === graph) return editor;
      return { ...to(next), nodes: editor.nodes.map((id) => (id === action.id ? action.to : id)) };
    }
    case 'connect':
      return to(connect(graph, action.from, action.port, action.to));
    case 'remove':
      if (action.nodes.length + action.edges.length === 0) return editor;
      return kept(to(remove(graph, action.nodes, action.edges)));
    case 'move':
      return to(moveNodes(graph, action.places), action.tag);
    case 'paste': {
      if (action.piece.nodes.length === 0) return editor;
      const { graph: next, ids } = paste(graph, action.piece);
      return { ...to(next), nodes: ids, edges: [] };
    }
    case 'arrange':
      return to(arranged(graph));
    case 'select':
      return { ...editor, nodes: action.nodes, edges: action.edges ?? [] };
    case 'pick': {
      const left = editor[action.what].filter((id) => !action.off.includes(id) && !action.on.includes(id));
      return { ...editor, [action.what]: [...left, ...action.on] };
    }
    case 'undo':
      return kept({ ...editor, history: undone(editor.history) });
    case 'redo':
      return kept({ ...editor, history: redone(editor.history) });
  }
}
