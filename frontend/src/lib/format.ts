/** Times, durations, sizes and counts as the interface writes them. */
import { locale, t } from './i18n';

const DAY = 86_400_000;

function startOfDay(time: number): number {
  const day = new Date(time);
  day.setHours(0, 0, 0, 0);
  return day.getTime();
}

/** `10:42`. */
export function clock(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { hour: '2-digit', minute: '2-digit' }).format(new Date(iso));
}

/** `10:42:07.120`, for event timelines. */
export function preciseClock(iso: string): string {
  return new Intl.DateTimeFormat(locale(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
    hour12: false,
  }).format(new Date(iso));
}

/** `18 Nov 2026, 14:06`. */
export function dateTime(iso: string): string {
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso));
}

/** `3 min ago`, `yesterday`, then a date. */
export function ago(iso: string, now = Date.now()): string {
  const time = new Date(iso).getTime();
  const seconds = Math.round((now - time) / 1000);
  const words = new Intl.RelativeTimeFormat(locale(), { numeric: 'auto', style: 'short' });
  if (seconds < 45) return t('just now');
  if (seconds < 3600) return words.format(-Math.max(1, Math.round(seconds / 60)), 'minute');
  if (seconds < 86_400) return words.format(-Math.round(seconds / 3600), 'hour');
  if (seconds < 7 * 86_400) return words.format(-Math.round(seconds / 86_400), 'day');
  return new Intl.DateTimeFormat(locale(), { dateStyle: 'medium' }).format(new Date(iso));
}

/** The heading under which a conversation stands in the sidebar. */
export function dateGroup(iso: string, now = Date.now()): string {
  const today = startOfDay(now);
  const time = new Date(iso).getTime();
  if (time >= today) return t('Today');
  if (time >= today - DAY) return t('Yesterday');
  if (time >= today - 7 * DAY) return t('Previous 7 days');
  if (time >= today - 30 * DAY) return t('Previous 30 days');
  const day = new Date(iso);
  const sameYear = day.getFullYear() === new Date(now).getFullYear();
  return new Intl.DateTimeFormat(locale(), {
    month: 'long',
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(day);
}

/** `840 ms`, `1.8 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const minutes = Math.floor(ms / 60_000);
  return `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** `12 B`, `4.2 KB`, `1.1 MB`. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${(count / 1000).toFixed(count < 10_000 ? 1 : 0)} KB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}

/** `1,204`. */
export function count(value: number): string {
  return new Intl.NumberFormat(locale()).format(value);
}

/** An amount as short as it can be: $3, $0.15. */
export function money(value: number, currency: string): string {
  return new Intl.NumberFormat('en', {
    style: 'currency',
    currency,
    minimumFractionDigits: 0,
    maximumFractionDigits: 2,
  }).format(value);
}

/** What something cost, small amounts with as many digits as they need: `$3.20`, `$0.0042`. */
export function price(amount: string, currency: string): string {
  const value = Number(amount);
  const size = Math.abs(value);
  const digits = size > 0 && size < 1 ? Math.min(9, Math.ceil(-Math.log10(size)) + 2) : 2;
  return new Intl.NumberFormat(locale(), {
    style: 'currency',
    currency,
    minimumFractionDigits: 2,
    maximumFractionDigits: digits,
  }).format(value);
}

/** `18.2k`, `200k`. */
export function short(value: number): string {
  return new Intl.NumberFormat(locale(), { notation: 'compact', maximumFractionDigits: 1 })
    .format(value)
    .toLowerCase();
}

/** An estimate without a tokenizer: about four characters of English each, fewer for other scripts. */
export function estimateTokens(text: string): number {
  let wide = 0;
  for (const char of text) if ((char.codePointAt(0) ?? 0) > 0x2fff) wide += 1;
  return Math.ceil((text.length - wide) / 4 + wide * 0.8);
}

/** `FL` of "Finance lead". */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter(Boolean);
  return `${words[0]?.[0] ?? ''}${words.length > 1 ? (words.at(-1)?.[0] ?? '') : ''}`.toUpperCase() || '?';
}
