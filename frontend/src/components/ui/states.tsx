/** Empty, loading and failed: where it happened, in words, with something to do. */
import { RotateCcw, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { describe } from '@/api/problem';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { Button } from './button';

export function EmptyState({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="state">
      {icon}
      <p className="h">{title}</p>
      {children && <p className="max-w-[46ch] text-sm">{children}</p>}
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}

export function ErrorState({
  title,
  error,
  onRetry,
}: {
  title: string;
  error: unknown;
  onRetry?: () => void;
}) {
  return (
    <div className="state bad" role="alert">
      <TriangleAlert />
      <p className="h">{title}</p>
      <p className="max-w-[52ch] text-sm">{describe(error)}</p>
      {onRetry && (
        <Button variant="outline" className="mt-2 text-sm" onClick={onRetry}>
          <RotateCcw size={15} />
          {t('Try again')}
        </Button>
      )}
    </div>
  );
}

/** Lines in the shape of what will come; invisible for the first 150 ms. */
export function Skeleton({ className, style }: { className?: string; style?: React.CSSProperties }) {
  return <div className={cx('skel', className)} style={style} aria-hidden="true" />;
}

export function SkeletonRows({ rows = 4, className }: { rows?: number; className?: string }) {
  return (
    <div className={cx('grid gap-3', className)} aria-busy="true">
      <span className="sr-only">{t('Loading')}</span>
      {Array.from({ length: rows }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: skeleton lines have no identity
        <Skeleton key={index} style={{ width: `${[92, 74, 84, 60, 78][index % 5]}%` }} />
      ))}
    </div>
  );
}

export function Notice({
  tone,
  icon,
  children,
  action,
}: {
  tone?: 'err' | 'warn' | 'info' | 'ok';
  icon?: ReactNode;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={cx('notice', tone)} role={tone === 'err' ? 'alert' : undefined}>
      {icon}
      <div className="min-w-0 flex-1">{children}</div>
      {action}
    </div>
  );
}
