import { expect, it } from 'vitest';
import { byLabel, byTime } from './compliance';

it('sums by label, the most sensitive first', () => {
  const row = (data_classification: string | null, allowed: number, denied: number) => ({
    data_classification,
    allowed,
    denied,
  });
  expect(
    byLabel([row(null, 1, 0), row('internal', 2, 1), row('restricted', 0, 4), row('internal', 3, 0)]),
  ).toEqual([
    { label: 'restricted', allowed: 0, denied: 4 },
    { label: 'internal', allowed: 5, denied: 1 },
    { label: null, allowed: 1, denied: 0 },
  ]);
});

it('tells every piece of a time, for one label or all', () => {
  const piece = (start: string, data_classification: string | null, allowed: number, denied: number) => ({
    start,
    data_classification,
    allowed,
    denied,
  });
  const pieces = [
    piece('2026-11-20T00:00:00Z', 'internal', 2, 0),
    piece('2026-11-20T00:00:00Z', null, 1, 1),
    piece('2026-11-22T00:00:00Z', 'internal', 3, 0),
  ];
  const time = { from: '2026-11-20T08:00:00Z', to: '2026-11-22T08:00:00Z', grouping: 'day' };
  const all = byTime(pieces, time, 'all');
  expect(all.map(({ allowed, denied }) => [allowed, denied])).toEqual([
    [3, 1],
    [0, 0],
    [3, 0],
  ]);
  expect(byTime(pieces, time, 'none')[0]).toMatchObject({ allowed: 1, denied: 1 });
  expect(byTime(pieces, time, 'internal')[0]?.start).toBe('2026-11-20T00:00:00.000Z');
  const months = { from: '2026-01-31T00:00:00Z', to: '2026-04-02T00:00:00Z', grouping: 'month' };
  expect(byTime([], months, 'all')).toHaveLength(4);
});
