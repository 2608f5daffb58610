import { describe, expect, it } from 'vitest';
import {
  addNode,
  connect,
  copied,
  type Graph,
  graphOf,
  mayConnect,
  moveNodes,
  nodeOf,
  paste,
  pieceOf,
  pieceText,
  remove,
  renameNode,
  renamePort,
  updateConfig,
  updateNode,
} from './graph';

const order = (): Graph =>
  graphOf({
    schema: 'conductor.workflow/1',
    name: 'order',
    source_format: 'native',
    nodes: [
      { id: 'start', kind: 'start', config: {} },
      { id: 'ask', kind: 'agent', agent: 'clerk', config: { prompt: 'Look at {{inputs.order}}' } },
      {
        id: 'which',
        kind: 'condition',
        config: { cases: [{ expression: 'steps.ask.output.risk > 0.5', port: 'risky' }, { port: 'else' }] },
      },
      { id: 'end', kind: 'end', config: {} },
    ],
    edges: [
      { id: 'e1', from: 'start', port: 'out', to: 'ask' },
      { id: 'e2', from: 'ask', port: 'out', to: 'which' },
      { id: 'e3', from: 'which', port: 'risky', to: 'end' },
    ],
    entry: ['start'],
    exit: ['end'],
  });

describe('reading the stored form', () => {
  it('carries along what the designer does not know', () => {
    expect(order()).toMatchObject({ schema: 'conductor.workflow/1', source_format: 'native' });
  });

  it('survives anything', () => {
    for (const nothing of [null, undefined, [], 'text', { nodes: 3 }]) {
      expect(graphOf(nothing)).toMatchObject({ name: '', nodes: [], edges: [], entry: [], exit: [] });
    }
  });
});

describe('adding and removing', () => {
  it('gives each new node an id of its own and settings to start from', () => {
    const first = addNode(order(), 'agent', { x: 10.4, y: 20 });
    const second = addNode(first.graph, 'agent', { x: 0, y: 0 });
    expect([first.id, second.id]).toEqual(['agent', 'agent_1']);
    expect(nodeOf(first.graph, 'agent')).toEqual({
      id: 'agent',
      kind: 'agent',
      config: {},
      on_error: 'stop',
      layout: { x: 10, y: 20 },
    });
  });

  it('takes the edges of a removed node with it', () => {
    const graph = remove(order(), ['which'], []);
    expect(graph.edges.map(({ id }) => id)).toEqual(['e1']);
  });

  it('removes an edge alone', () => {
    const graph = remove(order(), [], ['e2']);
    expect(graph.nodes).toHaveLength(4);
    expect(graph.edges.map(({ id }) => id)).toEqual(['e1', 'e3']);
  });
});

describe('where it begins and ends', () => {
  it('is at the start and end nodes', () => {
    const { graph } = addNode(order(), 'wait', { x: 0, y: 0 });
    expect([graph.entry, graph.exit]).toEqual([['start'], ['end']]);
  });

  it('is at the loose ends without such nodes', () => {
    const graph = remove(order(), ['start', 'end'], []);
    expect([graph.entry, graph.exit]).toEqual([['ask'], ['which']]);
  });

  it('stays where the document says, beside a start node', () => {
    const second = addNode(order(), 'wait', { x: 0, y: 0 }).graph;
    const named = { ...second, entry: ['start', 'wait'] };
    expect(connect(named, 'which', 'else', 'end').entry).toEqual(['start', 'wait']);
    expect(connect(named, 'start', 'out', 'wait').entry).toEqual(['start']);
  });

  it('stays somewhere when everything is in a circle', () => {
    let graph = graphOf({
      nodes: ['a', 'b'].map((id) => ({ id, kind: 'agent' })),
      edges: [{ id: 'e1', from: 'a', to: 'b' }],
      entry: ['a'],
      exit: ['b'],
    });
    graph = connect(graph, 'b', 'out', 'a');
    expect([graph.entry, graph.exit]).toEqual([['a'], ['b']]);
  });
});

describe('connecting', () => {
  it('gives each edge an id of its own', () => {
    const graph = connect(order(), 'which', 'else', 'end');
    expect(graph.edges.at(-1)).toEqual({ id: 'e4', from: 'which', port: 'else', to: 'end' });
  });

  it.each([
    ['to itself', 'ask', 'out', 'ask'],
    ['to a start', 'ask', 'out', 'start'],
    ['from an end', 'end', 'out', 'ask'],
    ['by a port that is not there', 'ask', 'error', 'end'],
    ['twice', 'start', 'out', 'ask'],
    ['to nothing', 'start', 'out', 'nowhere'],
  ])('is refused %s', (_, from, port, to) => {
    const graph = order();
    expect(mayConnect(graph, from, port, to)).toBe(false);
    expect(connect(graph, from, port, to)).toBe(graph);
  });
});

