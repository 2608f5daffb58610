/** Reviews of access: opening one, and what became of the others. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Check, ClipboardCheck, Clock, Plus, ShieldAlert } from 'lucide-react';
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { AccessCampaign } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextField } from '@/components/ui/field';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { dateTime } from '@/lib/format';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { campaigns, useOpenCampaign } from '../queries';
import { PeopleFrame } from './people-frame';

export function ReviewsPage() {
  const { data: me } = useQuery(meQuery);
  const [opening, setOpening] = useState(false);
  const reviews = may(me, 'grant.review');
  return (
    <PeopleFrame
      title={t('Access reviews')}
      lead={t('Every grant is put before you: still needed, or taken back. Each answer is in the audit log.')}
      actions={
        reviews && (
          <Button variant="primary" onClick={() => setOpening(true)}>
            <Plus size={16} />
            {t('New review')}
          </Button>
        )
      }
    >
      {me && !reviews ? (
        <div className="card border-dashed">
          <EmptyState icon={<ShieldAlert />} title={t('For administrators')}>
            {t('Ask an administrator of your organisation.')}
          </EmptyState>
        </div>
      ) : (
        <Reviews />
      )}
      <Dialog
        open={opening}
        onClose={() => setOpening(false)}
        title={t('New access review')}
        description={t('It asks about every grant of the organisation that counts now.')}
      >
        <Open onClose={() => setOpening(false)} />
      </Dialog>
    </PeopleFrame>
  );
}

export function Standing({ review }: { review: AccessCampaign }) {
  if (review.closed_at) {
    return (
      <Status tone="ok" icon={<Check />}>
        {t('Closed')}
      </Status>
    );
  }
  const late = new Date(review.due_at).getTime() < Date.now();
  return (
    <Status tone={late ? 'err' : 'warn'} icon={<Clock />}>
      {late ? t('Overdue') : t('Due {{when}}', { when: dateTime(review.due_at) })}
    </Status>
  );
}

function Reviews() {
  const { data, error, isPending, refetch } = useQuery(campaigns);
  const reviews = data?.items ?? [];
  if (isPending) return <SkeletonRows rows={3} className="py-4" />;
  if (error) {
    return (
      <ErrorState title={t('The reviews could not be loaded')} error={error} onRetry={() => refetch()} />
    );
  }
  if (reviews.length === 0) {
    return (
      <div className="card border-dashed">
        <EmptyState icon={<ClipboardCheck />} title={t('No reviews yet')}>
          {t('Open one, and confirm or drop what people and roles were given.')}
        </EmptyState>
      </div>
    );
  }
  return (
    <ul className="card rows" aria-label={t('Access reviews')}>
      {reviews.map((review) => (
        <li key={review.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
          <span className="min-w-0 flex-1 basis-60">
            <Link
              to="/governance/reviews/$reviewId"
              params={{ reviewId: review.id }}
              className="font-medium hover:underline"
            >
              {review.name}
            </Link>
            <span className="block text-sm text-text-3">
              {t('{{done}} of {{total}} answered, {{dropped}} taken back', {
                done: review.confirmed + review.dropped,
                total: review.total,
                dropped: review.dropped,
              })}
            </span>
          </span>
          <Standing review={review} />
        </li>
      ))}
    </ul>
  );
}

function Open({ onClose }: { onClose: () => void }) {
  const open = useOpenCampaign();
  const navigate = useNavigate();
  const [name, setName] = useState('');
  const [date, setDate] = useState('');
  const [faults, setFaults] = useState<{ name?: string | undefined; date?: string | undefined }>({});
  const submit = async (event: React.FormEvent) => {
    event.preventDefault();
    if (!name.trim()) return setFaults({ name: t('Give it a name.') });
    if (!date) return setFaults({ date: t('Choose a day.') });
    try {
      const made = await open.mutateAsync({ name, due_at: new Date(`${date}T23:59:00`).toISOString() });
      onClose();
      await navigate({ to: '/governance/reviews/$reviewId', params: { reviewId: made.id } });
    } catch (error) {
      const problem = error instanceof Problem ? error : undefined;
      const late = problem?.fieldError('due_at');
      setFaults(late ? { date: late } : { name: problem?.fieldError('name') ?? describe(error) });
    }
  };
  return (
    <form className="grid gap-4" onSubmit={submit} noValidate>
      <TextField
        label={t('Name')}
        placeholder={t('Autumn review')}
        value={name}
        error={faults.name}
        onChange={(event) => {
          setName(event.target.value);
          setFaults({});
        }}
      />
      <TextField
        label={t('To be done by')}
        type="date"
        value={date}
        error={faults.date}
        onChange={(event) => {
          setDate(event.target.value);
          setFaults({});
        }}
      />
      <div className="mt-2 flex justify-end gap-2">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button type="submit" variant="primary" busy={open.isPending}>
          {t('Open review')}
        </Button>
      </div>
    </form>
  );
}
