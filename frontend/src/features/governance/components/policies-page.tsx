/** The organisation's policies: what each says, and whether it counts. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { Eye, Package, Pause, Plus, Shield } from 'lucide-react';
import { useState } from 'react';
import { useNames } from '@/api/names';
import { describe } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Policy } from '@/api/types';
import { Status } from '@/components/ui/badges';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { EmptyState, ErrorState, SkeletonRows } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { roleTitle, words } from '@/lib/names';
import { toast } from '@/lib/toast';
import { scopeName } from '../model/form';
import { policyList, useChangePolicy } from '../queries';
import { EffectBadge } from './effect-badge';
import { GovernanceFrame } from './governance-frame';

/** Where a policy applies, in a few words. */
function places(policy: Policy, names: Map<string, string>): string {
  if (policy.bindings.length === 0) return t('Applies nowhere');
  return policy.bindings
    .map(({ scope_type, scope_id }) =>
      scope_type === 'org' && scope_id === '*'
        ? t('Everywhere')
        : `${scopeName(scope_type)} ${scope_id === '*' ? t('(all)') : (names.get(scope_id) ?? roleTitle(scope_id))}`,
    )
    .join(', ');
}

/** `baseline/tools-follow-visibility/guests` as people read it; the name itself is in its tooltip. */
function baselineName(name: string): string {
  return name
    .replace(/^baseline\//, '')
    .split('/')
    .map(words)
    .join(': ');
}

function Standing({ policy }: { policy: Policy }) {
  if (!policy.is_active) return <Status icon={<Pause />}>{t('Off')}</Status>;
  if (policy.mode === 'shadow') {
    return (
      <Status tone="info" icon={<Eye />}>
        {t('Watches')}
      </Status>
    );
  }
  return policy.is_baseline ? <Status icon={<Package />}>{t('Built in')}</Status> : null;
}

function Row({
  policy,
  names,
  onSwitch,
}: {
  policy: Policy;
  names: Map<string, string>;
  onSwitch?: (() => void) | undefined;
}) {
  const effects = [...new Set(policy.rules.map((rule) => rule.effect))];
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 px-5 py-4">
      <div className="min-w-0 flex-1 basis-72">
        {policy.is_baseline ? (
          <span className="font-medium" title={policy.name}>
            {baselineName(policy.name)}
          </span>
        ) : (
          <Link
            to="/governance/policies/$policyId"
            params={{ policyId: policy.id }}
            className="font-medium hover:underline"
          >
            {policy.name}
          </Link>
        )}
        <p className="mt-0.5 text-sm text-text-3">
          {[policy.description, places(policy, names)].filter(Boolean).join(' · ')}
        </p>
      </div>
      <span className="flex flex-wrap items-center gap-2">
        {effects.map((effect) => (
          <EffectBadge key={effect} effect={effect} />
        ))}
        <Standing policy={policy} />
        {onSwitch && (
          <Button variant="outline" size="xs" onClick={onSwitch}>
            {policy.is_active ? t('Switch off') : t('Switch on')}
          </Button>
        )}
      </span>
    </li>
  );
}

export function PoliciesPage() {
  const { data: me } = useQuery(meQuery);
  return me ? <Policies organization={me.organization.id} writes={may(me, 'policy.update')} /> : null;
}

function Policies({ organization, writes }: { organization: string; writes: boolean }) {
  const navigate = useNavigate();
  const { data, error, isPending, refetch } = useQuery(policyList(organization));
  const change = useChangePolicy(organization);
  const names = useNames(organization);
  const own = data?.filter((policy) => !policy.is_baseline) ?? [];
  const baseline = data?.filter((policy) => policy.is_baseline) ?? [];
  const create = (
    <Button variant="primary" onClick={() => void navigate({ to: '/governance/policies/new' })}>
      <Plus size={16} />
      {t('New policy')}
    </Button>
  );
  const [doomed, setDoomed] = useState<Policy | null>(null);
  const flip = (policy: Policy) =>
    change
      .mutateAsync({ id: policy.id, change: { is_active: !policy.is_active } })
      .catch((problem) => void toast.error(describe(problem)));
  // Much hangs on these: switching one off is asked about first.
  const ask = (policy: Policy) => (policy.is_active ? setDoomed(policy) : void flip(policy));
  return (
    <GovernanceFrame actions={writes && own.length > 0 ? create : undefined}>
      {isPending ? (
        <SkeletonRows rows={5} className="py-4" />
      ) : error ? (
        <ErrorState title={t('The policies could not be loaded')} error={error} onRetry={() => refetch()} />
      ) : (
        <>
          {own.length === 0 ? (
            <div className="card border-dashed">
              <EmptyState
                icon={<Shield />}
                title={t('No policies of your own yet')}
                action={writes && create}
              >
                {t('A policy allows, denies or asks before tools are called, and says where and when.')}
              </EmptyState>
            </div>
          ) : (
            <ul className="card rows" aria-label={t('Policies of this organisation')}>
              {own.map((policy) => (
                <Row
                  key={policy.id}
                  policy={policy}
                  names={names}
                  onSwitch={writes ? () => void flip(policy) : undefined}
                />
              ))}
            </ul>
          )}
          <section className="grid gap-3">
            <h2 className="h">{t('What every organisation starts with')}</h2>
            <ul className="card rows" aria-label={t('Built-in policies')}>
              {baseline.map((policy) => (
                <Row
                  key={policy.id}
                  policy={policy}
                  names={names}
                  onSwitch={writes ? () => ask(policy) : undefined}
                />
              ))}
            </ul>
          </section>
          <ConfirmDialog
            open={doomed !== null}
            onClose={() => setDoomed(null)}
            title={t('Switch this policy off?')}
            description={`${doomed?.description ?? ''} ${t('It no longer counts from the next decision on.')}`}
            confirm={t('Switch off')}
            onConfirm={() => (doomed ? flip(doomed) : undefined)}
          />
        </>
      )}
    </GovernanceFrame>
  );
}
