/** The builder: one form for a new agent and for a changed one. */
import { useQuery } from '@tanstack/react-query';
import { TriangleAlert } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { describe, Problem } from '@/api/problem';
import { modelsQuery } from '@/api/queries';
import type { Agent } from '@/api/types';
import { Button } from '@/components/ui/button';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { Notice } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { WordsField } from '@/components/ui/words-field';
import { count } from '@/lib/format';
import { t } from '@/lib/i18n';
import {
  type AgentForm,
  bodyOf,
  CLASSIFICATIONS,
  checkForm,
  emptyForm,
  type FormErrors,
  formOf,
  VISIBILITIES,
} from '../model/form';
import { useSaveAgent } from '../queries';
import { PromptField } from './prompt-field';
import { ToolPicker } from './tool-picker';

interface Props {
  agent?: Agent;
  onSaved: (agent: Agent) => void;
  onCancel: () => void;
}

const visibilityName = (value: string): string =>
  ({
    private: t('Only me'),
    team: t('My team'),
    organization: t('My organisation'),
    public: t('Everyone here'),
  })[value] ?? value;

const levelName = (value: string): string =>
  ({
    public: t('Public'),
    internal: t('Internal'),
    confidential: t('Confidential'),
    restricted: t('Restricted'),
  })[value] ?? value;

export function AgentBuilder({ agent, onSaved, onCancel }: Props) {
  const [form, setForm] = useState<AgentForm>(() => (agent ? formOf(agent) : emptyForm()));
  const [errors, setErrors] = useState<FormErrors>({});
  const [dirty, setDirty] = useState(false);
  const save = useSaveAgent(agent);
  const top = useRef<HTMLFormElement>(null);
  const refused = save.error instanceof Problem ? save.error : undefined;

  // Leaving the page would lose what was typed; the browser asks.
  useEffect(() => {
    if (!dirty) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener('beforeunload', ask);
    return () => window.removeEventListener('beforeunload', ask);
  }, [dirty]);

  const set = <K extends keyof AgentForm>(field: K, value: AgentForm[K]) => {
    setForm((last) => ({ ...last, [field]: value }));
    setErrors(({ [field]: _, ...rest }) => rest);
    setDirty(true);
  };
  const error = (field: keyof AgentForm): string | undefined => errors[field] ?? refused?.fieldError(field);

  const submit = () => {
    const wrong = checkForm(form);
    setErrors(wrong);
    if (Object.keys(wrong).length > 0) {
      requestAnimationFrame(() => top.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    save.mutate(bodyOf(form), {
      onSuccess: (saved) => {
        setDirty(false);
        onSaved(saved);
      },
    });
  };

  return (
    <form
      ref={top}
      className="agent-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div>
        <Section title={t('What it is')}>
          <TextField
            label={t('Name')}
            value={form.name}
            error={error('name')}
            maxLength={100}
            required
            autoFocus={!agent}
            onChange={(event) => set('name', event.target.value)}
          />
          <TextArea
            label={t('Description')}
            hint={t('Routing reads it to decide when this agent should answer.')}
            rows={2}
            value={form.description}
            error={error('description')}
            onChange={(event) => set('description', event.target.value)}
          />
          <WordsField
            label={t('Tags')}
            placeholder={t('Finance, Research')}
            value={form.tags}
            onChange={(tags) => set('tags', tags)}
          />
        </Section>
        <Section title={t('How it thinks')}>
          <ModelField value={form.model} error={error('model')} onChange={(model) => set('model', model)} />
          <PromptField value={form.system_prompt} onChange={(text) => set('system_prompt', text)} />
          <Temperature value={form.temperature} onChange={(value) => set('temperature', value)} />
          <div className="agent-two">
            <NumberField
              form={form}
              field="max_tokens"
              label={t('Longest answer')}
              hint={t('Tokens')}
              error={error}
              set={set}
            />
            <NumberField
              form={form}
              field="top_p"
              label={t('Top-p')}
              hint={t('Empty: left to the model')}
              error={error}
              set={set}
            />
            <NumberField
              form={form}
              field="max_tool_rounds"
              label={t('Tool rounds')}
              hint={t('At most per answer')}
              error={error}
              set={set}
            />
          </div>
        </Section>
        <Section
          title={t('What it can use')}
          hint={t('Without a tick a tool cannot be called. Policies still decide each call.')}
        >
          <ToolPicker
            tools={form.tools}
            servers={form.servers}
            onTools={(tools) => set('tools', tools)}
            onServers={(servers) => set('servers', servers)}
          />
        </Section>
        <Section title={t('Who may use it, and how it runs')}>
          <div className="agent-two">
            <SelectField
              label={t('Visible to')}
              value={form.visibility}
              error={error('visibility')}
              onChange={(event) => set('visibility', event.target.value as AgentForm['visibility'])}
            >
              {options(VISIBILITIES, form.visibility).map((value) => (
                <option key={value} value={value}>
                  {visibilityName(value)}
                </option>
              ))}
            </SelectField>
            <SelectField
              label={t('Classification')}
              hint={t('The highest data it may see')}
              value={form.data_classification}
              error={error('data_classification')}
              onChange={(event) =>
                set('data_classification', event.target.value as AgentForm['data_classification'])
              }
            >
              {options(CLASSIFICATIONS, form.data_classification).map((value) => (
                <option key={value} value={value}>
                  {levelName(value)}
                </option>
              ))}
            </SelectField>
          </div>
          <WordsField
            label={t('Permissions it asks for')}
            hint={t('Whoever talks to it needs all of these beside the right to use it.')}
            placeholder="crm.view_financial"
            value={form.required_permissions}
            error={error('required_permissions')}
            onChange={(permissions) => set('required_permissions', permissions)}
          />
          <div className="agent-two">
            <NumberField
              form={form}
              field="timeout_s"
              label={t('Time limit')}
              hint={t('Seconds')}
              error={error}
              set={set}
            />
            <NumberField
              form={form}
              field="max_retries"
              label={t('Retries')}
              hint={t('When a step fails')}
              error={error}
              set={set}
            />
            <NumberField
              form={form}
              field="retry_delay_s"
              label={t('Pause between')}
              hint={t('Seconds')}
              error={error}
              set={set}
            />
          </div>
          <Switch
            label={t('Active')}
            hint={t('Off, it keeps its conversations but answers no more.')}
            checked={form.is_active}
            onChange={(active) => set('is_active', active)}
          />
        </Section>
        <div className="agent-save">
          <div className="min-w-0 flex-1">
            {save.isError && (
              <Notice tone="err" icon={<TriangleAlert size={16} />}>
                {refused?.status === 412
                  ? t('Someone else changed this agent meanwhile. Reload the page to see their version.')
                  : describe(save.error)}
              </Notice>
            )}
          </div>
          <Button size="lg" onClick={onCancel}>
            {t('Cancel')}
          </Button>
          <Button type="submit" size="lg" variant="primary" busy={save.isPending}>
            {agent ? t('Save agent') : t('Create agent')}
          </Button>
        </div>
      </div>
    </form>
  );
}

/** A value the server knows and this page does not is still offered, or saving would change it. */
function options(known: readonly string[], value: string): string[] {
  return known.includes(value) ? [...known] : [...known, value];
}

function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <fieldset>
      <legend>
        <span className="title">{title}</span>
        {hint && <span className="mt-1 block text-sm text-text-3">{hint}</span>}
      </legend>
      {children}
    </fieldset>
  );
}

