/** The log. Short ones are plain elements, so that the browser's own search sees them; long ones are virtual. */
import { useVirtualizer } from '@tanstack/react-virtual';
import { ArrowDown } from 'lucide-react';
import { type ReactNode, type RefObject, useLayoutEffect, useRef, useState } from 'react';
import { t } from '@/lib/i18n';
import { type LogScroll, useLogScroll, usePrependAnchor } from '../hooks/use-log-scroll';
import { lastQuestion, type Row } from '../model/rows';

export interface MessageListProps {
  rows: Row[];
  renderRow: (row: Row) => ReactNode;
  follow: boolean;
  hasOlder: boolean;
  loadingOlder: boolean;
  onOlder: () => void;
  onSwitchVersion: (messageId: string | null, step: -1 | 1) => void;
}

const GAP = 24;

function Frame({
  props,
  log,
  scroll,
  children,
}: {
  props: MessageListProps;
  log: RefObject<HTMLDivElement | null>;
  scroll: LogScroll;
  children: ReactNode;
}) {
  return (
    <div className="relative flex min-h-0 flex-1 flex-col">
      <div
        ref={log}
        role="log"
        aria-label={t('Messages')}
        aria-live="off"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a scroll area must be reachable by keyboard
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto overflow-x-hidden px-4 pt-4 outline-offset-[-2px] [--md-sticky:-1rem] md:[--md-sticky:-1.5rem] [overflow-anchor:none] [scrollbar-gutter:stable_both-edges] md:px-6 md:pt-6"
        onKeyDown={(event) => {
          if (!event.altKey || (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight')) return;
          const row = (event.target as HTMLElement).closest<HTMLElement>('[data-message]');
          event.preventDefault();
          props.onSwitchVersion(row?.dataset.message ?? null, event.key === 'ArrowLeft' ? -1 : 1);
        }}
      >
        {children}
      </div>
      {props.loadingOlder && (
        <p className="-translate-x-1/2 pointer-events-none absolute top-2 left-1/2 flex items-center gap-2 rounded-full border border-border bg-raised px-3 py-1 text-text-3 text-xs shadow-1">
          <span className="spin" /> {t('Earlier messages')}
        </p>
      )}
      <div className="pointer-events-none absolute inset-x-3 bottom-0 h-7 bg-linear-to-b from-transparent to-bg" />
      {!scroll.atEnd && (
        <button
          type="button"
          className="btn out rise -translate-x-1/2 absolute bottom-3 left-1/2 rounded-full! text-sm shadow-2!"
          onClick={() => scroll.toEnd()}
        >
          <ArrowDown size={15} />
          {t('Jump to latest')}
          {scroll.unread > 0 && (
            <span className="st count bg-accent! text-on-accent!">
              {t('{{count}} new', { count: scroll.unread })}
            </span>
          )}
        </button>
      )}
    </div>
  );
}

function attributes(row: Row): Record<string, string> {
  return row.kind === 'message'
    ? { 'data-row': row.key, 'data-message': row.message.id, 'data-role': row.message.role }
    : { 'data-row': row.key };
}

/** The free space below a short answer that lets its question stand at the top. */
function useTopMode(
  log: RefObject<HTMLDivElement | null>,
  rows: Row[],
  enabled: boolean,
  place: (index: number) => void,
): number {
  const at = lastQuestion(rows);
  const key = at >= 0 ? rows[at]?.key : undefined;
  const known = useRef(key);
  const [room, setRoom] = useState(0);
  const placing = useRef(place);
  placing.current = place;

  useLayoutEffect(() => {
    const element = log.current;
    if (!element || !enabled) return;
    const isNew = known.current !== key;
    known.current = key;
    if (!isNew || at < 0) return;
    setRoom(element.clientHeight);
    requestAnimationFrame(() => placing.current(at));
  }, [log, enabled, key, at]);

  return enabled ? room : 0;
}

function PlainList(props: MessageListProps) {
  const { rows } = props;
  const log = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const scroll = useLogScroll(log, content, rows.length, {
    follow: props.follow,
    onNearTop: () => props.hasOlder && props.onOlder(),
  });
  usePrependAnchor(log, rows[0]?.key, true);
  const room = useTopMode(log, rows, !props.follow, (index) => {
    const element = log.current;
    const row = element?.querySelector<HTMLElement>(`[data-row="${CSS.escape(rows[index]?.key ?? '')}"]`);
    if (element && row)
      element.scrollTop += row.getBoundingClientRect().top - element.getBoundingClientRect().top - 16;
  });
  const question = lastQuestion(rows);
  return (
    <Frame props={props} log={log} scroll={scroll}>
      <div ref={content} className="mx-auto grid max-w-[704px] grid-cols-[minmax(0,1fr)] gap-6 pb-8">
        {rows.slice(0, question < 0 ? rows.length : question).map((row) => (
          <div key={row.key} {...attributes(row)}>
            {props.renderRow(row)}
          </div>
        ))}
        {question >= 0 && (
          <div
            key="turn"
            className="grid grid-cols-[minmax(0,1fr)] content-start gap-6"
            style={room ? { minHeight: room - 48 } : undefined}
          >
            {rows.slice(question).map((row) => (
              <div key={row.key} {...attributes(row)}>
                {props.renderRow(row)}
              </div>
            ))}
          </div>
        )}
      </div>
    </Frame>
  );
}

function VirtualList(props: MessageListProps) {
  const { rows } = props;
  const log = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => log.current,
    getItemKey: (index) => rows[index]?.key ?? index,
    estimateSize: (index) =>
      rows[index]?.kind === 'message' && rows[index].message.role === 'user' ? 96 : 240,
    overscan: 4,
    gap: GAP,
    anchorTo: 'end',
    scrollEndThreshold: 2,
    initialOffset: () => Number.MAX_SAFE_INTEGER,
  });
  const scroll = useLogScroll(log, content, rows.length, {
    follow: props.follow,
    scrollToEnd: (smooth) => virtualizer.scrollToEnd({ behavior: smooth ? 'smooth' : 'auto' }),
    onNearTop: () => props.hasOlder && props.onOlder(),
  });
  useTopMode(log, rows, !props.follow, (index) => virtualizer.scrollToIndex(index, { align: 'start' }));
  const items = virtualizer.getVirtualItems();
  return (
    <Frame props={props} log={log} scroll={scroll}>
      <div
        ref={content}
        className="relative mx-auto max-w-[704px]"
        style={{ height: virtualizer.getTotalSize() + 32 }}
      >
        <div
          className="absolute inset-x-0 top-0 grid grid-cols-[minmax(0,1fr)] gap-6"
          style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}
        >
          {items.map((item) => {
            const row = rows[item.index];
            if (!row) return null;
            return (
              <div
                key={row.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                {...attributes(row)}
              >
                {props.renderRow(row)}
              </div>
            );
          })}
        </div>
      </div>
    </Frame>
  );
}

export function MessageList(props: MessageListProps) {
  // Decided once per conversation: changing the kind of list under the reader would lose their place.
  const [virtual] = useState(() => props.hasOlder || props.rows.length > 100);
  return virtual ? <VirtualList {...props} /> : <PlainList {...props} />;
}
