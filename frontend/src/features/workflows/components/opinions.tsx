/** What people say of a workflow: tags to find it by, stars and words of those who use it. */
import { useQuery } from '@tanstack/react-query';
import { Plus, Star, X } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { RatingSummary, Workflow } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { TextArea } from '@/components/ui/field';
import { ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { ago } from '@/lib/format';
import { t } from '@/lib/i18n';
import { useRate, useTag, useUntag, workflowById, workflowRatings } from '../queries';

const STARS = [1, 2, 3, 4, 5] as const;

/** The mean of all ratings, for eyes and for ears. */
export function Stars({ rating }: { rating: RatingSummary }) {
  if (rating.average === null) return null;
  const mean = rating.average.toFixed(1);
  return (
    <span className="wf-stars num">
      <Star size={14} fill="currentColor" aria-hidden="true" />
      <span aria-hidden="true">
        {mean} ({rating.count})
      </span>
      <span className="sr-only">
        {t('{{mean}} of 5 stars, ratings: {{count}}', { mean, count: rating.count })}
      </span>
    </span>
  );
}

/** Both, beside a workflow's settings. They are no part of a version, and are kept at once. */
export function Opinions({ workflowId }: { workflowId: string }) {
  const { data: workflow } = useQuery(workflowById(workflowId));
  if (!workflow) return null;
  return (
    <>
      <TagsSection workflow={workflow} />
      <RatingsSection workflow={workflow} />
    </>
  );
}

function TagsSection({ workflow }: { workflow: Workflow }) {
  const [word, setWord] = useState('');
  const tag = useTag(workflow.id);
  const untag = useUntag(workflow.id);
  const error = tag.error ?? untag.error;
  return (
    <section>
      <h3 className="h">{t('Tags')}</h3>
      {error && <Notice tone="err">{describe(error)}</Notice>}
      {workflow.tags.length > 0 && (
        <ul className="wf-tags">
          {workflow.tags.map(({ id, name }) => (
            <li key={id} className="wf-tag">
              {name}
              {workflow.can_edit && (
                <button
                  type="button"
                  aria-label={t('Remove the tag {{name}}', { name })}
                  onClick={() => untag.mutate(id)}
                >
                  <X size={12} />
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
      {workflow.can_edit ? (
        <form
          className="wf-io"
          onSubmit={(event) => {
            event.preventDefault();
            const tags = word
              .split(',')
              .map((one) => one.trim())
              .filter(Boolean);
            if (tags.length > 0) tag.mutate(tags, { onSuccess: () => setWord('') });
          }}
        >
          <input
            className="field"
            aria-label={t('New tag')}
            placeholder={t('such as sales')}
            maxLength={200}
            value={word}
            onChange={(event) => setWord(event.target.value)}
          />
          <Button size="xs" type="submit" busy={tag.isPending}>
            <Plus size={14} />
            {t('Add')}
          </Button>
        </form>
      ) : (
        workflow.tags.length === 0 && <p className="text-sm text-text-3">{t('None yet.')}</p>
      )}
    </section>
  );
}

function RatingsSection({ workflow }: { workflow: Workflow }) {
  const me = useQuery(meQuery);
  const ratings = useQuery(workflowRatings(workflow.id));
  const mine = me.data?.user.id === workflow.owner_user_id;
  return (
    <section>
      <h3 className="h">{t('Ratings')}</h3>
      {ratings.isPending ? (
        <SkeletonRows rows={2} />
      ) : ratings.isError ? (
        <ErrorState
          title={t('The ratings could not be loaded')}
          error={ratings.error}
          onRetry={() => void ratings.refetch()}
        />
      ) : (
        <>
          {ratings.data.summary.count > 0 ? (
            <Stars rating={ratings.data.summary} />
          ) : (
            <p className="text-sm text-text-3">{t('Nobody has rated it yet.')}</p>
          )}
          {me.data && !mine && (
            <RatingForm
              key={ratings.data.own?.updated_at ?? 'none'}
              workflowId={workflow.id}
              rating={ratings.data.own?.rating ?? 0}
              review={ratings.data.own?.review ?? ''}
            />
          )}
          <ul className="wf-reviews">
            {ratings.data.items
              .filter(({ review }) => review)
              .map(({ id, rating, review, updated_at }) => (
                <li key={id}>
                  <span className="text-xs text-text-3">
                    {t('{{count}} of 5', { count: rating })} · {ago(updated_at)}
                  </span>
                  <p className="text-sm">{review}</p>
                </li>
              ))}
          </ul>
        </>
      )}
    </section>
  );
}

function RatingForm({ workflowId, rating, review }: { workflowId: string; rating: number; review: string }) {
  const [stars, setStars] = useState(rating);
  const [words, setWords] = useState(review);
  const rate = useRate(workflowId);
  return (
    <form
      className="wf-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (stars > 0) rate.mutate({ rating: stars, review: words.trim() || null });
      }}
    >
      {rate.error && <Notice tone="err">{describe(rate.error)}</Notice>}
      <fieldset className="wf-rate">
        <legend className="sr-only">{t('Your rating')}</legend>
        {STARS.map((star) => (
          <IconButton
            key={star}
            small
            label={t('{{count}} of 5 stars', { count: star })}
            aria-pressed={stars === star}
            onClick={() => setStars(star)}
          >
            <Star size={18} fill={star <= stars ? 'currentColor' : 'none'} />
          </IconButton>
        ))}
      </fieldset>
      {stars > 0 && (
        <>
          <TextArea
            label={t('In words')}
            rows={2}
            maxLength={2000}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <div>
            <Button size="xs" type="submit" busy={rate.isPending}>
              {rating > 0 ? t('Change my rating') : t('Rate it')}
            </Button>
          </div>
        </>
      )}
    </form>
  );
}
