/** One rule of a policy, to be written. */
import { ChevronDown, Plus, Trash2 } from 'lucide-react';
import { useId, useState } from 'react';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { Menu, MenuItem } from '@/components/ui/menu';
import { Segmented } from '@/components/ui/segmented';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import { roleTitle } from '@/lib/names';
import { conditionsFault, EFFECTS, effectName, examples, ROLES, type RuleForm } from '../model/form';
import { EffectBadge } from './effect-badge';

const ACTIONS = [
  'tool.invoke',
  'tool.*',
  'agent.execute',
  'agent.*',
  'connector.*',
  'conversation.share',
  'artifact.*',
  '*',
];

interface Props {
  rule: RuleForm;
  number: number;
  fault?: string | undefined;
  readOnly: boolean;
  onChange: (rule: RuleForm) => void;
  onRemove: () => void;
}

/** The example joins what is there; text that is no JSON yet is replaced. */
function withExample(text: string, conditions: Record<string, unknown>): string {
  let before: Record<string, unknown> = {};
  if (text.trim() && !conditionsFault(text)) before = JSON.parse(text) as Record<string, unknown>;
  return JSON.stringify({ ...before, ...conditions }, null, 2);
}

export function RuleCard({ rule, number, fault, readOnly, onChange, onRemove }: Props) {
  const actions = useId();
  const roles = useId();
  const wrong = conditionsFault(rule.conditions);
  const [more, setMore] = useState(
    Boolean(rule.masked || rule.noBodies || rule.approvers || rule.injection || rule.output),
  );
  const set = (change: Partial<RuleForm>) => onChange({ ...rule, ...change });
  return (
    <fieldset className="card grid gap-4 p-5" disabled={readOnly}>
      <legend className="sr-only">{t('Rule {{number}}', { number })}</legend>
      <div className="flex flex-wrap items-center gap-3">
        <span className="h">{t('Rule {{number}}', { number })}</span>
        <EffectBadge effect={rule.effect} />
        <span className="flex-1" />
        <Segmented
          label={t('Effect of rule {{number}}', { number })}
          value={rule.effect}
          onChange={(effect) => set({ effect })}
          options={EFFECTS.map((effect) => ({ value: effect, label: effectName(effect) }))}
        />
        <IconButton label={t('Remove rule {{number}}', { number })} onClick={onRemove}>
          <Trash2 size={17} />
        </IconButton>
      </div>
      {fault && (
        <p role="alert" className="text-sm text-err">
          {fault}
        </p>
      )}
      <div className="grid items-start gap-4 sm:grid-cols-2">
        <TextField
          label={t('Action')}
          list={actions}
          className="font-mono"
          value={rule.action}
          onChange={(event) => set({ action: event.target.value })}
          hint={t('Such as tool.invoke, agent.* or *')}
        />
        <datalist id={actions}>
          {ACTIONS.map((action) => (
            <option key={action} value={action} />
          ))}
        </datalist>
        <TextField
          label={t('Target')}
          className="font-mono"
          placeholder="tool:files/*"
          value={rule.target}
          onChange={(event) => set({ target: event.target.value })}
          hint={t('tool:server/name; a * at the end takes the rest')}
        />
      </div>
      <div>
        <TextArea
          label={t('Only when')}
          className="min-h-[84px] font-mono text-sm"
          rows={Math.min(12, Math.max(3, rule.conditions.split('\n').length))}
          spellCheck={false}
          placeholder="{ }"
          value={rule.conditions}
          onChange={(event) => set({ conditions: event.target.value })}
          error={wrong}
          hint={t('Every condition must hold. Empty means always.')}
        />
        <div className="mt-2 flex flex-wrap gap-2">
          <Menu
            trigger={
              <Button variant="outline" size="xs">
                <Plus size={14} />
                {t('Add a condition')}
              </Button>
            }
          >
            {examples.map((example) => (
              <MenuItem
                key={example.label}
                onSelect={() => set({ conditions: withExample(rule.conditions, example.conditions) })}
              >
                {t(example.label)}
              </MenuItem>
            ))}
          </Menu>
          <Button variant="outline" size="xs" aria-expanded={more} onClick={() => setMore(!more)}>
            <ChevronDown size={14} className={more ? 'rotate-180' : undefined} />
            {t('Obligations')}
          </Button>
        </div>
      </div>
      {more && (
        <div className="grid gap-4 border-border border-t pt-4">
          <div className="grid items-start gap-4 sm:grid-cols-2">
            <TextArea
              label={t('Mask these fields of results')}
              className="font-mono text-sm"
              rows={2}
              placeholder="/customer/iban"
              value={rule.masked}
              onChange={(event) => set({ masked: event.target.value })}
              hint={t('JSON pointers, one a line; * is every element')}
            />
            <TextField
              label={t('Approval by')}
              placeholder="organization:admin"
              value={rule.approvers}
              onChange={(event) => set({ approvers: event.target.value })}
              list={roles}
              hint={t('Roles, separated by commas; counts where the rule asks first')}
            />
            <datalist id={roles}>
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {roleTitle(role)}
                </option>
              ))}
            </datalist>
          </div>
          <RowFilter rows={rule.rows} onChange={(rows) => set({ rows })} />
          <div className="grid items-start gap-4 sm:grid-cols-3">
            <SelectField
              label={t('Instructions in results')}
              value={rule.injection}
              onChange={(event) => set({ injection: event.target.value as RuleForm['injection'] })}
              hint={t('Words to the model where data should be')}
            >
              <option value="">{t('Do not look')}</option>
              <option value="flag">{t('Mark as data')}</option>
              <option value="withhold">{t('Withhold the result')}</option>
            </SelectField>
            <SelectField
              label={t('Sensitive text')}
              value={rule.output}
              onChange={(event) => set({ output: event.target.value as RuleForm['output'] })}
              hint={t('In results, or in answers where the action is agent.execute')}
            >
              <option value="">{t('Do not look')}</option>
              <option value="flag">{t('Report it')}</option>
              <option value="mask">{t('Mask it')}</option>
            </SelectField>
            <SelectField
              label={t('Of which kind')}
              value={rule.outputKinds}
              disabled={!rule.output}
              onChange={(event) => set({ outputKinds: event.target.value as RuleForm['outputKinds'] })}
            >
              <option value="">{t('Both kinds')}</option>
              <option value="secret">{t('Secrets')}</option>
              <option value="pii">{t('Personal data')}</option>
            </SelectField>
          </div>
          <Switch
            label={t('Keep no arguments and results once the run is over')}
            checked={rule.noBodies}
            onChange={(noBodies) => set({ noBodies })}
            disabled={readOnly}
          />
        </div>
      )}
    </fieldset>
  );
}

