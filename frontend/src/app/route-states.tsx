/** What stands in for a page that loads, failed or does not exist. */
import { Link } from '@tanstack/react-router';
import { Compass } from 'lucide-react';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';

export function RouteError({ error, reset }: { error: unknown; reset: () => void }) {
  return (
    <div className="grid h-full place-content-center">
      <ErrorState title={t('This page could not be shown')} error={error} onRetry={reset} />
    </div>
  );
}

export function NotFound() {
  return (
    <div className="grid h-full place-content-center">
      <EmptyState
        icon={<Compass />}
        title={t('There is no such page')}
        action={
          <Link to="/" className="btn out">
            {t('New chat')}
          </Link>
        }
      >
        {t('The address may be mistyped, or the page has moved.')}
      </EmptyState>
    </div>
  );
}

export function RoutePending() {
  return (
    <div className="page w-full">
      <SkeletonRows rows={5} />
    </div>
  );
}
