/** Levels of access in words, and until when something is granted. */
import type { AccessLevel, SharedKind } from '@/api/types';
import { t } from '@/lib/i18n';

const levels: Record<SharedKind, readonly AccessLevel[]> = {
  agent: ['read', 'clone', 'execute', 'write', 'admin'],
  connector: ['read', 'execute', 'write', 'admin'],
  conversation: ['read', 'clone', 'write', 'admin'],
  workflow: ['read', 'clone', 'execute', 'write', 'admin'],
};

/** The levels that a kind has, the least first. */
export function levelsOf(kind: SharedKind): readonly AccessLevel[] {
  return levels[kind];
}

/** What a level lets somebody do. */
export function levelName(level: AccessLevel): string {
  switch (level) {
    case 'read':
      return t('See');
    case 'clone':
      return t('See and copy');
    case 'execute':
      return t('See and use');
    case 'write':
      return t('Use and change');
    default:
      return t('Everything, sharing too');
  }
}

/** What a kind is called within a sentence. */
export function kindName(kind: SharedKind): string {
  if (kind === 'agent') return t('agent');
  if (kind === 'workflow') return t('workflow');
  return kind === 'connector' ? t('MCP server') : t('conversation');
}

/** `for 8 hours`, `for 7 days`. */
export function spanName(hours: number | null | undefined): string {
  if (!hours) return t('without an end');
  return hours % 24 === 0
    ? t('for {{count}} days', { count: hours / 24 })
    : t('for {{count}} hours', { count: hours });
}

/** How long something is granted or asked for; hours, for good, or until a day that somebody chooses. */
export type Lasting = '' | 'date' | `${number}`;

/** The spans to choose from, in hours. */
const spans = [8, 24, 168, 720];

/** Them, and what somebody asked for. */
export function spansWith(asked: number | null | undefined): number[] {
  return asked && !spans.includes(asked) ? [...spans, asked].sort((a, b) => a - b) : spans;
}

/** `8 hours`, `7 days`. */
export function spanLength(hours: number): string {
  return hours % 24 === 0
    ? t('{{count}} days', { count: hours / 24 })
    : t('{{count}} hours', { count: hours });
}

/** Hours of a wish; nothing for good. */
export function hoursOf(lasting: Exclude<Lasting, 'date'>): number | undefined {
  return lasting === '' ? undefined : Number(lasting);
}

/** The moment at which a grant ends; `null` for good. A day ends with its last minute here. */
export function endOf(lasting: Lasting, date: string, now = Date.now()): string | null {
  if (lasting === '') return null;
  if (lasting === 'date') return new Date(`${date}T23:59:00`).toISOString();
  return new Date(now + Number(lasting) * 3_600_000).toISOString();
}