function NumberField({
  form,
  field,
  label,
  hint,
  error,
  set,
}: {
  form: AgentForm;
  field: 'max_tokens' | 'top_p' | 'max_tool_rounds' | 'timeout_s' | 'max_retries' | 'retry_delay_s';
  label: string;
  hint: string;
  error: (field: keyof AgentForm) => string | undefined;
  set: (field: 'max_tokens', value: string) => void;
}) {
  return (
    <TextField
      label={label}
      hint={hint}
      inputMode="decimal"
      className="num"
      value={form[field]}
      error={error(field)}
      onChange={(event) => set(field as 'max_tokens', event.target.value)}
    />
  );
}

function ModelField({
  value,
  error,
  onChange,
}: {
  value: string;
  error: string | undefined;
  onChange: (model: string) => void;
}) {
  const models = useQuery(modelsQuery);
  const items = models.data?.items ?? [];
  const fallback = items.find((model) => model.id === models.data?.default_model);
  const chosen = items.find((model) => model.id === value);
  const hint = chosen
    ? chosen.available
      ? [
          chosen.context_window &&
            t('{{number}} tokens of context', { number: count(chosen.context_window) }),
          chosen.capabilities.tools ? '' : t('cannot call tools'),
        ]
          .filter(Boolean)
          .join(', ')
      : (chosen.unavailable_reason ?? t('No provider serves this model now; the default answers instead.'))
    : undefined;
  return (
    <SelectField
      label={t('Model')}
      hint={hint}
      value={value}
      error={error}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">
        {fallback ? t('Default: {{name}}', { name: fallback.display_name }) : t('The default model')}
      </option>
      {value && !chosen && <option value={value}>{value}</option>}
      {items.map((model) => (
        <option key={model.id} value={model.id}>
          {model.display_name}
          {model.available ? '' : ` (${t('not available')})`}
        </option>
      ))}
    </SelectField>
  );
}

function Temperature({ value, onChange }: { value: number; onChange: (value: number) => void }) {
  return (
    <label className="grid gap-1.5">
      <span className="flex text-sm font-medium text-text-2">
        <span className="flex-1">{t('Temperature')}</span>
        <output className="num text-text">{value.toFixed(1)}</output>
      </span>
      <input
        type="range"
        className="agent-slider"
        min={0}
        max={2}
        step={0.1}
        value={value}
        onChange={(event) => onChange(Number(event.target.value))}
      />
      <span className="flex text-xs text-text-3">
        <span className="flex-1">{t('Same answer each time')}</span>
        <span>{t('More surprise')}</span>
      </span>
    </label>
  );
}
