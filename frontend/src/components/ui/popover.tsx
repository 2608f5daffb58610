/** A small floating panel for a few fields. */
import { Popover as Base } from '@base-ui/react/popover';
import type { ReactElement, ReactNode } from 'react';
import { cx } from '@/lib/cx';

export function Popover({
  trigger,
  title,
  children,
  align = 'start',
  side = 'top',
  className,
}: {
  trigger: ReactElement<Record<string, unknown>>;
  title?: string;
  children: ReactNode;
  align?: 'start' | 'center' | 'end';
  side?: 'top' | 'bottom';
  className?: string;
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner align={align} side={side} sideOffset={8} collisionPadding={8} className="z-50">
          <Base.Popup className={cx('menu p-4', className)}>
            {title && <Base.Title className="h mb-3">{title}</Base.Title>}
            {children}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
