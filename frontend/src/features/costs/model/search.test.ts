import { expect, test } from 'vitest';
import { apiQuery, grouping, isNarrowed, readSearch, span } from './search';

const now = Date.parse('2026-11-21T10:30:20Z');

test('an address keeps what it can hold and drops the rest', () => {
  expect(readSearch({ period: 'week', from: '2026-01-01', model: 'gpt-4o', grouping: 'minute' })).toEqual({
    period: 'week',
    model: 'gpt-4o',
  });
  expect(readSearch({ period: 'custom', from: '2026-01-01', to: 'soon' })).toEqual({
    period: 'custom',
    from: '2026-01-01',
  });
  expect(isNarrowed({ period: 'day', grouping: 'hour' })).toBe(false);
  expect(isNarrowed({ agent: 'x' })).toBe(true);
});

test('a time ends with the minute, and a day of one’s own is whole', () => {
  expect(span({}, now)).toEqual({ start: '2026-10-22T10:31:00.000Z', end: '2026-11-21T10:31:00.000Z' });
  expect(span({ period: 'custom', from: '2026-11-01', to: '2026-11-01' }, now)).toEqual({
    start: '2026-11-01T00:00:00.000Z',
    end: '2026-11-02T00:00:00.000Z',
  });
  const reversed = span({ period: 'custom', from: '2026-12-01', to: '2026-11-01' }, now);
  expect(Date.parse(reversed.start)).toBeLessThan(Date.parse(reversed.end));
});

test('pieces are as long as a plot can show', () => {
  expect(grouping({ period: 'day' }, now)).toBe('hour');
  expect(grouping({}, now)).toBe('day');
  expect(grouping({ period: 'quarter' }, now)).toBe('week');
  expect(grouping({ period: 'year' }, now)).toBe('month');
  expect(grouping({ period: 'year', grouping: 'day' }, now)).toBe('day');
  expect(apiQuery({ agent: 'a', period: 'day' }, now)).toMatchObject({
    agent_id: 'a',
    model_name: undefined,
  });
});
