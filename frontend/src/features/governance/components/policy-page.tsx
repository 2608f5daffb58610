/** One policy: written on the left, asked and held against the past on the right and below, before it counts. */
import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { ChevronLeft, Plus, TriangleAlert } from 'lucide-react';
import { useDeferredValue, useEffect, useMemo, useState } from 'react';
import { environmentOptions } from '@/api/names';
import { describe, Problem } from '@/api/problem';
import { meQuery } from '@/api/queries';
import type { Policy } from '@/api/types';
import { Button } from '@/components/ui/button';
import { ConfirmDialog } from '@/components/ui/dialog';
import { SelectField, TextField } from '@/components/ui/field';
import { ErrorState, Notice, SkeletonRows } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import { may } from '@/lib/may';
import { toast } from '@/lib/toast';
import { changeOf, conditionsFault, emptyForm, emptyRule, formOf, type PolicyForm } from '../model/form';
import { type PolicyBody, policyById, useChangePolicy, useCreatePolicy, useDeletePolicy } from '../queries';
import { BacktestCard } from './backtest-card';
import { Bindings } from './bindings';
import { ExplainCard } from './explain-card';
import { RuleCard } from './rule-card';
import '../governance.css';

export function PolicyPage({ policyId }: { policyId?: string }) {
  const { data: me } = useQuery(meQuery);
  if (!me) return null;
  const organization = me.organization.id;
  return (
    <div className="page">
      <Link
        to="/governance/policies"
        className="-mb-2 inline-flex items-center gap-1 justify-self-start text-sm text-text-2 hover:text-text"
      >
        <ChevronLeft size={15} />
        {t('Policies')}
      </Link>
      {policyId ? (
        <Stored organization={organization} policyId={policyId} writes={may(me, 'policy.update')} />
      ) : (
        <Editor organization={organization} writes={may(me, 'policy.create')} />
      )}
    </div>
  );
}

function Stored({
  organization,
  policyId,
  writes,
}: {
  organization: string;
  policyId: string;
  writes: boolean;
}) {
  const { data, error, isPending, refetch } = useQuery(policyById(organization, policyId));
  if (isPending) return <SkeletonRows rows={8} className="py-4" />;
  if (error) {
    return <ErrorState title={t('The policy could not be loaded')} error={error} onRetry={() => refetch()} />;
  }
  return (
    <Editor
      key={data.version}
      organization={organization}
      policy={data}
      writes={writes && !data.is_baseline}
    />
  );
}

/** The draft as the server takes it, or nothing while some text is no JSON yet. */
function read(form: PolicyForm) {
  return form.rules.some((rule) => conditionsFault(rule.conditions)) ? undefined : changeOf(form);
}

