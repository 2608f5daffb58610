/** Who was erased: a pseudonym, when, and whether anything is left to remove. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Check, Eraser } from 'lucide-react';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { CopyButton } from '@/components/ui/copy-button';
import { ErrorState } from '@/components/ui/states';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { erasures } from '../queries';

export function ErasuresSection() {
  const query = useInfiniteQuery(erasures);
  const list = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.error) {
    return (
      <ErrorState
        title={t('The erasures could not be loaded')}
        error={query.error}
        onRetry={() => query.refetch()}
      />
    );
  }
  if (list.length === 0) return null;
  return (
    <section className="grid gap-3" aria-labelledby="erased">
      <div>
        <h2 className="h text-[0.9375rem]" id="erased">
          {t('Erased people')}
        </h2>
        <p className="mt-1 text-sm text-text-3">
          {t('Their pseudonym is all that the audit log and the costs still name.')}
        </p>
      </div>
      <ul className="card rows">
        {list.map((erasure) => (
          <li key={erasure.id} className="flex flex-wrap items-center gap-3 px-4 py-3">
            <span className="flex min-w-0 flex-1 basis-64 items-center gap-1">
              <span className="mono min-w-0 break-all text-sm">{erasure.user_id}</span>
              <CopyButton text={erasure.user_id} label={t('Copy')} />
            </span>
            <span className="text-sm text-text-3">{dateTime(erasure.created_at)}</span>
            {erasure.status === 'finished' ? (
              <Status tone="ok" icon={<Check />}>
                {t('Nothing is left')}
              </Status>
            ) : (
              <Status tone="warn" icon={<Eraser />}>
                {t('Being removed')}
              </Status>
            )}
          </li>
        ))}
      </ul>
      {query.hasNextPage && (
        <Button
          variant="outline"
          className="justify-self-center"
          busy={query.isFetchingNextPage}
          onClick={() => void query.fetchNextPage()}
        >
          {t('Show more')}
        </Button>
      )}
    </section>
  );
}
