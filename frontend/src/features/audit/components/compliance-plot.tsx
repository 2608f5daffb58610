/** Accesses by pieces of time, what was refused marked, for one label or all; read with the pointer or the arrow keys. */
import { useLayoutEffect, useRef, useState } from 'react';
import { SelectField } from '@/components/ui/field';
import { bars, labelled, pieceName, ticks } from '@/features/costs';
import { cx } from '@/lib/cx';
import { count } from '@/lib/format';
import { t } from '@/lib/i18n';
import { byTime, type Piece } from '../model/compliance';

const HEIGHT = 220;
const LEFT = 56;
const BOTTOM = 24;
const TOP = 10;

interface Time {
  from: string;
  to: string;
  grouping: 'hour' | 'day' | 'week' | 'month';
}

export function CompliancePlot({ pieces, time }: { pieces: Piece[]; time: Time }) {
  const field = useRef<HTMLDivElement>(null);
  const [label, setLabel] = useState('all');
  const [width, setWidth] = useState(800);
  const [at, setAt] = useState(Number.MAX_SAFE_INTEGER);
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
  const shown = byTime(pieces, time, label);
  const scale = ticks(Math.max(0, ...shown.map(({ allowed, denied }) => allowed + denied)));
  const top = scale.at(-1) ?? 1;
  const inner = { width: width - LEFT, height: HEIGHT - BOTTOM - TOP };
  const all = bars(
    shown.map(({ allowed, denied }) => allowed + denied),
    inner.width,
    inner.height,
    top,
  );
  const refused = bars(
    shown.map(({ denied }) => denied),
    inner.width,
    inner.height,
    top,
  );
  const labels = labelled(shown.length, Math.floor(inner.width / 76));
  const slot = inner.width / Math.max(1, shown.length);
  const here = Math.min(at, shown.length - 1);
  const piece = shown[here];
  const said = piece
    ? t('{{when}}: {{allowed}} allowed, {{denied}} denied', {
        when: pieceName(piece.start, time.grouping),
        allowed: count(piece.allowed),
        denied: count(piece.denied),
      })
    : t('Nothing');
  const steps: Record<string, number> = {
    ArrowRight: here + 1,
    ArrowUp: here + 1,
    ArrowLeft: here - 1,
    ArrowDown: here - 1,
    Home: 0,
    End: shown.length - 1,
  };
  return (
    <section className="card" aria-label={t('Over time')}>
      <div className="flex flex-wrap items-end gap-3 px-4 pt-4">
        <h2 className="h flex-1">{t('Over time')}</h2>
        <SelectField
          label={t('Label of the plot')}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        >
          <option value="all">{t('All')}</option>
          <option value="restricted">{t('Restricted')}</option>
          <option value="confidential">{t('Confidential')}</option>
          <option value="internal">{t('Internal')}</option>
          <option value="public">{t('Public')}</option>
          <option value="none">{t('No label')}</option>
        </SelectField>
      </div>
      <div className="audit-plot">
        <p className="num min-h-[1.45em] text-sm text-text-2">
          {looking ? said : t('Point at a bar, or use the arrow keys.')}
        </p>
        <div
          ref={field}
          className="audit-plot-field"
          role="slider"
          tabIndex={0}
          aria-label={t('Over time')}
          aria-valuemin={1}
          aria-valuemax={Math.max(1, shown.length)}
          aria-valuenow={here + 1}
          aria-valuetext={said}
          onFocus={() => setLooking(true)}
          onBlur={() => setLooking(false)}
          onPointerLeave={() => setLooking(document.activeElement === field.current)}
          onKeyDown={(event) => {
            const to = steps[event.key];
            if (to === undefined) return;
            event.preventDefault();
            setAt(Math.max(0, Math.min(shown.length - 1, to)));
          }}
        >
          <svg viewBox={`0 0 ${width} ${HEIGHT}`} aria-hidden="true">
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
            {shown.map(({ start }, index) => {
              const on = looking && index === here;
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
                  {[all[index], refused[index]].map(
                    (bar, which) =>
                      bar && (
                        <rect
                          key={which === 0 ? 'all' : 'denied'}
                          className={which === 0 ? 'bar' : 'bar denied'}
                          x={LEFT + bar.x}
                          y={TOP + bar.y}
                          width={bar.width}
                          height={bar.height}
                          pointerEvents="none"
                        />
                      ),
                  )}
                  {labels.has(index) && (
                    <text
                      x={Math.min(width - 22, LEFT + index * slot + slot / 2)}
                      y={HEIGHT - 6}
                      textAnchor="middle"
                    >
                      {pieceName(start, time.grouping)}
                    </text>
                  )}
                </g>
              );
            })}
          </svg>
        </div>
      </div>
    </section>
  );
}
