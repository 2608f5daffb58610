/** The roles, and what each permits. */
import { useQuery } from '@tanstack/react-query';
import { BadgeCheck, ChevronRight, Gauge } from 'lucide-react';
import type { Role } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { ErrorState, SkeletonRows } from '@/components/ui/states';
import { rolesQuery } from '@/features/access';
import { t } from '@/lib/i18n';

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

function RoleCard({ role }: { role: Role }) {
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

function Group({ title, hint, roles }: { title: string; hint: string; roles: Role[] }) {
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
            <RoleCard key={role.id} role={role} />
          ))}
      </div>
    </div>
  );
}

export function RolesSection() {
  const { data, error, isPending, refetch } = useQuery(rolesQuery);
  const roles = data?.items ?? [];
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
            roles={roles.filter(({ scope }) => scope === 'platform')}
          />
          <Group
            title={t('In the organisation')}
            hint={t('A member has one of these; either set may permit something.')}
            roles={roles.filter(({ scope }) => scope === 'organization')}
          />
        </>
      )}
    </section>
  );
}
