/** Events become the states of nodes. */
import { describe, expect, it } from 'vitest';
import type { EventBody, HumanTask, RunEvent } from '@/api/types';
import {
  culprit,
  folded,
  isOver,
  marksOf,
  NOTHING_YET,
  openTasks,
  type RunState,
  tookMs,
  visitsOf,
} from './run-state';

const events = (...bodies: EventBody[]) =>
  bodies.map(
    (body, index) =>
      ({
        run_id: 'r',
        seq: index + 1,
        at: new Date(Date.UTC(2026, 10, 22, 10, 0, index)).toISOString(),
        ...body,
      }) as RunEvent,
  );
const fold = (...bodies: EventBody[]): RunState => folded(NOTHING_YET, events(...bodies));

const begin: EventBody = { type: 'run.started', kind: 'workflow' };
const started = (node_id: string, iteration?: number[], attempt = 1): EventBody => ({
  type: 'node.started',
  node_id,
  attempt,
  iteration,
});
const finished = (node_id: string, more: object = {}): EventBody => ({
  type: 'node.finished',
  node_id,
  attempt: 1,
  port: 'out',
  ...more,
});
const wrong = { code: 'x', title: 'Wrong', detail: 'It went wrong.', retryable: false };
const none = { edges: [] };
const statusOf = (state: RunState, node: string) => visitsOf(state, node).at(-1)?.status;

