import { describe, expect, it } from 'vitest';
import { apiQuery, exportAddress, isFiltered, readReportSearch, readSearch, reportDays } from './search';

describe('the address of the audit log', () => {
  it('keeps what it knows and drops the rest', () => {
    expect(
      readSearch({
        person: 'a',
        decision: 'maybe',
        period: 'year',
        from: '2026-11-01',
        label: 'restricted',
        evil: 'x',
      }),
    ).toEqual({ person: 'a', label: 'restricted' });
    expect(readSearch({ period: 'custom', from: '2026-11-01', to: '1st' })).toEqual({
      period: 'custom',
      from: '2026-11-01',
    });
    expect(readReportSearch({ from: '2026-13-01', to: '2026-11-02' })).toEqual({ to: '2026-11-02' });
  });

  it('counts an open entry as no filter', () => {
    expect(isFiltered({ entry: 'x' })).toBe(false);
    expect(isFiltered({ entry: 'x', decision: 'deny' })).toBe(true);
  });

  it('asks the same question for a minute', () => {
    const now = Date.parse('2026-11-21T08:00:30Z');
    expect(apiQuery({ period: 'day' }, now)).toEqual(apiQuery({ period: 'day' }, now + 20_000));
    expect(apiQuery({ period: 'day' }, now).ts_from).toBe('2026-11-20T08:00:00.000Z');
  });

  it('ends a custom time with its last day', () => {
    const query = apiQuery({ period: 'custom', from: '2026-11-01', to: '2026-11-02' });
    expect(Date.parse(query.ts_to ?? '') - Date.parse(query.ts_from ?? '')).toBe(2 * 86_400_000);
  });

  it('finds what begins as it is typed', () => {
    expect(apiQuery({ action: 'agent.' }).action).toBe('agent.*');
    expect(apiQuery({ action: 'agent.*' }).action).toBe('agent.*');
    expect(exportAddress('org', 'csv', { target: 'a&b', entry: 'x' })).toBe(
      '/api/v1/orgs/org/audit/export?format=csv&target=a%26b*',
    );
  });

  it('reports on 30 days unless told otherwise', () => {
    expect(reportDays({}, Date.parse('2026-11-21T12:00:00'))).toEqual({
      from: '2026-10-22',
      to: '2026-11-21',
    });
    expect(reportDays({ from: '2026-01-01', to: '2026-02-01' })).toEqual({
      from: '2026-01-01',
      to: '2026-02-01',
    });
  });
});