function Editor({
  organization,
  policy,
  writes,
}: {
  organization: string;
  policy?: Policy;
  writes: boolean;
}) {
  const navigate = useNavigate();
  const [form, setForm] = useState<PolicyForm>(() => (policy ? formOf(policy) : emptyForm()));
  const [dirty, setDirty] = useState(false);
  const [deleting, setDeleting] = useState(false);
  const { data: environments } = useQuery(environmentOptions(organization));
  const create = useCreatePolicy(organization);
  const change = useChangePolicy(organization);
  const remove = useDeletePolicy(organization);
  const deferred = useDeferredValue(form);
  const draft = useMemo(() => read(deferred), [deferred]);
  const error = create.error ?? change.error;
  const refused = error instanceof Problem ? error : undefined;
  const busy = create.isPending || change.isPending;

  // Leaving the page would lose what was typed; the browser asks.
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [dirty]);

  const set = (next: Partial<PolicyForm>) => {
    setForm((last) => ({ ...last, ...next }));
    setDirty(true);
  };
  const save = async () => {
    const body = read(form);
    if (!body) return;
    try {
      if (policy) {
        await change.mutateAsync({ id: policy.id, change: body, version: policy.version });
        toast.success(t('Saved. It counts from the next decision on.'));
      } else {
        const made = await create.mutateAsync(body as PolicyBody);
        setDirty(false);
        await navigate({
          to: '/governance/policies/$policyId',
          params: { policyId: made.id },
          replace: true,
        });
        toast.success(t('Saved. It counts from the next decision on.'));
      }
    } catch {
      // Shown where it belongs.
    }
  };

  return (
    <>
      <header className="flex flex-wrap items-end gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <h1 className="display truncate">{policy?.name ?? t('New policy')}</h1>
          {policy && (
            <p className="mt-1 text-sm text-text-3">
              {t('Version {{version}}', { version: policy.version })}
            </p>
          )}
        </div>
        {writes && (
          <div className="flex flex-wrap gap-2">
            {policy && (
              <Button variant="plain" danger onClick={() => setDeleting(true)}>
                {t('Delete')}
              </Button>
            )}
            <Button
              variant="primary"
              busy={busy}
              disabled={!draft || (policy && !dirty)}
              onClick={() => void save()}
            >
              {policy ? t('Publish') : t('Create')}
            </Button>
          </div>
        )}
      </header>
      {error && (
        <Notice tone="err" icon={<TriangleAlert size={17} />}>
          {describe(error)}
        </Notice>
      )}
      <div className="policy-columns">
        <div className="grid min-w-0 content-start gap-5">
          <fieldset className="card grid gap-4 p-5" disabled={!writes}>
            <legend className="sr-only">{t('About')}</legend>
            <TextField
              label={t('Name')}
              value={form.name}
              onChange={(event) => set({ name: event.target.value })}
              error={refused?.fieldError('name')}
            />
            <TextField
              label={t('What it is for')}
              value={form.description}
              onChange={(event) => set({ description: event.target.value })}
              error={refused?.fieldError('description')}
            />
            <div className="grid items-start gap-4 sm:grid-cols-2">
              <SelectField
                label={t('Environment')}
                value={form.environment}
                onChange={(event) => set({ environment: event.target.value })}
                error={refused?.fieldError('environment_id')}
              >
                <option value="">{t('Every environment')}</option>
                {(environments?.items ?? []).map((environment) => (
                  <option key={environment.id} value={environment.id}>
                    {environment.name}
                  </option>
                ))}
              </SelectField>
              <SelectField
                label={t('Mode')}
                value={form.mode}
                onChange={(event) => set({ mode: event.target.value as PolicyForm['mode'] })}
                hint={
                  form.mode === 'shadow'
                    ? t('It only watches: the audit log says where it would decide otherwise.')
                    : undefined
                }
              >
                <option value="enforced">{t('Decides')}</option>
                <option value="shadow">{t('Watches')}</option>
              </SelectField>
            </div>
            <Switch
              label={t('Active')}
              checked={form.active}
              onChange={(active) => set({ active })}
              disabled={!writes}
            />
          </fieldset>
          {form.rules.map((rule, index) => (
            <RuleCard
              key={rule.key}
              rule={rule}
              number={index + 1}
              fault={refused?.fieldError(`rules/${index}`)}
              readOnly={!writes}
              onChange={(changed) =>
                set({ rules: form.rules.map((other) => (other.key === rule.key ? changed : other)) })
              }
              onRemove={() => set({ rules: form.rules.filter((other) => other.key !== rule.key) })}
            />
          ))}
          {writes && (
            <Button
              variant="outline"
              className="justify-self-start"
              onClick={() => set({ rules: [...form.rules, emptyRule()] })}
            >
              <Plus size={16} />
              {t('Add a rule')}
            </Button>
          )}
          <Bindings
            organization={organization}
            bindings={form.bindings}
            faults={form.bindings.map((_, index) => refused?.fieldError(`bindings/${index}`))}
            readOnly={!writes}
            onChange={(bindings) => set({ bindings })}
          />
        </div>
        <div className="grid min-w-0 content-start gap-5">
          <ExplainCard organization={organization} policyId={policy?.id} draft={draft} />
        </div>
      </div>
      <BacktestCard organization={organization} policyId={policy?.id} draft={draft} />
      <ConfirmDialog
        open={deleting}
        onClose={() => setDeleting(false)}
        title={t('Delete this policy?')}
        description={t(
          'What it denied is allowed again, and what it allowed no more, from the next decision on.',
        )}
        confirm={t('Delete')}
        onConfirm={async () => {
          if (!policy) return;
          try {
            await remove.mutateAsync(policy.id);
            setDirty(false);
            await navigate({ to: '/governance/policies' });
          } catch (problem) {
            toast.error(describe(problem));
          }
        }}
      />
    </>
  );
}
