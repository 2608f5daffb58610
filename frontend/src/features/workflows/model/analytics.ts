/** How a workflow does, as the page shows it: over which time, and how nodes compare. */
import type { WorkflowAnalytics } from '@/api/types';

export type Period = '24h' | '7d' | '30d' | '90d';

const HOURS: Record<Period, number> = { '24h': 24, '7d': 7 * 24, '30d': 30 * 24, '90d': 90 * 24 };

/** The moment that a period began. */
export function beginning(period: Period, now = Date.now()): string {
  return new Date(now - HOURS[period] * 3_600_000).toISOString();
}

/** How many runs have failed, by what they say themselves; one that somebody stopped has not. */
export function failures(told: Pick<WorkflowAnalytics, 'statuses'>): number {
  const failed = ['failed', 'timed_out', 'denied', 'interrupted'];
  return told.statuses.reduce((sum, one) => sum + (failed.includes(one.status) ? one.count : 0), 0);
}

/** How long bars of times are, in parts of a hundred of the longest; what took any time at all can be seen. */
export function lengths(nodes: Pick<WorkflowAnalytics, 'nodes'>['nodes']): { usual: number; slow: number }[] {
  const longest = Math.max(1, ...nodes.map((node) => node.durations.p95_ms ?? 0));
  const part = (ms: number | null) => (ms === null ? 0 : Math.max(1, (ms / longest) * 100));
  return nodes.map(({ durations }) => ({ usual: part(durations.p50_ms), slow: part(durations.p95_ms) }));
}
