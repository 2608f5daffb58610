import { describe, expect, it } from 'vitest';
import { endOf, hoursOf, levelsOf, spanLength, spanName, spansWith } from './levels';

describe('levels', () => {
  it('leave out what a kind does not have', () => {
    expect(levelsOf('connector')).not.toContain('clone');
    expect(levelsOf('conversation')).not.toContain('execute');
    expect(levelsOf('agent').at(-1)).toBe('admin');
  });
});

describe('an end', () => {
  const now = Date.parse('2026-11-21T10:00:00Z');
  it('is missing for good, some hours on, or the end of a day', () => {
    expect(endOf('', '', now)).toBeNull();
    expect(endOf('8', '', now)).toBe('2026-11-21T18:00:00.000Z');
    const day = new Date(endOf('date', '2026-12-24', now) ?? '');
    expect([day.getDate(), day.getHours(), day.getMinutes()]).toEqual([24, 23, 59]);
  });
  it('is said in days where it is whole ones', () => {
    expect([null, 1, 8, 24, 168].map((hours) => spanName(hours))).toEqual([
      'without an end',
      'for 1 hour',
      'for 8 hours',
      'for 1 day',
      'for 7 days',
    ]);
  });
  it('can be just what was asked for, and is never rounded to more', () => {
    expect(spansWith(undefined)).toEqual([8, 24, 168, 720]);
    expect(spansWith(1)).toEqual([1, 8, 24, 168, 720]);
    expect(spansWith(24)).toEqual([8, 24, 168, 720]);
    expect([1, 8, 24, 168].map(spanLength)).toEqual(['1 hour', '8 hours', '1 day', '7 days']);
  });
  it('is hours in a wish', () => {
    expect(hoursOf('')).toBeUndefined();
    expect(hoursOf('168')).toBe(168);
  });
});
