/** A test run folds its events once each, whatever the stream repeats. */
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '@/api/types';
import { fold, isFinished, NEW_RUN } from './test-run';

const events = [
  { seq: 1, type: 'run.started', kind: 'agent' },
  {
    seq: 2,
    type: 'tool.called',
    call_id: 'c1',
    tool: 'echo',
    server: 'everything',
    arguments: { message: 'hi' },
  },
  { seq: 3, type: 'tool.decided', call_id: 'c1', effect: 'approve', obligations: [], reason: 'asks' },
  {
    seq: 4,
    type: 'tool.result',
    call_id: 'c1',
    ok: true,
    content: [],
    duration_ms: 12,
    cached: false,
    attempts: 1,
  },
  { seq: 5, type: 'message.delta', message_id: 'm', text: 'Hel' },
  { seq: 6, type: 'message.delta', message_id: 'm', text: 'lo' },
  {
    seq: 7,
    type: 'usage',
    model: 'demo',
    provider: 'demo',
    input_tokens: 5,
    output_tokens: 2,
    cached_tokens: 0,
    cost: '0',
    currency: 'USD',
  },
  { seq: 8, type: 'run.finished', status: 'succeeded' },
].map((event) => ({ run_id: 'r', at: '2026-01-01T00:00:00Z', ...event })) as RunEvent[];

describe('fold', () => {
  test('ends with text, call and tokens', () => {
    const run = events.reduce(fold, NEW_RUN);
    expect(run).toMatchObject({ status: 'succeeded', text: 'Hello', tokens: { input: 5, output: 2 } });
    expect(run.calls).toMatchObject([{ id: 'c1', status: 'done', durationMs: 12 }]);
    expect(isFinished(run)).toBe(true);
  });

  test('a repeated event changes nothing', () => {
    const twice = events.flatMap((event) => [event, event]).reduce(fold, NEW_RUN);
    expect(twice.text).toBe('Hello');
    expect(twice.tokens).toEqual({ input: 5, output: 2 });
  });

  test('a denied call stays denied when its result follows', () => {
    const denied = [events[1], { ...events[2], effect: 'deny' }, { ...events[3], ok: false }] as RunEvent[];
    expect(denied.reduce(fold, NEW_RUN).calls[0]?.status).toBe('denied');
  });
});
