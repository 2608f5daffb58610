/** Accounts: role on the platform, clearance, attributes, activity, and what each was granted. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { Check, ShieldAlert, Tags, UserRoundX, Users } from 'lucide-react';
import { useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Me, PlatformRole, User } from '@/api/types';
import { Classification, Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { ago, initials } from '@/lib/format';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { toast } from '@/lib/toast';
import { accounts, useChangeAccount, useChangeRole } from '../queries';
import { AttributesDialog } from './attributes-dialog';
import { EraseDialog } from './erase-dialog';
import { ErasuresSection } from './erasures-section';
import { PeopleFrame } from './people-frame';
import { RolesSection } from './roles-section';

const roles: PlatformRole[] = ['admin', 'power_user', 'standard_user', 'guest'];
const clearances = ['public', 'internal', 'confidential', 'restricted'] as const;

export function UsersPage() {
  const { data: me } = useQuery(meQuery);
  return (
    <PeopleFrame
      title={t('Users and roles')}
      lead={t('Everybody with an account, how far each may see, and what the roles permit.')}
    >
      {me && may(me, 'user.manage') ? (
        <>
          <Accounts me={me} />
          <ErasuresSection />
        </>
      ) : me ? (
        <div className="card border-dashed">
          <EmptyState icon={<ShieldAlert />} title={t('Accounts are for administrators of the platform')}>
            {t('Members of your organisation and their roles there are in Settings.')}
          </EmptyState>
        </div>
      ) : (
        <SkeletonRows rows={5} />
      )}
      <RolesSection />
    </PeopleFrame>
  );
}

function Accounts({ me }: { me: Me }) {
  const query = useInfiniteQuery(accounts);
  const people = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <SkeletonRows rows={5} className="py-4" />;
  if (query.error) {
    return (
      <ErrorState
        title={t('The accounts could not be loaded')}
        error={query.error}
        onRetry={() => query.refetch()}
      />
    );
  }
  if (people.length === 0) {
    return (
      <div className="card">
        <EmptyState icon={<Users />} title={t('Nobody here')}>
          {t('Invited people appear here.')}
        </EmptyState>
      </div>
    );
  }
  return (
    <section className="grid gap-3" aria-label={t('Accounts')}>
      <ul className="card rows">
        {people.map((person) => (
          <Account key={person.id} person={person} me={me} self={person.id === me.user.id} />
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

function Account({ person, me, self }: { person: User; me: Me; self: boolean }) {
  const change = useChangeAccount();
  const setRole = useChangeRole();
  const [dialog, setDialog] = useState<'attributes' | 'close' | 'erase' | null>(null);
  const name = person.name || person.email;
  const fail = (error: unknown) => toast.error(describe(error));
  const attributes = Object.keys(person.attributes ?? {}).length;
  return (
    <li className="grid gap-3 px-4 py-4" aria-label={name}>
      <div className="flex flex-wrap items-center gap-3">
        <span className="avatar" aria-hidden="true">
          {initials(name)}
        </span>
        <span className="min-w-0 flex-1 basis-44">
          <span className="block truncate font-medium">
            {name}
            {self && <span className="ml-2 font-normal text-text-3">{t('you')}</span>}
          </span>
          <span className="block truncate text-sm text-text-3">{person.email}</span>
        </span>
        {!person.is_active ? (
          <Status tone="err" icon={<UserRoundX />}>
            {t('Switched off')}
          </Status>
        ) : (
          !person.is_verified && <Status tone="warn">{t('Invited')}</Status>
        )}
        <Classification level={person.data_clearance_level} />
        <span className="text-sm text-text-3">
          {person.last_login
            ? t('Signed in {{when}}', { when: ago(person.last_login) })
            : t('Never signed in')}
        </span>
      </div>
      <div className="grid grid-cols-[9fr_11fr] items-center gap-2 sm:flex sm:flex-wrap sm:pl-11">
        <select
          className="field max-sm:pl-2! sm:w-40!"
          aria-label={t('Role of {{name}}', { name })}
          value={person.role}
          disabled={self || setRole.isPending}
          onChange={(event) =>
            setRole.mutate({ id: person.id, role: event.target.value as PlatformRole }, { onError: fail })
          }
        >
          {roles.map((role) => (
            <option key={role} value={role}>
              {t(role)}
            </option>
          ))}
        </select>
        <select
          className="field max-sm:pl-2! sm:w-44!"
          aria-label={t('Clearance of {{name}}', { name })}
          value={person.data_clearance_level}
          disabled={change.isPending}
          onChange={(event) =>
            change.mutate(
              {
                id: person.id,
                change: { data_clearance_level: event.target.value as (typeof clearances)[number] },
              },
              { onError: fail },
            )
          }
        >
          {clearances.map((level) => (
            <option key={level} value={level}>
              {t('Up to {{level}}', { level: t(level) })}
            </option>
          ))}
        </select>
        <Button variant="outline" onClick={() => setDialog('attributes')}>
          <Tags size={15} />
          {attributes > 0 ? t('{{count}} attributes', { count: attributes }) : t('Attributes')}
        </Button>
        {!self &&
          (person.is_active ? (
            <Button variant="plain" danger onClick={() => setDialog('close')}>
              {t('Switch off')}
            </Button>
          ) : (
            <Button
              variant="outline"
              busy={change.isPending}
              onClick={() => change.mutate({ id: person.id, change: { is_active: true } }, { onError: fail })}
            >
              <Check size={15} />
              {t('Switch on')}
            </Button>
          ))}
        {!self && (
          <Button variant="plain" danger onClick={() => setDialog('erase')}>
            {t('Erase')}
          </Button>
        )}
      </div>
      <EraseDialog
        open={dialog === 'erase'}
        onClose={() => setDialog(null)}
        person={person}
        me={me}
        onErased={() => {
          setDialog(null);
          toast.success(t('{{name}} was erased. What they left is removed within moments.', { name }));
        }}
      />
      <AttributesDialog open={dialog === 'attributes'} onClose={() => setDialog(null)} person={person} />
      <ConfirmDialog
        open={dialog === 'close'}
        onClose={() => setDialog(null)}
        title={t('Switch {{name}} off?', { name })}
        description={t('Every session and token of this person ends at once. What they made stays.')}
        confirm={t('Switch off')}
        onConfirm={() =>
          change
            .mutateAsync({ id: person.id, change: { is_active: false } })
            .catch((error) => void fail(error))
        }
      />
    </li>
  );
}
