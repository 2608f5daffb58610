import { describe, expect, it } from 'vitest';
import {
  addPiece,
  agentPieces,
  connectionPieces,
  drawnGraph,
  isWorkflow,
  kindPiece,
  notePieces,
  stateOf,
  toolPieces,
  viewportOf,
  workflowDocument,
} from './drawing';
import { connect, graphOf, titleOf } from './graph';

const EMPTY = { nodes: [], edges: [] };
const viewport = { x: 1, y: -2, zoom: 1.5 };
const [agent] = agentPieces([{ slug: 'writer', name: 'Writer', description: 'Writes.' }]);
const [server] = connectionPieces([{ slug: 'crm', name: 'CRM', description: '' }]);
const [tool] = toolPieces([
  { name: 'crm/find_lead', display_name: 'Find a lead', description: 'Finds.', server: 'crm' },
]);
const [note] = notePieces();

function drawn() {
  let graph = drawnGraph(EMPTY);
  for (const piece of [agent, server, tool, note]) {
    if (piece) graph = addPiece(graph, piece, { x: 10.4, y: graph.nodes.length * 100 }).graph;
  }
  return connect(graph, 'agent', 'out', 'tool');
}

describe('a drawing', () => {
  it('comes back as it was saved, in the shape of React Flow', () => {
    const graph = drawn();
    const state = stateOf(graph, viewport);
    expect(state.nodes[0]).toMatchObject({
      id: 'agent',
      type: 'card',
      position: { x: 10, y: 0 },
      data: { kind: 'agent', name: 'Writer', agent: 'writer' },
    });
    expect(state.edges).toEqual([{ id: 'e1', source: 'agent', sourceHandle: 'out', target: 'tool' }]);
    const wire = JSON.parse(JSON.stringify(state));
    expect(JSON.parse(JSON.stringify(stateOf(drawnGraph(wire), viewport)))).toEqual(wire);
    expect(viewportOf(wire)).toEqual(viewport);
  });

  it('takes what others drew for notes with their words', () => {
    const graph = drawnGraph({
      nodes: [
        { id: 'a', position: { x: 5, y: 6 }, data: { label: 'Agent A' } },
        { id: 'b', position: {}, type: 'input' },
      ],
      edges: [{ id: 'a-b', source: 'a', target: 'b' }],
    });
    expect(graph.nodes.map((node) => [node.kind, titleOf(node), node.layout])).toEqual([
      ['note', 'Agent A', { x: 5, y: 6 }],
      ['note', 'b', { x: 0, y: 0 }],
    ]);
    expect(graph.edges[0]).toMatchObject({ from: 'a', port: 'out', to: 'b' });
    expect(viewportOf({ nodes: [], edges: [] })).toBeUndefined();
    expect(drawnGraph(null).nodes).toEqual([]);
    expect(drawnGraph({ nodes: [null, 7], edges: 'none' }).nodes).toEqual([]);
  });

  it('names a tool as a workflow does', () => {
    expect(tool?.node.config).toEqual({ connector_kind: 'mcp', connector: 'crm', tool: 'find_lead' });
  });

  it('can be a workflow when every node of it is of a kind of workflows', () => {
    expect(isWorkflow(drawnGraph(EMPTY))).toBe(false);
    expect(isWorkflow(drawn())).toBe(false);
    let graph = addPiece(drawnGraph(EMPTY), kindPiece('start'), { x: 0, y: 0 }).graph;
    if (agent) graph = addPiece(graph, agent, { x: 0, y: 100 }).graph;
    graph = connect(graph, 'start', 'out', 'agent');
    expect(isWorkflow(graph)).toBe(true);
    const document = graphOf(JSON.parse(workflowDocument(graph, 'support', 'Support')));
    expect(document).toMatchObject({ schema: 'conductor.workflow/1', name: 'support', title: 'Support' });
    expect(document.entry).toEqual(['start']);
    expect(document.nodes.map(({ kind }) => kind)).toEqual(['start', 'agent']);
  });
});
