/** Where a policy applies: things of this organisation by their names, anything else as it is written. */
import { useQuery } from '@tanstack/react-query';
import { Plus, Trash2, TriangleAlert } from 'lucide-react';
import { environmentOptions } from '@/api/names';
import { agentOptionsQuery, membersQuery } from '@/api/queries';
import type { BindingScope } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { t } from '@/lib/i18n';
import { roleTitle } from '@/lib/names';
import { type BindingForm, emptyBinding, ROLES, SCOPES, scopeName } from '../model/form';

type Choices = Partial<Record<BindingScope, { id: string; name: string }[]>>;

function useChoices(organization: string): Choices {
  const environments = useQuery(environmentOptions(organization)).data?.items ?? [];
  const agents = useQuery(agentOptionsQuery).data?.items ?? [];
  const people = useQuery(membersQuery(organization)).data?.items ?? [];
  return {
    org: [],
    env: environments.map(({ id, name }) => ({ id, name })),
    agent: agents.map(({ id, name }) => ({ id, name })),
    role: ROLES.map((id) => ({ id, name: roleTitle(id) })),
    user: people.map(({ user_id, name, email }) => ({
      id: user_id,
      name: name ? `${name} (${email})` : email,
    })),
  };
}

const everyOne: Partial<Record<BindingScope, string>> = {
  org: 'All of it',
  env: 'Every environment',
  agent: 'Every agent',
  role: 'Every role',
  user: 'Everybody',
};

function Which({
  binding,
  choices,
  fault,
  onChange,
}: {
  binding: BindingForm;
  choices: Choices;
  fault: string | undefined;
  onChange: (scopeId: string) => void;
}) {
  const { scope, scopeId } = binding;
  const known = choices[scope];
  if (!known) {
    return (
      <TextField
        label={t('Which')}
        className="font-mono"
        placeholder={scope === 'tool' ? 'tool:files/*' : 'tool:files'}
        value={scopeId}
        onChange={(event) => onChange(event.target.value)}
        error={fault}
      />
    );
  }
  const stays = scopeId !== '*' && !known.some(({ id }) => id === scopeId);
  return (
    <SelectField
      label={t('Which')}
      value={scopeId}
      onChange={(event) => onChange(event.target.value)}
      error={fault}
    >
      <option value="*">{t(everyOne[scope] ?? 'Every one')}</option>
      {stays && <option value={scopeId}>{scopeId}</option>}
      {known.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </SelectField>
  );
}

export function Bindings({
  organization,
  bindings,
  faults,
  readOnly,
  onChange,
}: {
  organization: string;
  bindings: BindingForm[];
  faults: (string | undefined)[];
  readOnly: boolean;
  onChange: (bindings: BindingForm[]) => void;
}) {
  const choices = useChoices(organization);
  const set = (key: string, change: Partial<BindingForm>) =>
    onChange(bindings.map((binding) => (binding.key === key ? { ...binding, ...change } : binding)));
  return (
    <fieldset className="card grid gap-4 p-5" disabled={readOnly}>
      <legend className="sr-only">{t('Applies to')}</legend>
      <div className="flex items-center gap-3">
        <span className="h flex-1">{t('Applies to')}</span>
        <Button variant="outline" size="xs" onClick={() => onChange([...bindings, emptyBinding()])}>
          <Plus size={14} />
          {t('Add a place')}
        </Button>
      </div>
      {bindings.length === 0 && (
        <Notice tone="warn" icon={<TriangleAlert size={17} />}>
          {t('Without a place this policy says nothing.')}
        </Notice>
      )}
      {bindings.map((binding, index) => (
        <div key={binding.key} className="grid grid-cols-[minmax(0,1fr)_auto] items-end gap-3">
          <div className="grid gap-3 sm:grid-cols-[160px_minmax(0,1fr)_110px]">
            <SelectField
              label={t('Place')}
              value={binding.scope}
              onChange={(event) =>
                // An id of one kind names nothing of another.
                set(binding.key, { scope: event.target.value as BindingScope, scopeId: '*' })
              }
            >
              {SCOPES.map((scope) => (
                <option key={scope} value={scope}>
                  {scopeName(scope)}
                </option>
              ))}
            </SelectField>
            <Which
              binding={binding}
              choices={choices}
              fault={faults[index]}
              onChange={(scopeId) => set(binding.key, { scopeId })}
            />
            <TextField
              label={t('Priority')}
              type="number"
              value={binding.priority}
              onChange={(event) => set(binding.key, { priority: event.target.value })}
            />
          </div>
          <IconButton
            label={t('Remove place {{number}}', { number: index + 1 })}
            onClick={() => onChange(bindings.filter((other) => other.key !== binding.key))}
          >
            <Trash2 size={17} />
          </IconButton>
        </div>
      ))}
      <p className="text-sm text-text-3">
        {t('Among rules that allow or ask, the highest priority speaks; denying needs none.')}
      </p>
    </fieldset>
  );
}
