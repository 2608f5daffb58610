import { describe, expect, it } from 'vitest';
import { type Action, type Editor, edited, editorOf, isDirty } from './editor';
import { graphOf, type Point } from './graph';
import { casesOf, KINDS, kindGroups, kindInfo, portsOf } from './kinds';
import { goesAcross, NODE_HEIGHT, NODE_WIDTH, placed, placeFor, placesOf, widthOf } from './layout';
import { slugOf } from './names';
import { fieldProblem, nodeOfProblem, problemsByNode, sorted } from './problems';
import { before, referencesAt } from './references';

const chain = (...ids: string[]) =>
  graphOf({
    name: 'chain',
    nodes: ids.map((id) => ({ id, kind: 'agent', config: {} })),
    edges: ids.slice(1).map((to, index) => ({ id: `e${index + 1}`, from: ids[index], port: 'out', to })),
  });

const run = (editor: Editor, ...actions: Action[]) => actions.reduce(edited, editor);

describe('the editor', () => {
  it('undoes and redoes, and knows when it is where the server is', () => {
    const fresh = editorOf(chain('a', 'b'));
    expect(isDirty(fresh)).toBe(false);
    const after = run(fresh, { type: 'add', kind: 'wait', at: { x: 0, y: 0 } });
    expect(after.nodes).toEqual(['wait']);
    expect(isDirty(after)).toBe(true);
    const back = run(after, { type: 'undo' });
    expect(isDirty(back)).toBe(false);
    expect(back.nodes).toEqual([]);
    expect(run(back, { type: 'redo' }).history.present).toBe(after.history.present);
  });

  it('takes a word that is typed as one step', () => {
    const typed = run(
      editorOf(chain('a')),
      { type: 'node', id: 'a', change: { name: 'A' }, tag: 'a/name' },
      { type: 'node', id: 'a', change: { name: 'As' }, tag: 'a/name' },
      { type: 'node', id: 'a', change: { guard: 'x' }, tag: 'a/guard' },
    );
    expect(typed.history.past).toHaveLength(2);
    const once = run(typed, { type: 'undo' });
    expect(once.history.present.nodes[0]).toMatchObject({ name: 'As' });
    expect(run(once, { type: 'undo' }).history.present.nodes[0]).not.toHaveProperty('name');
  });

  it('keeps what was typed while a save was on its way', () => {
    const first = run(editorOf(chain('a')), { type: 'node', id: 'a', change: { name: 'One' }, tag: 'n' });
    const sent = first.history.present;
    const second = run(first, { type: 'node', id: 'a', change: { name: 'Two' }, tag: 'n' });
    const saved = run(second, { type: 'saved', graph: sent });
    expect(isDirty(saved)).toBe(true);
    expect(isDirty(run(first, { type: 'saved', graph: sent }))).toBe(false);
  });

  it('makes nothing of a change that changes nothing', () => {
    const fresh = editorOf(chain('a', 'b'));
    const after = run(
      fresh,
      { type: 'connect', from: 'a', port: 'out', to: 'b' },
      { type: 'remove', nodes: [], edges: [] },
      { type: 'paste', piece: { nodes: [], edges: [] } },
    );
    expect(after.history.past).toEqual([]);
  });

  it('chooses what was pasted, and follows a new id', () => {
    const fresh = run(editorOf(chain('a')), { type: 'select', nodes: ['a'] });
    expect(run(fresh, { type: 'rename', id: 'a', to: 'z' }).nodes).toEqual(['z']);
    const piece = { nodes: fresh.history.present.nodes, edges: [] };
    expect(run(fresh, { type: 'paste', piece }).nodes).toEqual(['a_1']);
  });
});

