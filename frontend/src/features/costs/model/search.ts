/** What the address of the costs page says: the time, how long its pieces are, and what narrows it. */

export const periods = ['day', 'week', 'month', 'quarter', 'year', 'custom'] as const;
export type Period = (typeof periods)[number];
export const groupings = ['hour', 'day', 'week', 'month'] as const;
export type Grouping = (typeof groupings)[number];

export interface CostSearch {
  period?: Period;
  /** Days, as `2026-11-21`; they count where the period is `custom`. */
  from?: string;
  to?: string;
  grouping?: Grouping;
  agent?: string;
  environment?: string;
  model?: string;
  person?: string;
  currency?: string;
}

const DAY = 86_400_000;
const DAYS: Record<Exclude<Period, 'custom'>, number> = {
  day: 1,
  week: 7,
  month: 30,
  quarter: 91,
  year: 365,
};

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function day(value: unknown): string | undefined {
  const read = text(value);
  return read && /^\d{4}-\d{2}-\d{2}$/.test(read) && !Number.isNaN(Date.parse(read)) ? read : undefined;
}

/** Reads an address; what it cannot hold is left out. */
export function readSearch(search: Record<string, unknown>): CostSearch {
  const period = periods.find((known) => known === search.period);
  const read: CostSearch = {
    period,
    from: period === 'custom' ? day(search.from) : undefined,
    to: period === 'custom' ? day(search.to) : undefined,
    grouping: groupings.find((known) => known === search.grouping),
    agent: text(search.agent),
    environment: text(search.environment),
    model: text(search.model),
    person: text(search.person),
    currency: text(search.currency),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

/** Whether anything but the time narrows what is counted. */
export function isNarrowed(search: CostSearch): boolean {
  return Boolean(search.agent || search.environment || search.model || search.person);
}

/** The time of a question. The end is rounded up to a minute, so that the same filters are the same question. */
export function span(search: CostSearch, now = Date.now()): { start: string; end: string } {
  const minute = Math.ceil(now / 60_000) * 60_000;
  const period = search.period ?? 'month';
  if (period === 'custom') {
    const end = search.to ? new Date(`${search.to}T00:00:00Z`).getTime() + DAY : minute;
    const start = search.from ? new Date(`${search.from}T00:00:00Z`).getTime() : end - 30 * DAY;
    return { start: new Date(Math.min(start, end - 1)).toISOString(), end: new Date(end).toISOString() };
  }
  return { start: new Date(minute - DAYS[period] * DAY).toISOString(), end: new Date(minute).toISOString() };
}

/** How long pieces are where nobody says: so many that a plot of them can be read. */
export function grouping(search: CostSearch, now = Date.now()): Grouping {
  if (search.grouping) return search.grouping;
  const { start, end } = span(search, now);
  const days = (Date.parse(end) - Date.parse(start)) / DAY;
  if (days <= 2) return 'hour';
  if (days <= 62) return 'day';
  return days <= 200 ? 'week' : 'month';
}

/** The parameters of the API. */
export function apiQuery(search: CostSearch, now = Date.now()) {
  const { start, end } = span(search, now);
  return {
    start_date: start,
    end_date: end,
    agent_id: search.agent,
    environment_id: search.environment,
    model_name: search.model,
    user_id: search.person,
  };
}
