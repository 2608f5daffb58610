/** Runs over time: bars with what failed at their foot, and the same as a table. */
import { useId, useLayoutEffect, useRef, useState } from 'react';
import type { WorkflowAnalytics } from '@/api/types';
import { Segmented } from '@/components/ui/segmented';
import { bars, labelled, pieceName, ticks } from '@/features/costs';
import { count } from '@/lib/format';
import { t } from '@/lib/i18n';

const HEIGHT = 160;
const LEFT = 40;
const BOTTOM = 24;
const TOP = 10;

type Pieces = Pick<WorkflowAnalytics, 'over_time' | 'grouping'>;

export function RunPlot({ over_time, grouping }: Pieces) {
  const [shown, setShown] = useState<'plot' | 'table'>('plot');
  const heading = useId();
  return (
    <section className="card grid gap-3 p-4" aria-labelledby={heading}>
      <div className="flex flex-wrap items-center gap-3">
        <h2 id={heading} className="h flex-1">
          {t('Runs over time')}
        </h2>
        <Segmented<'plot' | 'table'>
          label={t('Show as')}
          value={shown}
          onChange={setShown}
          options={[
            { value: 'plot', label: t('Plot') },
            { value: 'table', label: t('Table') },
          ]}
        />
      </div>
      {shown === 'plot' ? (
        <Plot over_time={over_time} grouping={grouping} />
      ) : (
        <PieceTable over_time={over_time} grouping={grouping} />
      )}
    </section>
  );
}

function said(piece: Pieces['over_time'][number], grouping: Pieces['grouping']): string {
  return t('{{when}}: runs {{runs}}, failed {{failed}}', {
    when: pieceName(piece.start, grouping),
    runs: piece.runs,
    failed: piece.failed,
  });
}

function Plot({ over_time: pieces, grouping }: Pieces) {
  const field = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(240, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const most = Math.max(0, ...pieces.map((piece) => piece.runs));
  // There is no half of a run.
  const scale = ticks(most).filter(Number.isInteger);
  const top = Math.max(1, scale.at(-1) ?? 1, most);
  const inner = { width: width - LEFT, height: HEIGHT - BOTTOM - TOP };
  const all = bars(
    pieces.map((piece) => piece.runs),
    inner.width,
    inner.height,
    top,
  );
  const bad = bars(
    pieces.map((piece) => piece.failed),
    inner.width,
    inner.height,
    top,
  );
  const labels = labelled(pieces.length, Math.floor(inner.width / 76));
  const slot = inner.width / Math.max(1, pieces.length);
  const runs = pieces.reduce((sum, piece) => sum + piece.runs, 0);
  const failed = pieces.reduce((sum, piece) => sum + piece.failed, 0);
  return (
    <div ref={field} className="grid gap-2">
      <svg
        className="wf-plot"
        viewBox={`0 0 ${width} ${HEIGHT}`}
        role="img"
        aria-label={t('Runs over time: {{runs}}, failed: {{failed}}', { runs, failed })}
      >
        {scale.map((tick) => {
          const y = TOP + inner.height - (tick / top) * inner.height;
          return (
            <g key={tick}>
              <line className="grid-line" x1={LEFT} x2={width} y1={y} y2={y} />
              <text x={LEFT - 8} y={y + 4} textAnchor="end">
                {count(tick)}
              </text>
            </g>
          );
        })}
        {pieces.map((piece, at) => (
          <g key={piece.start}>
            <title>{said(piece, grouping)}</title>
            {[all[at], bad[at]].map(
              (bar, which) =>
                bar &&
                bar.height > 0 && (
                  <rect
                    key={which === 0 ? 'well' : 'failed'}
                    className={which === 0 ? 'well' : 'failed'}
                    x={LEFT + bar.x}
                    y={TOP + bar.y}
                    width={bar.width}
                    height={bar.height}
                    rx={Math.min(3, bar.width / 2)}
                  />
                ),
            )}
            {labels.has(at) && (
              <text x={Math.min(width - 22, LEFT + at * slot + slot / 2)} y={HEIGHT - 6} textAnchor="middle">
                {pieceName(piece.start, grouping)}
              </text>
            )}
          </g>
        ))}
      </svg>
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-text-2" aria-hidden="true">
        <span className="flex items-center gap-2">
          <span className="wf-key" />
          {t('All runs')}
        </span>
        <span className="flex items-center gap-2">
          <span className="wf-key failed" />
          {t('Failed')}
        </span>
      </p>
    </div>
  );
}

function PieceTable({ over_time: pieces, grouping }: Pieces) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reachable by keyboard
    <section className="wf-scroll max-h-80 overflow-y-auto" tabIndex={0} aria-label={t('Runs over time')}>
      <table className="table num">
        <thead>
          <tr>
            <th scope="col">{t('From')}</th>
            <th scope="col" className="text-right!">
              {t('Runs')}
            </th>
            <th scope="col" className="text-right!">
              {t('Failed')}
            </th>
          </tr>
        </thead>
        <tbody>
          {pieces.map((piece) => (
            <tr key={piece.start}>
              <td className="whitespace-nowrap">{pieceName(piece.start, grouping)}</td>
              <td className="text-right">{count(piece.runs)}</td>
              <td className="text-right">{count(piece.failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
