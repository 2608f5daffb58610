/** The schedules among the triggers of a graph, and what their crons mean in words. */
import { locale, t } from '@/lib/i18n';
import type { Graph } from './graph';

export interface Schedule {
  /** Its place among the triggers of the graph. */
  position: number;
  cron: string;
  /** UTC where it is absent. */
  zone: string | undefined;
}

export type Trigger = Record<string, unknown>;

/** What is chosen most, and what it is called. */
export function presets(): { cron: string; name: string }[] {
  return [
    { cron: '0 * * * *', name: t('Every hour') },
    { cron: '0 9 * * 1-5', name: t('Weekdays at 9:00') },
    { cron: '0 9 * * 1', name: t('Every Monday at 9:00') },
  ];
}

export const triggersOf = (graph: Graph): Trigger[] => (Array.isArray(graph.triggers) ? graph.triggers : []);

export function schedulesOf(graph: Graph): Schedule[] {
  return triggersOf(graph).flatMap((trigger, position) =>
    trigger?.type === 'schedule'
      ? [
          {
            position,
            cron: String(trigger.cron ?? ''),
            zone: typeof trigger.time_zone === 'string' ? trigger.time_zone : undefined,
          },
        ]
      : [],
  );
}

/** The triggers with one more schedule. */
export function withSchedule(graph: Graph, cron: string, zone: string): Trigger[] {
  return [...triggersOf(graph), { type: 'schedule', cron, time_zone: zone }];
}

/** The triggers with another cron or zone at a place. */
export function changedSchedule(
  graph: Graph,
  position: number,
  change: { cron?: string; time_zone?: string },
): Trigger[] {
  return triggersOf(graph).map((trigger, at) => (at === position ? { ...trigger, ...change } : trigger));
}

export function withoutSchedule(graph: Graph, position: number): Trigger[] {
  return triggersOf(graph).filter((_, at) => at !== position);
}

const DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

/** The name of a day of the week, 0 and 7 being Sunday. */
function dayName(day: number): string {
  // 4 January 1970 was a Sunday.
  const date = new Date(Date.UTC(1970, 0, 4 + (day % 7)));
  return new Intl.DateTimeFormat(locale(), { weekday: 'long', timeZone: 'UTC' }).format(date);
}

function whole(text: string, from: number, to: number): number | undefined {
  const value = /^\d{1,2}$/.test(text) ? Number(text) : undefined;
  return value !== undefined && value >= from && value <= to ? value : undefined;
}

/** What a cron means, where that is simply said. */
export function inWords(cron: string): string | undefined {
  const fields = cron.trim().toUpperCase().split(/\s+/);
  if (fields.length !== 5) return undefined;
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  if (month !== '*') return undefined;
  const daily = day === '*' && weekday === '*';
  if (daily && hour === '*') {
    if (minute === '*' || minute === '*/1') return t('every minute');
    const step = whole(minute.replace(/^\*\//, ''), 1, 59);
    if (minute.startsWith('*/')) {
      // Steps that do not fill an hour are not equally far apart.
      return step !== undefined && 60 % step === 0
        ? t('every {{count}} minutes', { count: step })
        : undefined;
    }
    return step !== undefined || minute === '0'
      ? t('every hour, at minute {{minute}}', { minute: Number(minute) })
      : undefined;
  }
  const [m, h] = [whole(minute, 0, 59), whole(hour, 0, 23)];
  if (m === undefined || h === undefined) return undefined;
  const time = `${h}:${String(m).padStart(2, '0')}`;
  if (daily) return t('every day at {{time}}', { time });
  if (day === '*') {
    if (weekday === '1-5' || weekday === 'MON-FRI') return t('on weekdays at {{time}}', { time });
    const named = DAYS.indexOf(weekday);
    const number = named >= 0 ? named : whole(weekday, 0, 7);
    return number === undefined ? undefined : t('every {{day}} at {{time}}', { day: dayName(number), time });
  }
  const date = whole(day, 1, 31);
  return weekday === '*' && date !== undefined
    ? t('on day {{date}} of a month at {{time}}', { date, time })
    : undefined;
}

/** A moment to come in a few letters: the time within a day, the date after that. */
export function soon(iso: string, now = Date.now()): string {
  const time = new Date(iso);
  const near = time.getTime() - now < 86_400_000;
  const parts: Intl.DateTimeFormatOptions = near
    ? { hour: '2-digit', minute: '2-digit' }
    : { month: 'short', day: 'numeric' };
  return new Intl.DateTimeFormat(locale(), parts).format(time);
}

/** The zone of the reader's clock. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

/** Every zone that can be chosen, the reader's own first; one that the browser does not know stays choosable. */
export function zones(chosen: readonly string[]): string[] {
  return [...new Set([ownZone(), 'UTC', ...chosen, ...Intl.supportedValuesOf('timeZone')])];
}