describe('the state of a run', () => {
  it('follows a node from its beginning to its end, with the edges it left by', () => {
    const state = fold(
      begin,
      { type: 'run.status', status: 'running' },
      started('a'),
      finished('a', { output: { x: 1 }, edges: ['e1'], duration_ms: 7 }),
      { type: 'node.skipped', node_id: 'b' },
      started('c'),
    );
    expect([statusOf(state, 'a'), statusOf(state, 'b'), statusOf(state, 'c')]).toEqual([
      'done',
      'skipped',
      'running',
    ]);
    expect(visitsOf(state, 'a')[0]).toMatchObject({ output: { x: 1 }, port: 'out', durationMs: 7 });
    const marks = marksOf(state, none);
    expect([...marks.taken]).toEqual(['e1']);
    expect(marks.nodes.get('c')).toMatchObject({ status: 'running', visits: 1 });
    expect(marks.over).toBe(false);
  });

  it('is the same in portions, and when events come twice', () => {
    const all = events(
      begin,
      started('a'),
      finished('a', { edges: ['e1'] }),
      started('b', [1]),
      finished('b', { iteration: [1] }),
      { type: 'run.finished', status: 'succeeded', output: { done: true } },
    );
    const whole = folded(NOTHING_YET, all);
    let portions = NOTHING_YET;
    for (let at = 1; at <= all.length; at += 1) portions = folded(portions, all.slice(0, at));
    expect(portions).toEqual(whole);
    expect(folded(whole, all)).toBe(whole);
  });

  it('leaves the state before it as it was', () => {
    const before = fold(begin, started('a'));
    folded(before, events(begin, started('a'), finished('a')));
    expect(statusOf(before, 'a')).toBe('running');
  });

  it('keeps each round of a loop apart, and shows one of them', () => {
    const state = fold(
      begin,
      started('loop'),
      started('body', [1]),
      finished('body', { iteration: [1], edges: ['back'], output: 1 }),
      started('body', [2]),
      finished('body', { iteration: [2], error: wrong, port: undefined }),
    );
    expect(visitsOf(state, 'body').map(({ iteration, status }) => [iteration, status])).toEqual([
      [[1], 'done'],
      [[2], 'failed'],
    ]);
    const graph = { edges: [{ id: 'in', from: 'loop', port: 'loop', to: 'body' }] };
    expect(marksOf(state, graph).nodes.get('body')).toMatchObject({ status: 'failed', visits: 2 });
    expect([...marksOf(state, graph, [1]).taken].sort()).toEqual(['back', 'in']);
    expect(marksOf(state, graph, [1]).nodes.get('body')).toMatchObject({ status: 'done', visits: 1 });
    // What stands outside of the loop belongs to every round.
    expect(marksOf(state, graph, [1]).nodes.get('loop')?.status).toBe('running');
    expect([...marksOf(state, graph, [2]).taken]).toEqual(['in']);
  });

  it('keeps items of a map apart that end in another order than they began', () => {
    const state = fold(
      begin,
      started('body', [1]),
      started('body', [2]),
      finished('body', { iteration: [1], output: 'one' }),
      finished('body', { iteration: [2], output: 'two' }),
    );
    expect(visitsOf(state, 'body').map(({ output }) => output)).toEqual(['one', 'two']);
  });

  it('takes another attempt for the same turn, and going back for another turn', () => {
    const state = fold(
      begin,
      started('a'),
      finished('a', { port: undefined, error: wrong, retry_at: '2026-11-22T10:01:00Z' }),
      started('a', undefined, 2),
      finished('a', { attempt: 2, output: 'well' }),
      started('review'),
      finished('review', { port: 'fail', back_to: 'a' }),
      started('a'),
    );
    const [first, second] = visitsOf(state, 'a');
    expect(first).toMatchObject({ status: 'done', attempt: 2, output: 'well', error: undefined });
    expect(first?.failures).toEqual([{ attempt: 1, error: wrong }]);
    expect(second).toMatchObject({ status: 'running', attempt: 1 });
    expect(visitsOf(state, 'review')[0]?.backTo).toBe('a');
  });

  it('says that a node is tried again, and when', () => {
    const state = fold(
      begin,
      started('a'),
      finished('a', { port: undefined, error: wrong, retry_at: '2026-11-22T10:01:00Z' }),
    );
    expect(visitsOf(state, 'a')[0]).toMatchObject({ status: 'retrying', until: '2026-11-22T10:01:00Z' });
    expect(culprit(state)).toBeUndefined();
  });

  it('knows what a node waits for, and that it no longer does', () => {
    const waiting = [
      begin,
      started('w'),
      { type: 'node.waiting', node_id: 'w', reason: 'event', event: 'tide' } satisfies EventBody,
    ];
    expect(visitsOf(fold(...waiting), 'w')[0]).toMatchObject({
      status: 'waiting',
      reason: 'event',
      event: 'tide',
    });
    const after = fold(...waiting, finished('w', { output: { height: 3 } }));
    expect(visitsOf(after, 'w')[0]).toMatchObject({ status: 'done', reason: undefined, event: undefined });
  });

  it('knows the questions that are open, and who answered which', () => {
    const task = { id: 't', node_id: 'h', status: 'pending' } as HumanTask;
    const asked = [
      begin,
      started('h'),
      { type: 'node.waiting', node_id: 'h', reason: 'person', human_task_id: 't' } satisfies EventBody,
      { type: 'approval.requested', human_task: task } satisfies EventBody,
    ];
    expect(openTasks(fold(...asked)).map(({ id }) => id)).toEqual(['t']);
    const notices = [{ channel: 'web', occasion: 'asked', status: 'told' }];
    const told = fold(...asked, { type: 'approval.told', human_task_id: 't', notices });
    expect(openTasks(told)[0]?.notices).toEqual(notices);
    const answered = fold(
      ...asked,
      { type: 'approval.decided', human_task: { ...task, status: 'decided', decision: 'approve' } },
      finished('h', { port: 'decision:approve' }),
    );
    expect(openTasks(answered)).toEqual([]);
    const visit = visitsOf(answered, 'h')[0];
    expect(answered.tasks.get(visit?.taskId ?? '')?.decision).toBe('approve');
    // Nor where its time ran out and the work goes on another way.
    expect(openTasks(fold(...asked, finished('h', { error: wrong, port: 'error' })))).toEqual([]);
    // Nobody is asked any more when the run is over.
    expect(openTasks(fold(...asked, { type: 'run.finished', status: 'cancelled' }))).toEqual([]);
  });

  it('brings the call of a node together, whatever is told first', () => {
    const state = fold(
      begin,
      { type: 'node.started', node_id: 'a', attempt: 1, call_id: 'c' },
      { type: 'tool.called', call_id: 'c', tool: 'search', server: 'docs', arguments: { q: 'x' } },
      { type: 'tool.decided', call_id: 'c', effect: 'allow', obligations: [] },
      { type: 'tool.delegated', call_id: 'c', child_run_id: 'child' },
      { type: 'tool.result', call_id: 'c', ok: true, cached: false, content: [], duration_ms: 5 },
    );
    expect(visitsOf(state, 'a')[0]?.callId).toBe('c');
    expect(state.calls.get('c')).toMatchObject({
      tool: 'search',
      server: 'docs',
      arguments: { q: 'x' },
      effect: 'allow',
      child: 'child',
      ok: true,
    });
  });

  it('names the node that ended the run, not one that failed on its way', () => {
    const state = fold(
      begin,
      started('soft'),
      finished('soft', { error: wrong, port: 'error', edges: ['e'] }),
      started('hard'),
      finished('hard', { error: wrong, port: undefined }),
      { type: 'run.finished', status: 'failed', error: wrong },
    );
    expect(culprit(state)?.node).toBe('hard');
    expect(statusOf(state, 'soft')).toBe('failed');
    expect(state.error?.detail).toBe('It went wrong.');
  });

  it('stops what was under way when the run ends', () => {
    const state = fold(begin, started('a'), started('b'), finished('b'), {
      type: 'run.finished',
      status: 'cancelled',
    });
    expect([statusOf(state, 'a'), statusOf(state, 'b')]).toEqual(['stopped', 'done']);
    expect(isOver(state.status)).toBe(true);
    expect(marksOf(state, none).over).toBe(true);
  });

  it('counts the time of what goes on up to now', () => {
    const [visit] = visitsOf(fold(begin, started('a')), 'a');
    expect(visit && tookMs(visit, Date.UTC(2026, 10, 22, 10, 0, 9))).toBe(8000);
  });

  it('reads a run of thousands of events in moments', () => {
    const many: EventBody[] = [begin];
    for (let at = 1; at <= 3000; at += 1) {
      many.push(started('body', [at]), finished('body', { iteration: [at] }));
    }
    const began = performance.now();
    expect(visitsOf(fold(...many), 'body')).toHaveLength(3000);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});
