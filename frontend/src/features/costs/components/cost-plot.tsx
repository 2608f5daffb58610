/**
 * Cost by pieces of time: bars that are read with the pointer or with the arrow keys, and the same as a table. Drawn by
 * hand, since one kind of bar does not need a library.
 */
import { useId, useLayoutEffect, useRef, useState } from 'react';
import { Segmented } from '@/components/ui/segmented';
import { cx } from '@/lib/cx';
import { count, price } from '@/lib/format';
import { locale, t } from '@/lib/i18n';
import { bars, labelled, ticks } from '../model/plot';
import type { Grouping } from '../model/search';
import type { Piece } from '../queries';

const HEIGHT = 240;
const LEFT = 64;
const BOTTOM = 24;
const TOP = 10;

/** `12 Nov`, `12 Nov, 10:00` or `Nov 2026`; days are those of UTC, as the server counts. */
export function pieceName(start: string, grouping: Grouping): string {
  const form: Intl.DateTimeFormatOptions =
    grouping === 'month'
      ? { month: 'short', year: 'numeric' }
      : grouping === 'hour'
        ? { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }
        : { day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat(locale(), { ...form, timeZone: 'UTC' }).format(new Date(start));
}

export function CostPlot({
  title,
  pieces,
  grouping,
  currency,
}: {
  title: string;
  pieces: Piece[];
  grouping: Grouping;
  currency: string;
}) {
  const [shown, setShown] = useState<'plot' | 'table'>('plot');
  const heading = useId();
  return (
    <section className="card" aria-labelledby={heading}>
      <div className="flex flex-wrap items-center gap-3 px-4 pt-4">
        <h2 id={heading} className="h flex-1">
          {title}
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
        <Plot title={title} pieces={pieces} grouping={grouping} currency={currency} />
      ) : (
        <PieceTable title={title} pieces={pieces} grouping={grouping} currency={currency} />
      )}
    </section>
  );
}

function Plot({
  title,
  pieces,
  grouping,
  currency,
}: {
  title: string;
  pieces: Piece[];
  grouping: Grouping;
  currency: string;
}) {
  const field = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(800);
  const [at, setAt] = useState(Math.max(0, pieces.length - 1));
  const [looking, setLooking] = useState(false);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    const measure = () => setWidth(Math.max(240, element.clientWidth));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const values = pieces.map((piece) => Number(piece.cost));
  const scale = ticks(Math.max(0, ...values));
  const top = scale.at(-1) ?? 1;
  const inner = { width: width - LEFT, height: HEIGHT - BOTTOM - TOP };
  const all = bars(values, inner.width, inner.height, top);
  const labels = labelled(pieces.length, Math.floor(inner.width / 76));
  const slot = inner.width / Math.max(1, pieces.length);
  const here = Math.min(at, pieces.length - 1);
  const piece = pieces[here];
  const said = piece
    ? t('{{when}}: {{cost}}, {{count}} calls', {
        when: pieceName(piece.start, grouping),
        cost: price(piece.cost, currency),
        count: piece.calls,
      })
    : t('Nothing');
  const move = (to: number) => setAt(Math.max(0, Math.min(pieces.length - 1, to)));
  return (
    <div className="plot">
      <p className="plot-said text-sm text-text-2">
        {looking ? said : t('Point at a bar, or use the arrow keys.')}
      </p>
      <div
        ref={field}
        className="plot-field"
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-valuemin={1}
        aria-valuemax={Math.max(1, pieces.length)}
        aria-valuenow={here + 1}
        aria-valuetext={said}
        onFocus={() => setLooking(true)}
        onBlur={() => setLooking(false)}
        onPointerLeave={() => setLooking(document.activeElement === field.current)}
        onKeyDown={(event) => {
          const steps: Record<string, number> = {
            ArrowRight: here + 1,
            ArrowUp: here + 1,
            ArrowLeft: here - 1,
            ArrowDown: here - 1,
            Home: 0,
            End: pieces.length - 1,
          };
          const to = steps[event.key];
          if (to === undefined) return;
          event.preventDefault();
          move(to);
        }}
      >
        <svg viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
          {scale.map((tick) => {
            const y = TOP + inner.height - (tick / top) * inner.height;
            return (
              <g key={tick}>
                <line className="grid-line" x1={LEFT} x2={width} y1={y} y2={y} />
                <text x={LEFT - 8} y={y + 4} textAnchor="end">
                  {price(String(tick), currency)}
                </text>
              </g>
            );
          })}
          {all.map((bar, index) => {
            const on = looking && index === here;
            const start = pieces[index]?.start ?? '';
            return (
              <g key={start}>
                <rect
                  className={cx('slot', on && 'on')}
                  x={LEFT + index * slot}
                  y={TOP}
                  width={slot}
                  height={inner.height}
                  onPointerEnter={() => {
                    setAt(index);
                    setLooking(true);
                  }}
                />
                <rect
                  className={cx('bar', on && 'on')}
                  x={LEFT + bar.x}
                  y={TOP + bar.y}
                  width={bar.width}
                  height={bar.height}
                  rx={Math.min(3, bar.width / 2)}
                  pointerEvents="none"
                />
                {labels.has(index) && (
                  <text
                    x={Math.min(width - 22, LEFT + index * slot + slot / 2)}
                    y={HEIGHT - 6}
                    textAnchor="middle"
                  >
                    {pieceName(start, grouping)}
                  </text>
                )}
              </g>
            );
          })}
        </svg>
      </div>
    </div>
  );
}

function PieceTable({
  title,
  pieces,
  grouping,
  currency,
}: {
  title: string;
  pieces: Piece[];
  grouping: Grouping;
  currency: string;
}) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reachable by keyboard
    <section className="cost-scroll mt-3 max-h-80 overflow-y-auto" tabIndex={0} aria-label={title}>
      <table className="table cost-table num">
        <thead>
          <tr>
            <th scope="col">{t('From')}</th>
            <th scope="col" className="text-right!">
              {t('Calls')}
            </th>
            <th scope="col" className="text-right!">
              {t('Tokens read')}
            </th>
            <th scope="col" className="text-right!">
              {t('Tokens written')}
            </th>
            <th scope="col" className="text-right!">
              {t('Cost')}
            </th>
          </tr>
        </thead>
        <tbody>
          {pieces.map((piece) => (
            <tr key={piece.start}>
              <td className="whitespace-nowrap">{pieceName(piece.start, grouping)}</td>
              <td className="text-right">{count(piece.calls)}</td>
              <td className="text-right">{count(piece.input_tokens)}</td>
              <td className="text-right">{count(piece.output_tokens)}</td>
              <td className="text-right">{price(piece.cost, currency)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
