/** The nodes of a run in the order in which they began, each with its time as a bar. */
import { useState } from 'react';
import { Button } from '@/components/ui/button';
import { cx } from '@/lib/cx';
import { duration } from '@/lib/format';
import { t } from '@/lib/i18n';
import { type RunState, tookMs } from '../model/run-state';
import { nodeStatusName } from './node-look';

/** The newest are drawn first; a run of a thousand nodes would only be slow. */
const ROWS = 120;

export function RunTimeline({
  state,
  nameOf,
  chosen,
  now,
  onChoose,
}: {
  state: RunState;
  nameOf: (node: string) => string;
  /** The visit that is shown. */
  chosen: number | undefined;
  now: number;
  onChoose: (node: string, visit: number) => void;
}) {
  const [most, setMost] = useState(ROWS);
  const began = state.visits.filter((visit) => visit.status !== 'skipped');
  const shown = began.slice(-most);
  const first = state.startedAt ? Date.parse(state.startedAt) : now;
  const end = state.endedAt ? Date.parse(state.endedAt) : now;
  const span = Math.max(1, end - first);
  const share = (ms: number) => Math.min(100, Math.max(0, (ms / span) * 100));
  if (began.length === 0) {
    return <p className="p-4 text-sm text-text-3">{t('Nothing has begun yet.')}</p>;
  }
  return (
    <>
      {began.length > shown.length && (
        <div className="px-4 pt-2">
          <Button size="xs" variant="outline" onClick={() => setMost(most + 500)}>
            {t('Show earlier ones ({{number}} more)', { number: began.length - shown.length })}
          </Button>
        </div>
      )}
      <ol className="wf-gantt num" aria-label={t('Timeline')}>
        {shown.map((visit) => {
          const took = tookMs(visit, now) ?? 0;
          const start = visit.startedAt ? Date.parse(visit.startedAt) - first : 0;
          const left = Math.min(99, share(start));
          return (
            <li key={visit.index}>
              <button
                type="button"
                aria-current={visit.index === chosen || undefined}
                onClick={() => onChoose(visit.node, visit.index)}
              >
                <span className="truncate">
                  {nameOf(visit.node)}
                  {visit.iteration.length > 0 && (
                    <span className="text-text-3"> {visit.iteration.join('.')}</span>
                  )}
                  {visit.attempt > 1 && (
                    <span className="text-text-3"> {t('attempt {{number}}', { number: visit.attempt })}</span>
                  )}
                </span>
                <i aria-hidden="true">
                  <i
                    className={cx('wf-bar-time', visit.status)}
                    style={{ left: `${left}%`, width: `${Math.min(100 - left, Math.max(1, share(took)))}%` }}
                  />
                </i>
                <span className={cx('text-end', visit.status === 'failed' && 'text-err')}>
                  {visit.status === 'done' ? (
                    <>
                      <span className="sr-only">{nodeStatusName(visit.status)}, </span>
                      {duration(took)}
                    </>
                  ) : (
                    nodeStatusName(visit.status)
                  )}
                </span>
              </button>
            </li>
          );
        })}
      </ol>
    </>
  );
}
