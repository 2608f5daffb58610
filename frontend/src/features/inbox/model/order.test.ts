import { expect, it } from 'vitest';
import { byUrgency } from './order';

it('the most urgent question comes first, of those the one that is due first', () => {
  const late = '2026-11-24T10:00:00Z';
  const soon = '2026-11-23T10:00:00Z';
  const tasks = [
    { id: 'low', priority: 'low', due_at: soon },
    { id: 'new', priority: 'normal' },
    { id: 'old', priority: 'normal' },
    { id: 'late', priority: 'high', due_at: late },
    { id: 'soon', priority: 'high', due_at: soon },
    { id: 'now', priority: 'urgent' },
  ];
  expect(byUrgency(tasks).map(({ id }) => id)).toEqual(['now', 'soon', 'late', 'new', 'old', 'low']);
});
