/** Makes a budget, or changes one. Whose spending, period and currency are for good. */
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { environmentOptions } from '@/api/names';
import { describe, Problem } from '@/api/problem';
import { agentOptionsQuery, membersQuery } from '@/api/queries';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { SelectField, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import {
  type BudgetForm,
  blank,
  check,
  eachName,
  type Faults,
  formOf,
  type Period,
  periodName,
  periods,
  type Scope,
  scopeName,
  scopes,
  toBody,
  toChange,
} from '../model/budget';
import { type Budget, useChangeBudget, useCreateBudget } from '../queries';

export function BudgetDialog({
  organization,
  budget,
  onClose,
}: {
  organization: string;
  /** The one that is changed; a new one where there is none. */
  budget?: Budget;
  onClose: () => void;
}) {
  const [form, setForm] = useState<BudgetForm>(budget ? formOf(budget) : blank);
  const [faults, setFaults] = useState<Faults>({});
  const [problem, setProblem] = useState<unknown>();
  const create = useCreateBudget(organization);
  const change = useChangeBudget(organization);
  const set = (part: Partial<BudgetForm>) => setForm((before) => ({ ...before, ...part }));
  const submit = async () => {
    const found = check(form);
    setFaults(found);
    setProblem(undefined);
    if (Object.keys(found).length > 0) return;
    try {
      if (budget) await change.mutateAsync({ id: budget.id, change: toChange(form) });
      else await create.mutateAsync(toBody(form));
      onClose();
    } catch (error) {
      const field = error instanceof Problem ? error.errors?.[0] : undefined;
      const name = field?.pointer.slice(1) as keyof BudgetForm | undefined;
      if (field && name && name in form) setFaults({ [name]: field.detail });
      else setProblem(error);
    }
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={budget ? t('Change the budget') : t('New budget')}
      description={t('Each call reserves the most that it can cost, and pays what it took.')}
    >
      <form
        className="grid gap-4"
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        {problem !== undefined && <Notice tone="err">{describe(problem)}</Notice>}
        <TextField
          label={t('Name')}
          value={form.name}
          error={faults.name}
          maxLength={100}
          onChange={(event) => set({ name: event.target.value })}
        />
        {budget ? null : (
          <Whose organization={organization} form={form} error={faults.target_id} onChange={set} />
        )}
        <div className="grid gap-4 sm:grid-cols-3">
          <TextField
            label={t('Limit')}
            inputMode="decimal"
            className="num"
            wrapperClassName="sm:col-span-1"
            value={form.limit}
            error={faults.limit}
            onChange={(event) => set({ limit: event.target.value })}
          />
          {budget ? null : (
            <>
              <TextField
                label={t('Currency')}
                value={form.currency}
                error={faults.currency}
                maxLength={3}
                onChange={(event) => set({ currency: event.target.value.toUpperCase() })}
              />
              <SelectField
                label={t('Period')}
                value={form.scope === 'run' ? 'total' : form.period}
                disabled={form.scope === 'run'}
                onChange={(event) => set({ period: event.target.value as Period })}
              >
                {periods.map((period) => (
                  <option key={period} value={period}>
                    {periodName(period)}
                  </option>
                ))}
              </SelectField>
            </>
          )}
        </div>
        <TextField
          label={t('Warn from this part of the limit on, in percent')}
          inputMode="numeric"
          className="num"
          value={form.warn_percent}
          error={faults.warn_percent}
          onChange={(event) => set({ warn_percent: event.target.value })}
        />
        <Switch
          label={t('Stop calls when it is spent')}
          hint={t('Otherwise people are only told. Models that cost nothing are never stopped.')}
          checked={form.hard_stop}
          onChange={(hard_stop) => set({ hard_stop })}
        />
        <Switch
          label={t('Hold calls to it')}
          hint={t('A budget that is off goes on counting.')}
          checked={form.is_active}
          onChange={(is_active) => set({ is_active })}
        />
        <div className="flex justify-end gap-2">
          <Button variant="outline" onClick={onClose}>
            {t('Cancel')}
          </Button>
          <Button type="submit" variant="primary" busy={create.isPending || change.isPending}>
            {budget ? t('Save') : t('Create')}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Whose({
  organization,
  form,
  error,
  onChange,
}: {
  organization: string;
  form: BudgetForm;
  error: string | undefined;
  onChange: (part: Partial<BudgetForm>) => void;
}) {
  const agents = useQuery({ ...agentOptionsQuery, enabled: form.scope === 'agent' }).data?.items ?? [];
  const environments = useQuery({
    ...environmentOptions(organization),
    enabled: form.scope === 'environment',
  });
  const people = useQuery({ ...membersQuery(organization), enabled: form.scope === 'user' });
  const targets: Record<Scope, { id: string; name: string }[]> = {
    organization: [],
    run: [],
    agent: agents.map(({ id, name }) => ({ id, name })),
    environment: (environments.data?.items ?? []).map(({ id, name }) => ({ id, name })),
    user: (people.data?.items ?? []).map((person) => ({
      id: person.user_id,
      name: person.name || person.email,
    })),
  };
  const hasTarget = form.scope !== 'organization' && form.scope !== 'run';
  return (
    <div className="grid gap-4 sm:grid-cols-2">
      <SelectField
        label={t('Whose spending')}
        value={form.scope}
        onChange={(event) => onChange({ scope: event.target.value as Scope, target_id: '' })}
      >
        {scopes.map((scope) => (
          <option key={scope} value={scope}>
            {scopeName(scope)}
          </option>
        ))}
      </SelectField>
      {hasTarget && (
        <SelectField
          label={t('Which')}
          value={form.target_id}
          error={error}
          onChange={(event) => onChange({ target_id: event.target.value })}
        >
          <option value="">{t('{{each}}, by itself', { each: eachName(form.scope) })}</option>
          {targets[form.scope].map((target) => (
            <option key={target.id} value={target.id}>
              {target.name}
            </option>
          ))}
        </SelectField>
      )}
    </div>
  );
}
