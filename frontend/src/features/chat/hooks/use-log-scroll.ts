/**
 * Scrolling of the log. It follows the end only while the reader is there; one wheel, touch or key upwards and it
 * never moves under them again until they come back.
 */
import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** This near to the end counts as the end. */
const NEAR = 24;

export interface LogScroll {
  atEnd: boolean;
  /** Rows that came while the reader was elsewhere. */
  unread: number;
  toEnd: (smooth?: boolean) => void;
}

export function useLogScroll(
  log: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
  rowCount: number,
  options: {
    /** False keeps the question at the top instead. */
    follow: boolean;
    /** The virtual list places the end itself. */
    scrollToEnd?: (smooth: boolean) => void;
    onNearTop: () => void;
  },
): LogScroll {
  const [atEnd, setAtEnd] = useState(true);
  const [seen, setSeen] = useState(rowCount);
  const following = useRef(true);
  const last = useRef({ top: 0, height: 0 });
  const latest = useRef(options);
  latest.current = options;

  const jump = useCallback(
    (smooth = false) => {
      const element = log.current;
      if (!element) return;
      if (latest.current.scrollToEnd) latest.current.scrollToEnd(smooth);
      else element.scrollTo({ top: element.scrollHeight, behavior: smooth ? 'smooth' : 'instant' });
    },
    [log],
  );

  useEffect(() => {
    const element = log.current;
    if (!element) return;
    const leave = () => {
      if (element.scrollHeight - element.clientHeight <= 1) return;
      following.current = false;
    };
    const onScroll = () => {
      const { scrollTop, scrollHeight, clientHeight } = element;
      const distance = scrollHeight - clientHeight - scrollTop;
      // Content that shrinks moves the position a little by itself; a leap is always somebody's wish.
      const up = last.current.top - scrollTop;
      const shrunk = scrollHeight < last.current.height;
      if (up > 1 && distance > 2 && (!shrunk || up > clientHeight / 2)) following.current = false;
      else if (distance <= 2) following.current = true;
      last.current = { top: scrollTop, height: scrollHeight };
      setAtEnd(distance <= NEAR);
      if (scrollTop < 800 && !following.current) latest.current.onNearTop();
    };
    const onWheel = (event: WheelEvent) => event.deltaY < 0 && leave();
    let touchY = 0;
    const onTouchStart = (event: TouchEvent) => {
      touchY = event.touches[0]?.clientY ?? 0;
    };
    const onTouchMove = (event: TouchEvent) => (event.touches[0]?.clientY ?? 0) > touchY + 2 && leave();
    const onKey = (event: KeyboardEvent) => ['PageUp', 'ArrowUp', 'Home'].includes(event.key) && leave();
    element.addEventListener('scroll', onScroll, { passive: true });
    element.addEventListener('wheel', onWheel, { passive: true });
    element.addEventListener('touchstart', onTouchStart, { passive: true });
    element.addEventListener('touchmove', onTouchMove, { passive: true });
    element.addEventListener('keydown', onKey);
    return () => {
      element.removeEventListener('scroll', onScroll);
      element.removeEventListener('wheel', onWheel);
      element.removeEventListener('touchstart', onTouchStart);
      element.removeEventListener('touchmove', onTouchMove);
      element.removeEventListener('keydown', onKey);
    };
  }, [log]);

  useEffect(() => {
    const inner = content.current;
    const element = log.current;
    if (!inner || !element) return;
    const keep = () => {
      if (following.current && latest.current.follow) jump();
      else setAtEnd(element.scrollHeight - element.clientHeight - element.scrollTop <= NEAR);
      // Where content that shrank has put it is not where somebody went.
      last.current = { top: element.scrollTop, height: element.scrollHeight };
    };
    const observer = new ResizeObserver(keep);
    observer.observe(inner);
    observer.observe(element);
    return () => observer.disconnect();
  }, [log, content, jump]);

  // The first frame shows the end in both modes.
  useLayoutEffect(() => jump(), [jump]);

  useEffect(() => {
    if (atEnd) setSeen(rowCount);
  }, [atEnd, rowCount]);

  return {
    atEnd,
    unread: Math.max(0, rowCount - seen),
    toEnd: (smooth = false) => {
      following.current = true;
      jump(smooth);
    },
  };
}

/** Keeps the first visible row where it is when older rows arrive above it. */
export function usePrependAnchor(
  log: RefObject<HTMLElement | null>,
  firstKey: string | undefined,
  enabled: boolean,
): void {
  const anchor = useRef<{ key: string; top: number } | null>(null);
  const previousFirst = useRef(firstKey);

  const remember = useCallback(() => {
    const element = log.current;
    if (!element) return;
    const edge = element.getBoundingClientRect().top;
    for (const row of element.querySelectorAll<HTMLElement>('[data-row]')) {
      const box = row.getBoundingClientRect();
      if (box.bottom > edge) {
        anchor.current = { key: row.dataset.row ?? '', top: box.top };
        return;
      }
    }
  }, [log]);

  useLayoutEffect(() => {
    const element = log.current;
    if (!element || !enabled) return;
    const prepended = previousFirst.current !== undefined && previousFirst.current !== firstKey;
    previousFirst.current = firstKey;
    if (prepended && anchor.current) {
      const row = element.querySelector<HTMLElement>(`[data-row="${CSS.escape(anchor.current.key)}"]`);
      if (row) element.scrollTop += row.getBoundingClientRect().top - anchor.current.top;
    }
    remember();
  });

  useEffect(() => {
    const element = log.current;
    if (!element || !enabled) return;
    element.addEventListener('scroll', remember, { passive: true });
    return () => element.removeEventListener('scroll', remember);
  }, [log, enabled, remember]);
}
