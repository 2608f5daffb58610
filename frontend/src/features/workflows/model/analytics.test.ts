import { describe, expect, it } from 'vitest';
import type { WorkflowAnalytics } from '@/api/types';
import { beginning, failures, lengths } from './analytics';

function node(p50_ms: number | null, p95_ms: number | null): WorkflowAnalytics['nodes'][number] {
  return {
    node_id: 'a',
    name: null,
    runs: 1,
    begun: 1,
    failed: 0,
    skipped: 0,
    repeated: 0,
    durations: { count: 1, average_ms: p50_ms, p50_ms, p95_ms, longest_ms: p95_ms },
    waited: { count: 0, average_ms: null, p50_ms: null, p95_ms: null, longest_ms: null },
    error_code: null,
  };
}

describe('how a workflow does', () => {
  it('goes back as far as the period says', () => {
    const now = Date.parse('2026-11-22T10:00:00Z');
    expect(beginning('24h', now)).toBe('2026-11-21T10:00:00.000Z');
    expect(beginning('90d', now)).toBe('2026-08-24T10:00:00.000Z');
  });

  it('takes what was stopped for no failure', () => {
    const statuses: WorkflowAnalytics['statuses'] = [
      { status: 'succeeded', count: 5 },
      { status: 'failed', count: 2 },
      { status: 'timed_out', count: 1 },
      { status: 'cancelled', count: 4 },
      { status: 'waiting', count: 8 },
    ];
    expect(failures({ statuses })).toBe(3);
  });

  it('measures every time by the longest', () => {
    expect(lengths([node(50, 200), node(0, 100), node(null, null)])).toEqual([
      { usual: 25, slow: 100 },
      { usual: 1, slow: 50 },
      { usual: 0, slow: 0 },
    ]);
    expect(lengths([])).toEqual([]);
    expect(lengths([node(0, 0)])).toEqual([{ usual: 1, slow: 1 }]);
  });
});
