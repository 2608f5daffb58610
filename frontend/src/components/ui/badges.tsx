/** Badges: shape tells the kind, colour never stands alone. */
import { Hexagon } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';

export type Tone = 'ok' | 'warn' | 'err' | 'info';

export function Status({ tone, icon, children }: { tone?: Tone; icon?: ReactNode; children: ReactNode }) {
  return (
    <span className={cx('st', tone, !icon && 'count')}>
      {icon}
      {children}
    </span>
  );
}

const agentColours = ['', 'green', 'purple'] as const;

/** The same agent has the same colour everywhere. */
export function agentColour(seed: string): (typeof agentColours)[number] {
  let sum = 0;
  for (const char of seed) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return agentColours[sum % agentColours.length] ?? '';
}

export function AgentBadge({
  name,
  id,
  note,
  title,
}: {
  name: string;
  id?: string;
  note?: string;
  title?: string;
}) {
  return (
    <span className={cx('agent', agentColour(id ?? name))} title={title}>
      <Hexagon strokeWidth={1.9} aria-hidden="true" />
      <span className="truncate">{name}</span>
      {note && <small>{note}</small>}
    </span>
  );
}

const levels = ['public', 'internal', 'confidential', 'restricted'];

export function Classification({ level }: { level: string }) {
  const at = Math.max(0, levels.indexOf(level));
  return (
    <span className={cx('class', at > 0 && `l${at + 1}`)}>{t(level[0]?.toUpperCase() + level.slice(1))}</span>
  );
}

/** Whether a label says more than "for members", which is what everything here is. */
export function isSensitive(level: string | null | undefined): level is string {
  return level === 'confidential' || level === 'restricted';
}
