/** Who may do something with a row and why not: people, roles and machines, with a search. Loaded when it is opened. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Check, Search, UserRound, X } from 'lucide-react';
import { useState } from 'react';
import type { AccessLevel, AccessStanding, Effect } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { roleTitle } from '@/lib/names';
import { levelName, levelsOf } from '../model/levels';
import { type Asked, type Resource, whoMay } from '../queries';

function EffectStatus({ effect }: { effect: Effect }) {
  if (effect === 'allow') {
    return (
      <Status tone="ok" icon={<Check />}>
        {t('May')}
      </Status>
    );
  }
  return effect === 'approve' ? (
    <Status tone="warn" icon={<UserRound />}>
      {t('Asked first')}
    </Status>
  ) : (
    <Status tone="err" icon={<X />}>
      {t('May not')}
    </Status>
  );
}

export function StandingRow({ standing }: { standing: AccessStanding }) {
  const { subject_type: kind, subject_name: name, subject_email: email, effect, reason } = standing;
  return (
    <li className="flex flex-wrap items-center gap-3 px-4 py-3">
      <span className="min-w-0 flex-1 basis-48">
        <span className="block truncate font-medium">{kind === 'role' ? roleTitle(name) : name}</span>
        {email && email !== name && <span className="block truncate text-sm text-text-3">{email}</span>}
        <span className="block text-sm text-text-2">{reason}</span>
      </span>
      <EffectStatus effect={effect} />
    </li>
  );
}

export default function WhoMay({ resource }: { resource: Resource }) {
  const [asked, setAsked] = useState<Asked>({ level: 'read', kind: 'user', q: '', allowed: '' });
  const [words, setWords] = useState('');
  const { data, error, isPending, hasNextPage, isFetchingNextPage, fetchNextPage, refetch } =
    useInfiniteQuery(whoMay(resource, asked));
  const standings = data?.pages.flatMap((page) => page.items) ?? [];
  const set = (change: Partial<Asked>) => setAsked((last) => ({ ...last, ...change }));
  return (
    <section className="grid gap-4" aria-label={t('Who may')}>
      <form
        className="grid items-end gap-3 sm:grid-cols-2"
        onSubmit={(event) => {
          event.preventDefault();
          set({ q: words.trim() });
        }}
      >
        <SelectField
          label={t('Who')}
          value={asked.kind}
          onChange={(event) => set({ kind: event.target.value as Asked['kind'] })}
        >
          <option value="user">{t('People')}</option>
          <option value="role">{t('Roles')}</option>
          <option value="agent">{t('Agents, by their tokens')}</option>
          <option value="service_account">{t('Service accounts')}</option>
        </SelectField>
        <SelectField
          label={t('To do what')}
          value={asked.level}
          onChange={(event) => set({ level: event.target.value as AccessLevel })}
        >
          {levelsOf(resource.kind).map((level) => (
            <option key={level} value={level}>
              {levelName(level)}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t('Show')}
          value={asked.allowed}
          onChange={(event) => set({ allowed: event.target.value as Asked['allowed'] })}
        >
          <option value="">{t('Everybody')}</option>
          <option value="true">{t('Those who may')}</option>
          <option value="false">{t('Those who may not')}</option>
        </SelectField>
        <span className="flex items-end gap-2">
          <TextField
            label={t('Name or address')}
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
          <Button type="submit" variant="outline">
            <Search size={16} aria-hidden="true" />
            {t('Search')}
          </Button>
        </span>
      </form>
      {isPending ? (
        <SkeletonRows rows={3} />
      ) : error ? (
        <ErrorState title={t('The list could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : standings.length === 0 ? (
        <p className="text-text-2">{t('Nobody is like that.')}</p>
      ) : (
        <ul className="card rows" aria-label={t('Who may')}>
          {standings.map((standing) => (
            <StandingRow key={standing.subject_id} standing={standing} />
          ))}
        </ul>
      )}
      {hasNextPage && (
        <Button
          variant="outline"
          className="justify-self-start"
          busy={isFetchingNextPage}
          onClick={() => fetchNextPage()}
        >
          {t('Show more')}
        </Button>
      )}
    </section>
  );
}