describe('changing a node', () => {
  it('takes settings away that become undefined', () => {
    const graph = updateConfig(order(), 'ask', { prompt: undefined, temperature: 0.2 });
    expect(nodeOf(graph, 'ask')?.config).toEqual({ temperature: 0.2 });
    expect(nodeOf(updateNode(graph, 'ask', { agent: undefined }), 'ask')).not.toHaveProperty('agent');
  });

  it('takes the edges of a port with it that vanishes', () => {
    const failing = connect(updateNode(order(), 'ask', { on_error: 'fallback' }), 'ask', 'error', 'end');
    expect(failing.edges).toHaveLength(4);
    expect(updateNode(failing, 'ask', { on_error: 'stop' }).edges).toHaveLength(3);
  });

  it('keeps the edges of a port that is renamed', () => {
    const config = { cases: [{ expression: 'true', port: 'danger' }, { port: 'else' }] };
    const graph = renamePort(order(), 'which', 'risky', 'danger', config);
    expect(graph.edges.at(-1)).toMatchObject({ port: 'danger', to: 'end' });
  });

  it('moves without losing an icon', () => {
    const drawn = updateNode(order(), 'ask', { layout: { icon: '🔶' } });
    expect(nodeOf(moveNodes(drawn, new Map([['ask', { x: 1.6, y: 2 }]])), 'ask')?.layout).toEqual({
      icon: '🔶',
      x: 2,
      y: 2,
    });
  });
});

describe('another id', () => {
  const reading = (): Graph => {
    const graph = order();
    const read = {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference as documents write it
      a: '{{steps.ask.output.x}} {{steps["ask"].output}} ${ask.output.y} {{steps.asking.output}}',
      b: [{ deep: '{{step.ask.output}}' }, 3],
    };
    return updateNode(graph, 'end', { inputs: read, guard: 'ask.output.ok == true' });
  };

  it('is followed by edges and by every text that reads the node', () => {
    const graph = renameNode(reading(), 'ask', 'clerk');
    expect(graph.edges.map(({ from, to }) => `${from}-${to}`)).toContain('clerk-which');
    expect(nodeOf(graph, 'end')?.inputs).toEqual({
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a reference as documents write it
      a: '{{steps.clerk.output.x}} {{steps["clerk"].output}} ${clerk.output.y} {{steps.asking.output}}',
      b: [{ deep: '{{step.clerk.output}}' }, 3],
    });
    expect(nodeOf(graph, 'end')?.guard).toBe('clerk.output.ok == true');
    expect(nodeOf(graph, 'which')?.config.cases).toMatchObject([
      { expression: 'steps.clerk.output.risk > 0.5' },
      { port: 'else' },
    ]);
  });

  it('is refused where it is taken or no word', () => {
    const graph = order();
    for (const to of ['which', 'two words', '', '1st']) expect(renameNode(graph, 'ask', to)).toBe(graph);
  });

  it('leaves programs alone', () => {
    const { graph } = addNode(order(), 'code', { x: 0, y: 0 });
    const coded = updateConfig(graph, 'code', { code: 'ask.output = 1' });
    expect(nodeOf(renameNode(coded, 'ask', 'clerk'), 'code')?.config.code).toBe('ask.output = 1');
  });
});

describe('copy and paste', () => {
  it('keeps the edges between the copied, and lets them read each other', () => {
    const graph = order();
    const { graph: after, ids } = paste(graph, copied(graph, ['ask', 'which']));
    expect(ids).toEqual(['ask_1', 'which_1']);
    expect(after.edges.slice(3)).toEqual([{ id: 'e4', from: 'ask_1', port: 'out', to: 'which_1' }]);
    expect(nodeOf(after, 'which_1')?.config.cases).toMatchObject([
      { expression: 'steps.ask_1.output.risk > 0.5' },
      { port: 'else' },
    ]);
    expect(nodeOf(after, 'which')?.config.cases).toMatchObject([
      { expression: 'steps.ask.output.risk > 0.5' },
      { port: 'else' },
    ]);
  });

  it('goes through the clipboard of the system', () => {
    const piece = copied(order(), ['ask']);
    expect(pieceOf(pieceText(piece))).toEqual(piece);
    expect(pieceOf('anything else')).toBeUndefined();
    expect(pieceOf('{"nodes": []}')).toBeUndefined();
  });
});
