/** Conversations under their dates. */
import { describe, expect, it } from 'vitest';
import { dateGroup } from './format';

const now = new Date(2026, 10, 20, 9, 0).getTime();
const at = (...parts: [number, number, number, number?]) =>
  new Date(parts[0], parts[1], parts[2], parts[3] ?? 12).toISOString();

describe('dateGroup', () => {
  it.each([
    ['Today', at(2026, 10, 20, 0)],
    ['Yesterday', at(2026, 10, 19, 23)],
    ['Previous 7 days', at(2026, 10, 13, 1)],
    ['Previous 30 days', at(2026, 10, 12)],
    ['September', at(2026, 8, 1)],
    ['March 2025', at(2025, 2, 3)],
  ])('%s', (group, time) => {
    expect(dateGroup(time, now)).toBe(group);
  });
});
