import { expect, test } from 'vitest';
import { bars, labelled, ticks } from './plot';

test('a scale is round and holds its largest value', () => {
  expect(ticks(0)).toEqual([0, 1]);
  expect(ticks(1)).toEqual([0, 0.25, 0.5, 0.75, 1]);
  expect(ticks(0.0031)).toEqual([0, 0.001, 0.002, 0.003, 0.004]);
  for (const most of [0.00007, 3, 9.99, 42, 12_345]) {
    const all = ticks(most);
    expect(all.at(-1)).toBeGreaterThanOrEqual(most);
    expect(all.length).toBeLessThanOrEqual(7);
  }
});

test('bars stand on the ground, side by side, and what is not nothing is seen', () => {
  const [first, second, third] = bars([10, 0.001, 0], 300, 100, 10);
  expect(first).toMatchObject({ y: 0, height: 100 });
  expect(second).toMatchObject({ height: 2, y: 98 });
  expect(third?.height).toBe(0);
  expect((first?.x ?? 0) + (first?.width ?? 0)).toBeLessThanOrEqual(second?.x ?? 0);
});

test('labels keep apart', () => {
  expect([...labelled(30, 8)]).toEqual([0, 4, 8, 12, 16, 20, 24, 28]);
  expect(labelled(3, 8).size).toBe(3);
});