/** Which rows of results are kept: those of some values, or of what whoever asks is known to be. */
function RowFilter({
  rows,
  onChange,
}: {
  rows: RuleForm['rows'];
  onChange: (rows: RuleForm['rows']) => void;
}) {
  const set = (change: Partial<RuleForm['rows']>) => onChange({ ...rows, ...change });
  return (
    <div className="grid items-start gap-4 sm:grid-cols-4">
      <TextField
        label={t('Keep rows by their field')}
        className="font-mono text-sm"
        placeholder="/department"
        value={rows.field}
        onChange={(event) => set({ field: event.target.value })}
        hint={t('Other rows of results are left out')}
      />
      <TextArea
        label={t('Of these values')}
        rows={1}
        placeholder="sales"
        value={rows.values}
        disabled={!rows.field}
        onChange={(event) => set({ values: event.target.value })}
        hint={t('One a line')}
      />
      <TextField
        label={t('Or of the person’s attribute')}
        placeholder="department"
        value={rows.attribute}
        disabled={!rows.field}
        onChange={(event) => set({ attribute: event.target.value })}
      />
      <TextField
        label={t('The list stands at')}
        className="font-mono text-sm"
        placeholder="/items"
        value={rows.at}
        disabled={!rows.field}
        onChange={(event) => set({ at: event.target.value })}
        hint={t('Empty where the result is the list')}
      />
    </div>
  );
}
