import { expect, it } from 'vitest';
import { byLabel } from './compliance';

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
