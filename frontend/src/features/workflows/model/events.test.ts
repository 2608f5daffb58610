import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { changedEvent, eventsOf, tellingExample, withEvent, withoutEvent } from './events';
import type { Graph } from './graph';

const graph = (triggers: unknown) => ({ triggers }) as unknown as Graph;

describe('events', () => {
  const cron = { type: 'schedule', cron: '0 * * * *' };
  const paid = { type: 'event', name: 'order.paid' };

  it('are found, added, changed and removed among the triggers, and leave the others', () => {
    expect(eventsOf(graph(undefined))).toEqual([]);
    expect(eventsOf(graph([null, cron, paid, { type: 'event' }]))).toEqual([
      { position: 2, name: 'order.paid' },
      { position: 3, name: '' },
    ]);
    expect(withEvent(graph([cron]))).toEqual([cron, paid]);
    expect(changedEvent(graph([cron, paid]), 1, 'sent')).toEqual([cron, { type: 'event', name: 'sent' }]);
    expect(withoutEvent(graph([paid, cron]), 0)).toEqual([cron]);
  });

  it('are added with a name that none of them has', () => {
    const two = withEvent(graph([paid]));
    const three = withEvent(graph(two));
    expect(eventsOf(graph(three)).map(({ name }) => name)).toEqual([
      'order.paid',
      'order.paid.2',
      'order.paid.3',
    ]);
  });

  it('are shown with an example whose body a shell leaves as it is', () => {
    const name = "it's $HOME";
    const script = tellingExample('https://example.com/api/workflows/events', name).replace(
      /curl.*-d /s,
      'printf %s ',
    );
    const sent: unknown = JSON.parse(execFileSync('sh', ['-c', script], { encoding: 'utf8' }));
    expect(sent).toEqual({ name, id: 'evt_1', data: { hello: 'world' } });
  });
});
