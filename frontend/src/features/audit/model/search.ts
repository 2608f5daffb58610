/** What the address of the audit pages says: filters, the open entry, the time of a report. */

/** Filters of the log, as the address holds them. */
export interface AuditSearch {
  person?: string;
  action?: string;
  target?: string;
  decision?: 'allow' | 'deny';
  label?: string;
  period?: Period;
  /** Days, as `2026-11-21`; they count where the period is `custom`. */
  from?: string;
  to?: string;
  /** The entry that is shown. */
  entry?: string;
}

export const periods = ['day', 'week', 'month', 'custom'] as const;
export type Period = (typeof periods)[number];

/** The time that a compliance report is of. */
export interface ReportSearch {
  from?: string;
  to?: string;
}

const DAY = 86_400_000;
const SPANS: Record<Exclude<Period, 'custom'>, number> = { day: DAY, week: 7 * DAY, month: 30 * DAY };

const text = (value: unknown) => (typeof value === 'string' && value !== '' ? value : undefined);

function day(value: unknown): string | undefined {
  const read = text(value);
  return read && /^\d{4}-\d{2}-\d{2}$/.test(read) && !Number.isNaN(Date.parse(read)) ? read : undefined;
}

/** Reads an address; what it cannot hold is left out. */
export function readSearch(search: Record<string, unknown>): AuditSearch {
  const decision = text(search.decision);
  const period = periods.find((known) => known === search.period);
  const read: AuditSearch = {
    person: text(search.person),
    action: text(search.action),
    target: text(search.target),
    decision: decision === 'allow' || decision === 'deny' ? decision : undefined,
    label: text(search.label),
    period,
    from: period === 'custom' ? day(search.from) : undefined,
    to: period === 'custom' ? day(search.to) : undefined,
    entry: text(search.entry),
  };
  return Object.fromEntries(Object.entries(read).filter(([, value]) => value !== undefined));
}

export function readReportSearch(search: Record<string, unknown>): ReportSearch {
  const [from, to] = [day(search.from), day(search.to)];
  return { ...(from ? { from } : {}), ...(to ? { to } : {}) };
}

/** Whether anything narrows the list. */
export function isFiltered({ entry: _, ...filters }: AuditSearch): boolean {
  return Object.keys(filters).length > 0;
}

/** Local midnight of a day, or of the one after it. */
export function moment(date: string, after = 0): string {
  const at = new Date(`${date}T00:00:00`);
  at.setDate(at.getDate() + after);
  return at.toISOString();
}

/** The parameters of the API for these filters. `now` is rounded, so that the same filters are the same question. */
export function apiQuery(search: AuditSearch, now = Date.now()) {
  const minute = Math.floor(now / 60_000) * 60_000;
  const { period } = search;
  const since =
    period === undefined
      ? undefined
      : period === 'custom'
        ? search.from && moment(search.from)
        : new Date(minute - SPANS[period]).toISOString();
  return {
    user_id: search.person,
    action: search.action && beginning(search.action),
    target: search.target && beginning(search.target),
    decision: search.decision,
    data_classification: search.label as 'public' | 'internal' | 'confidential' | 'restricted' | undefined,
    ts_from: since,
    ts_to: period === 'custom' && search.to ? moment(search.to, 1) : undefined,
  };
}

/** People type the beginning of a name; the API is told so by an asterisk. */
function beginning(typed: string): string {
  return typed.endsWith('*') ? typed : `${typed}*`;
}

/** The address of an export with these filters. */
export function exportAddress(organizationId: string, format: 'jsonl' | 'csv', search: AuditSearch): string {
  const parameters = new URLSearchParams({ format });
  for (const [name, value] of Object.entries(apiQuery(search))) if (value) parameters.set(name, value);
  return `/api/v1/orgs/${organizationId}/audit/export?${parameters}`;
}

/** The day of a moment, here. */
export function dayOf(time: number): string {
  const date = new Date(time);
  const two = (number: number) => String(number).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The days of a report: the last 30 where the address names none. */
export function reportDays(search: ReportSearch, now = Date.now()): { from: string; to: string } {
  const to = search.to ?? dayOf(now);
  const before = new Date(`${to}T00:00:00`);
  before.setDate(before.getDate() - 30);
  return { from: search.from ?? dayOf(before.getTime()), to };
}
