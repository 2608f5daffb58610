/** The roles, what each permits, and how much of a day it gives in this organisation. */
import { useQuery } from '@tanstack/react-query';
import { BadgeCheck, ChevronRight, Gauge } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Role } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { TextField } from '@/components/ui/field';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { rolesQuery } from '@/features/access';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { toast } from '@/lib/toast';
import { useLimitRole } from '../queries';

const order = ['owner', 'admin', 'power_user', 'standard_user', 'member', 'guest', 'viewer'];

/** Permissions by their noun: `agent.read` and `agent.share` stand together. */
function byNoun(permissions: readonly string[]): [string, string[]][] {
  const nouns = new Map<string, string[]>();
  for (const permission of permissions) {
    const [noun = permission, verb = '*'] = permission.split('.');
    nouns.set(noun, [...(nouns.get(noun) ?? []), verb]);
  }
  return [...nouns].sort(([a], [b]) => a.localeCompare(b));
}

/** What the organisation says of the calls of a day of whoever has the role. */
function Limit({ role }: { role: Role }) {
  const stored = role.max_api_calls_per_day?.toString() ?? '';
  const [words, setWords] = useState(stored);
  const [fault, setFault] = useState<string>();
  const limit = useLimitRole();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const most = words.trim() === '' ? null : Number(words);
    if (most !== null && !(Number.isInteger(most) && most >= 0)) {
      return setFault(t('Enter a whole number, or nothing for no limit.'));
    }
    limit.mutate(
      { id: role.id, most },
      {
        onSuccess: () => toast.success(t('Saved.')),
        onError: (error) => setFault(describe(error)),
      },
    );
  };
  return (
    <form className="mt-4 flex flex-wrap items-start gap-3 sm:pl-7" onSubmit={submit}>
      <TextField
        label={t('Calls a day of the role {{role}}', { role: t(role.role_name) })}
        hint={t('In this organisation. Whoever has several roles is held to the lowest; empty is no limit.')}
        inputMode="numeric"
        wrapperClassName="min-w-0 flex-1 basis-60"
        value={words}
        error={fault}
        onChange={(event) => {
          setWords(event.target.value);
          setFault(undefined);
        }}
      />
      <Button
        type="submit"
        variant="outline"
        className="sm:mt-[1.625rem]"
        busy={limit.isPending}
        disabled={words.trim() === stored}
      >
        {t('Save limit')}
      </Button>
    </form>
  );
}

function RoleCard({ role, limits }: { role: Role; limits: boolean }) {
  return (
    <details className="group px-4 py-3">
      <summary className="flex cursor-pointer list-none flex-wrap items-center gap-3">
        <ChevronRight
          size={16}
          className="text-text-3 transition-[rotate] group-open:rotate-90"
          aria-hidden="true"
        />
        <span className="font-medium">{t(role.role_name)}</span>
        {role.can_share_agents && (
          <Status tone="info" icon={<BadgeCheck />}>
            {t('May share')}
          </Status>
        )}
        {typeof role.max_api_calls_per_day === 'number' && (
          <Status icon={<Gauge />}>
            {t('{{count}} calls a day', { count: role.max_api_calls_per_day })}
          </Status>
        )}
        <span className="min-w-0 flex-1 basis-52 text-sm text-text-3">{role.description}</span>
        <span className="num text-sm text-text-3">
          {t('{{count}} permissions', { count: role.permissions.length })}
        </span>
      </summary>
      {limits && <Limit key={role.max_api_calls_per_day ?? 'none'} role={role} />}
      <dl className="mt-4 mb-1 grid gap-2 text-sm sm:pl-7">
        {byNoun(role.permissions).map(([noun, verbs]) => (
          <div key={noun} className="flex flex-wrap gap-x-4">
            <dt className="mono w-40 text-text-3">{noun}</dt>
            <dd className="min-w-0 flex-1 text-text-2">{verbs.join(', ')}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function Group({
  title,
  hint,
  roles,
  limits,
}: {
  title: string;
  hint: string;
  roles: Role[];
  limits: boolean;
}) {
  if (roles.length === 0) return null;
  const place = (role: Role) => (order.indexOf(role.role_name) + order.length) % order.length;
  return (
    <div className="grid gap-2">
      <h3 className="h mt-2">{title}</h3>
      <p className="text-sm text-text-3">{hint}</p>
      <div className="card rows">
        {[...roles]
          .sort((a, b) => place(a) - place(b))
          .map((role) => (
            <RoleCard key={role.id} role={role} limits={limits} />
          ))}
      </div>
    </div>
  );
}

export function RolesSection() {
  const { data, error, isPending, refetch } = useQuery(rolesQuery);
  const { data: me } = useQuery(meQuery);
  const roles = data?.items ?? [];
  const limits = may(me, 'organization.update');
  return (
    <section className="grid gap-3" aria-labelledby="roles-heading">
      <h2 id="roles-heading" className="title">
        {t('Roles')}
      </h2>
      {isPending ? (
        <SkeletonRows rows={4} />
      ) : error ? (
        <ErrorState title={t('The roles could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : (
        <>
          <Group
            title={t('On the platform')}
            hint={t('An account has one of these, whatever the organisation.')}
            limits={limits}
            roles={roles.filter(({ scope }) => scope === 'platform')}
          />
          <Group
            title={t('In the organisation')}
            hint={t('A member has one of these; either set may permit something.')}
            limits={limits}
            roles={roles.filter(({ scope }) => scope === 'organization')}
          />
        </>
      )}
    </section>
  );
}
