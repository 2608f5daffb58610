/** Two versions against each other: signs and words beside the colours. */
import { useMemo } from 'react';
import { t } from '@/lib/i18n';
import { diffRows } from '../model/diff';

interface Props {
  before: string;
  after: string;
  label: string;
}

export function DiffView({ before, after, label }: Props) {
  const { rows, count } = useMemo(() => diffRows(before, after), [before, after]);
  if (count.added === 0 && count.removed === 0) {
    return <p className="p-4 text-sm text-text-2">{t('These two versions are the same.')}</p>;
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section would need a heading of its own
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable region must be reachable by keyboard
    <div className="artifact-diff" tabIndex={0} role="region" aria-label={label}>
      <p className="artifact-diff-head num">
        <span>{label}</span>
        <span className="text-ok">+{count.added}</span>
        <span className="text-err">−{count.removed}</span>
      </p>
      <table>
        <caption className="sr-only">{label}</caption>
        <tbody>
          {rows.map((row, index) =>
            row.kind === 'gap' ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: rows of a comparison have no identity of their own
              <tr key={index} data-kind="gap">
                <td colSpan={3}>{t('{{count}} unchanged lines', { count: row.lines })}</td>
              </tr>
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: as above
              <tr key={index} data-kind={row.kind}>
                <td className="num">{row.after ?? row.before}</td>
                <td>
                  {row.kind === 'added' ? '+' : row.kind === 'removed' ? '−' : ''}
                  {row.kind !== 'same' && (
                    <span className="sr-only">{row.kind === 'added' ? t('added') : t('removed')}</span>
                  )}
                </td>
                <td>{row.text || ' '}</td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </div>
  );
}
