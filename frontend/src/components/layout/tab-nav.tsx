/** The way between pages of one subject; where it is too long it scrolls, with the page that is open in view. */
import { Children, type ReactNode, useLayoutEffect, useRef } from 'react';
import { cx } from '@/lib/cx';
import '@/styles/tabs.css';

export function TabNav({
  label,
  current,
  side,
  children,
}: {
  label: string;
  /** Changes with the page that is open. */
  current: string;
  /** Stands at the side where there is room. */
  side?: boolean;
  children: ReactNode;
}) {
  const nav = useRef<HTMLElement>(null);
  const links = Children.toArray(children).length;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page, or links that came later
  useLayoutEffect(() => {
    const row = nav.current;
    const link = row?.querySelector<HTMLElement>('[aria-current="page"]');
    if (!row || !link) return;
    const { left, width } = link.getBoundingClientRect();
    row.scrollLeft += left - row.getBoundingClientRect().left - (row.clientWidth - width) / 2;
  }, [current, links]);
  return (
    <nav
      ref={nav}
      className={cx('tabs border-border border-b', side && 'side xl:border-b-0')}
      aria-label={label}
    >
      {children}
    </nav>
  );
}