describe('kinds', () => {
  it('each stands in the library once, with a name', () => {
    expect(
      kindGroups()
        .flatMap(({ kinds }) => kinds)
        .sort(),
    ).toEqual([...KINDS].sort());
    for (const kind of KINDS) expect(kindInfo(kind).does).not.toBe('');
  });

  it.each([
    ['end', {}, []],
    ['agent', {}, ['out']],
    ['loop', {}, ['out', 'loop']],
    ['review', {}, ['out', 'fail']],
    ['human', {}, ['out', 'decision:approve', 'decision:reject']],
    ['human', { decisions: ['pay'] }, ['out', 'decision:pay']],
    ['condition', { cases: [{ expression: 'x', port: 'yes' }, {}] }, ['yes', 'case:1']],
  ])('%s %j has the ports %j', (kind, config, ports) => {
    expect(portsOf({ kind, config, on_error: 'stop' })).toEqual(ports);
    expect(portsOf({ kind, config, on_error: 'fallback' })).toEqual([...ports, 'error']);
  });

  it('a condition without cases has none', () => {
    expect(casesOf({})).toEqual([]);
  });
});

describe('layout', () => {
  it('puts each node below what leads to it, and none over another', () => {
    const graph = graphOf({
      nodes: ['a', 'b', 'c', 'd'].map((id) => ({ id, kind: 'agent' })),
      edges: [
        { id: '1', from: 'a', to: 'b' },
        { id: '2', from: 'a', to: 'c' },
        { id: '3', from: 'b', to: 'd' },
        { id: '4', from: 'c', to: 'd' },
        { id: '5', from: 'd', to: 'nowhere' },
      ],
    });
    const places = placesOf(graph);
    const at = (id: string) => places.get(id) ?? { x: Number.NaN, y: Number.NaN };
    expect(at('b').y).toBeGreaterThan(at('a').y + NODE_HEIGHT);
    expect(at('d').y).toBeGreaterThan(at('b').y + NODE_HEIGHT);
    expect(at('b').y).toBe(at('c').y);
    expect(Math.abs(at('b').x - at('c').x)).toBeGreaterThanOrEqual(NODE_WIDTH);
  });

  it.each([
    ['yes', 'no'],
    ['no', 'yes'],
  ])('draws the ways of a condition in the order of its ports, %s written first', (...ports) => {
    const graph = graphOf({
      nodes: [
        {
          id: 'a',
          kind: 'condition',
          config: { cases: [{ expression: 'x', port: 'yes' }, { port: 'no' }] },
        },
        { id: 'yes', kind: 'agent' },
        { id: 'no', kind: 'agent' },
      ],
      edges: ports.map((port) => ({ id: port, from: 'a', port, to: port })),
    });
    const places = placesOf(graph);
    expect(places.get('yes')?.x).toBeLessThan(places.get('no')?.x ?? 0);
  });

  it('knows a drawing that goes from the left to the right', () => {
    const drawn = (step: Point) => {
      const graph = chain('a', 'b', 'c');
      const at = (index: number) => ({ x: step.x * index, y: step.y * index });
      return { ...graph, nodes: graph.nodes.map((node, index) => ({ ...node, layout: at(index) })) };
    };
    expect(goesAcross(drawn({ x: 300, y: 20 }))).toBe(true);
    expect(goesAcross(drawn({ x: 20, y: 140 }))).toBe(false);
    expect(goesAcross(placed(chain('a', 'b', 'c')))).toBe(false);
    expect(goesAcross(chain('a'))).toBe(false);
  });

  it('survives a circle', () => {
    const graph = chain('a', 'b');
    graph.edges.push({ id: 'back', from: 'b', port: 'out', to: 'a' });
    expect(placesOf(graph).size).toBe(2);
  });

  it('keeps the places of a document and finds some for the others', () => {
    const graph = chain('a', 'b');
    graph.nodes[0] = { id: 'a', kind: 'agent', config: {}, on_error: 'stop', layout: { x: 5, y: 6 } };
    const [a, b] = placed(graph).nodes;
    expect(a?.layout).toEqual({ x: 5, y: 6 });
    expect(b?.layout?.y).toBeGreaterThan(6);
    expect(placed(placed(graph))).toEqual(placed(graph));
  });

  it('puts a new node beside those that are there', () => {
    let graph = placed(chain('a', 'b'));
    const first = placeFor(graph, ['a']);
    graph = {
      ...graph,
      nodes: [...graph.nodes, { id: 'c', kind: 'agent', config: {}, on_error: 'stop', layout: first }],
    };
    const second = placeFor(graph, ['a']);
    expect(second).not.toEqual(first);
    expect(second.y).toBe(first.y);
  });

  it('makes room for many ports', () => {
    const cases = Array.from({ length: 5 }, (_, index) => ({ port: `p${index}` }));
    expect(widthOf({ kind: 'condition', config: { cases }, on_error: 'stop' })).toBeGreaterThan(NODE_WIDTH);
  });
});

