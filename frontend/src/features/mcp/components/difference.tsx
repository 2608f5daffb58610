/** A tool whose definition changed after it was approved: what it was, what it is. */

import { diffLines } from 'diff';
import { ShieldAlert } from 'lucide-react';
import { useMemo } from 'react';
import type { Tool } from '@/api/types';
import { t } from '@/lib/i18n';

/** Stable text of any value, so that only real changes show. */
export function stable(value: unknown): string {
  const sort = (part: unknown): unknown => {
    if (Array.isArray(part)) return part.map(sort);
    if (part === null || typeof part !== 'object') return part;
    return Object.fromEntries(
      Object.entries(part)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([key, child]) => [key, sort(child)]),
    );
  };
  return typeof value === 'string' ? value : JSON.stringify(sort(value ?? null), null, 2);
}

export function Difference({ tool }: { tool: Tool }) {
  const { difference } = tool;
  const parts = useMemo(
    () =>
      difference
        ? diffLines(
            difference.before ? `${stable(difference.before)}\n` : '',
            `${stable(difference.after)}\n`,
          )
        : [],
    [difference],
  );
  return (
    <section className="tool-difference" aria-label={t('What changed')}>
      <header>
        <ShieldAlert size={16} className="flex-none text-warn" aria-hidden="true" />
        <p>
          <b className="font-semibold">
            {difference?.before
              ? t('The server changed this tool after it was approved.')
              : t('The server added this tool after it was first looked at.')}
          </b>{' '}
          {t('It cannot be called until someone has read and approved it.')}
        </p>
      </header>
      {parts.length > 0 && (
        <pre>
          {parts.map((part, index) => {
            const sign = part.added ? '+' : part.removed ? '−' : ' ';
            const lines = part.value.replace(/\n$/, '').split('\n');
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: parts of a comparison have no identity
              <span key={index} data-kind={part.added ? 'added' : part.removed ? 'removed' : 'same'}>
                {lines.map((line) => `${sign} ${line}\n`).join('')}
              </span>
            );
          })}
        </pre>
      )}
    </section>
  );
}
