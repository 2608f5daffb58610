import { describe, expect, it } from 'vitest';
import { graphOf } from './graph';
import { differenceOf, isSame } from './publishing';
import { isDraft, runningVersion } from './versions';

const node = (id: string, more: object = {}) => ({
  id,
  kind: 'transform',
  config: {},
  on_error: 'stop',
  ...more,
});

const graph = (nodes: object[], more: object = {}) =>
  graphOf({ name: 'w', nodes, edges: [], inputs: [], outputs: [], variables: {}, ...more });

describe('publishing', () => {
  it('runs the published version, else the newest', () => {
    expect(runningVersion({ version: 5, published_version: 3 })).toBe(3);
    expect(runningVersion({ version: 5, published_version: null })).toBe(5);
    expect(isDraft({ version: 5, published_version: 3 })).toBe(true);
    expect(isDraft({ version: 5, published_version: 5 })).toBe(false);
    expect(isDraft({ version: 5 })).toBe(false);
  });

  it('tells nodes that are added, removed and changed, and leaves their places alone', () => {
    const before = graph([
      node('a', { name: 'Fetch', layout: { x: 0, y: 0 } }),
      node('b', { name: 'Tell' }),
      node('c', { name: 'Wait' }),
    ]);
    const after = graph([
      node('a', { layout: { x: 9, y: 9 }, name: 'Fetch', guard: undefined }),
      node('b', { name: 'Tell', config: { to: 'sales' } }),
      node('d', { name: 'Ask' }),
    ]);
    const difference = differenceOf(before, after);
    expect(difference).toMatchObject({ added: ['Ask'], removed: ['Wait'], changed: ['Tell'], other: false });
    expect(isSame(difference)).toBe(false);
    expect(isSame(differenceOf(before, before))).toBe(true);
  });

  it('tells what starts it from then on, what does not any more, and that something else is different', () => {
    const hourly = { type: 'schedule', cron: '0 * * * *' };
    const before = graph([node('a')], {
      triggers: [{ type: 'manual' }, hourly, { type: 'event', name: 'order.paid' }],
    });
    const after = graph([node('a')], {
      triggers: [hourly, { type: 'event', name: 'order.sent' }, { type: 'webhook' }],
      variables: { greeting: 'Hello' },
    });
    const difference = differenceOf(before, after);
    expect(difference.begins).toEqual(['Event: order.sent', 'Its webhook']);
    expect(difference.ends).toEqual(['Event: order.paid']);
    expect(difference).toMatchObject({ changed: [], other: true });
    const elsewhere = { ...hourly, time_zone: 'Asia/Kolkata' };
    const moved = differenceOf(graph([], { triggers: [hourly] }), graph([], { triggers: [elsewhere] }));
    expect([moved.begins.length, moved.ends.length]).toEqual([1, 1]);
  });
});