describe('what a node may read', () => {
  const graph = graphOf({
    inputs: [{ name: 'order', type: 'object', required: true }],
    variables: { tries: 0 },
    nodes: [
      { id: 'start', kind: 'start' },
      { id: 'first', kind: 'agent', name: 'First look' },
      { id: 'each', kind: 'map', config: { over: 'inputs.order.lines', item: 'line' } },
      { id: 'body-one', kind: 'code' },
      { id: 'last', kind: 'agent' },
      { id: 'aside', kind: 'agent' },
    ],
    edges: [
      { id: '1', from: 'start', to: 'first' },
      { id: '2', from: 'first', to: 'each' },
      { id: '3', from: 'each', port: 'loop', to: 'body-one' },
      { id: '4', from: 'body-one', to: 'each' },
      { id: '5', from: 'each', to: 'last' },
    ],
  });

  it('is everything that a way leads from', () => {
    expect(before(graph, 'last')).toEqual(['each', 'first', 'body-one', 'start']);
    expect(before(graph, 'start')).toEqual([]);
  });

  it('is inputs, earlier steps and variables, those of a list included', () => {
    expect(referencesAt(graph, 'last').map(({ path }) => path)).toEqual([
      'inputs.order',
      'steps.each.output',
      'steps.first.output',
      'steps["body-one"].output',
      'var.tries',
      'var.line',
    ]);
    expect(referencesAt(graph, 'aside').map(({ path }) => path)).toEqual(['inputs.order', 'var.tries']);
    expect(referencesAt(graph, 'last')[2]?.label).toBe('First look');
  });
});

describe('problems', () => {
  const graph = chain('a', 'b');
  const problem = (pointer: string, more = {}) => ({
    severity: 'warning' as const,
    code: 'x',
    pointer,
    message: pointer,
    ...more,
  });

  it('are found at their node, also by a pointer alone', () => {
    expect(nodeOfProblem(graph, problem('/nodes/1/config/url'))).toBe('b');
    expect(nodeOfProblem(graph, problem('/edges/0/port'))).toBe('a');
    expect(nodeOfProblem(graph, problem('/nodes/0', { node: 'b' }))).toBe('b');
    expect(nodeOfProblem(graph, problem('/entry'))).toBeUndefined();
    expect([...problemsByNode(graph, [problem('/nodes/1'), problem('/name')]).keys()]).toEqual(['b']);
  });

  it('are found at their field', () => {
    const problems = [problem('/nodes/1/config/cases/0/port'), problem('/nodes/1/guard')];
    expect(fieldProblem(problems, '/guard')).toBe('/nodes/1/guard');
    expect(fieldProblem(problems, '/config/cases')).toBe('/nodes/1/config/cases/0/port');
    expect(fieldProblem(problems, '/config/case')).toBeUndefined();
  });

  it('are listed with the errors first', () => {
    const last = problem('/name', { severity: 'error' as const });
    expect(sorted([problem('/a'), problem('/b'), last]).map(({ pointer }) => pointer)).toEqual([
      '/name',
      '/a',
      '/b',
    ]);
  });
});

describe('names', () => {
  it.each([
    ['Invoice exception handling', 'invoice-exception-handling'],
    ['  Größe & Ähnliches! ', 'grosse-ahnliches'],
    ['***', ''],
  ])('%j becomes %j', (title, slug) => {
    expect(slugOf(title)).toBe(slug);
  });
});
