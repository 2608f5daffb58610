/** Events become lines. */
import { describe, expect, it } from 'vitest';
import type { EventBody, RunEvent } from '@/api/types';
import { timeline } from './timeline';

const events = (...bodies: EventBody[]) =>
  bodies.map(
    (body, index) => ({ run_id: 'r', seq: index + 1, at: '2026-11-20T10:00:00Z', ...body }) as RunEvent,
  );

describe('timeline', () => {
  it('joins neighbouring deltas of one kind and keeps their range', () => {
    const lines = timeline(
      events(
        { type: 'run.started', kind: 'chat' },
        { type: 'message.delta', message_id: 'm', text: 'Hel' },
        { type: 'message.delta', message_id: 'm', text: 'lo' },
        { type: 'tool.called', call_id: 'c', tool: 'echo', arguments: {} },
        { type: 'message.delta', message_id: 'm', text: ' again' },
        { type: 'run.finished', status: 'succeeded' },
      ),
    );
    expect(lines.map((line) => [line.seq, line.last, line.title, line.detail])).toEqual([
      [1, 1, 'Run started', 'Chat'],
      [2, 3, 'Answer', 'Hello'],
      [4, 4, 'Tool called: echo', ''],
      [5, 5, 'Answer', 'again'],
      [6, 6, 'Run ended: Done', ''],
    ]);
  });

  it('marks what went wrong', () => {
    const [line] = timeline(
      events({
        type: 'run.finished',
        status: 'failed',
        error: { code: 'provider_error', title: 'x', detail: 'The provider answered 500.', retryable: true },
      }),
    );
    expect(line).toMatchObject({ tone: 'err', detail: 'The provider answered 500.' });
  });
});
