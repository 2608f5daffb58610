/** One review: each grant, and whether it is still needed. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Check, Download, Lock, X } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { AccessCampaign, AccessCampaignItem } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { Ends, kindName, levelName, SubjectMark, subjectName } from '@/features/access';
import { t } from '@/lib/i18n';
import { toast } from '@/lib/toast';
import { campaign, campaignItems, useCloseCampaign, useReview } from '../queries';
import { PeopleFrame } from './people-frame';
import { Standing } from './reviews-page';

export function ReviewPage({ reviewId }: { reviewId: string }) {
  const { data, error, isPending, refetch } = useQuery(campaign(reviewId));
  const close = useCloseCampaign(reviewId);
  const [closing, setClosing] = useState(false);
  const left = data ? data.total - data.confirmed - data.dropped : 0;
  return (
    <PeopleFrame
      title={data?.name ?? t('Access review')}
      lead={t('Whoever drops a grant takes it back at once, with everything that was given under it.')}
      actions={
        data && (
          <div className="flex flex-wrap items-center gap-2">
            <Standing review={data} />
            <a className="btn out" href={`/api/permissions/campaigns/${reviewId}/export`} download>
              <Download size={15} />
              {t('Table (CSV)')}
            </a>
            {!data.closed_at && (
              <Button variant="primary" onClick={() => setClosing(true)}>
                <Lock size={15} />
                {t('Close review')}
              </Button>
            )}
          </div>
        )
      }
    >
      {isPending ? (
        <SkeletonRows rows={5} className="py-4" />
      ) : error ? (
        <ErrorState title={t('This review could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : (
        <Items review={data} />
      )}
      <ConfirmDialog
        open={closing}
        onClose={() => setClosing(false)}
        danger={false}
        title={t('Close this review?')}
        description={
          left > 0
            ? t('{{count}} grants were not answered; they stay as they are.', { count: left })
            : t('Nothing more can be said in it afterwards.')
        }
        confirm={t('Close review')}
        onConfirm={() => close.mutateAsync().catch((problem) => void toast.error(describe(problem)))}
      />
    </PeopleFrame>
  );
}

function Items({ review }: { review: AccessCampaign }) {
  const query = useInfiniteQuery(campaignItems(review.id));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <SkeletonRows rows={5} className="py-4" />;
  if (query.error) {
    return (
      <ErrorState
        title={t('The grants could not be loaded')}
        error={query.error}
        onRetry={() => query.refetch()}
      />
    );
  }
  if (items.length === 0) {
    return (
      <div className="card border-dashed">
        <EmptyState icon={<Check />} title={t('Nothing was granted')}>
          {t('When the review was opened no grant counted.')}
        </EmptyState>
      </div>
    );
  }
  return (
    <section className="grid gap-3" aria-label={t('Grants under review')}>
      <ul className="card rows">
        {items.map((item) => (
          <Item key={item.id} item={item} review={review} />
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

function Said({ item }: { item: AccessCampaignItem }) {
  if (item.decision === 'drop') {
    return (
      <Status tone="err" icon={<X />}>
        {t('Taken back')}
      </Status>
    );
  }
  if (item.decision === 'confirm') {
    return (
      <Status tone="ok" icon={<Check />}>
        {t('Confirmed')}
      </Status>
    );
  }
  return item.is_active ? null : <Status>{t('Ended meanwhile')}</Status>;
}

function Item({ item, review }: { item: AccessCampaignItem; review: AccessCampaign }) {
  const { data: me } = useQuery(meQuery);
  const say = useReview(review.id);
  const { grant } = item;
  const name = subjectName(grant);
  const row = grant.resource_name ?? t('a private {{kind}}', { kind: kindName(grant.resource_type) });
  const open = !review.closed_at && item.decision !== 'drop' && item.is_active;
  const own = grant.subject_id === me?.user.id;
  const answer = (decision: 'confirm' | 'drop') =>
    say.mutate({ id: item.id, decision }, { onError: (error) => toast.error(describe(error)) });
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3" aria-label={`${name}, ${row}`}>
      <SubjectMark grant={grant} />
      <span className="min-w-0 flex-1 basis-52">
        <span className="block truncate font-medium">{name}</span>
        <span className="block text-sm text-text-3">
          {[
            row,
            levelName(grant.access_level),
            grant.granted_by_name && t('given by {{name}}', { name: grant.granted_by_name }),
          ]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </span>
      <Ends at={grant.expires_at} />
      <Said item={item} />
      {open && (
        <span className="flex gap-2">
          <Button variant="outline" size="xs" danger busy={say.isPending} onClick={() => answer('drop')}>
            {t('Take back')}
          </Button>
          {!own && item.decision !== 'confirm' && (
            <Button variant="outline" size="xs" busy={say.isPending} onClick={() => answer('confirm')}>
              {t('Still needed')}
            </Button>
          )}
        </span>
      )}
    </li>
  );
}
