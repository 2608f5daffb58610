/** The settings of a kind of node. */
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronUp, Plus, X } from 'lucide-react';
import { useId } from 'react';
import { connectorOptions } from '@/api/names';
import { agentOptionsQuery, modelsQuery } from '@/api/queries';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { Switch } from '@/components/ui/switch';
import { t } from '@/lib/i18n';
import { type Channels, channelList, channelsOf } from '../model/channels';
import type { Field } from '../model/fields';
import type { Graph, GraphNode, Values } from '../model/graph';
import { renamePort, updateNode } from '../model/graph';
import { type Case, casesOf } from '../model/kinds';
import type { Reference } from '../model/references';
import { toolNames, workflowOptions } from '../queries';
import { CodeField, JsonField, ListField, RowsField, TemplateField } from './value-fields';

interface Props {
  node: GraphNode;
  field: Field;
  error: string | undefined;
  references: readonly Reference[];
  disabled: boolean;
  onChange: (value: unknown) => void;
}

const text = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);

function NamesField({
  names,
  config,
  label,
  hint,
  error,
  value,
  placeholder,
  disabled,
  onChange,
}: {
  names?: 'servers' | 'tools' | 'workflows' | 'agents' | undefined;
  /** The settings beside it, which narrow what is offered. */
  config?: Record<string, unknown> | undefined;
  label: string;
  hint?: string | undefined;
  error: string | undefined;
  value: string;
  placeholder?: string | undefined;
  disabled: boolean;
  onChange: (value: string) => void;
}) {
  const id = useId();
  const servers = useQuery({ ...connectorOptions, enabled: names === 'servers' || names === 'tools' });
  const kind = config?.connector_kind;
  const ofKind = servers.data?.items.filter((server) => kind === undefined || server.kind === kind) ?? [];
  const chosen = text(config?.connector).toLowerCase();
  const server = ofKind.find(({ id, name, slug }) => [id, name.toLowerCase(), slug].includes(chosen));
  const tools = useQuery({
    ...toolNames(server?.id ?? ''),
    enabled: names === 'tools' && server !== undefined,
  });
  const workflows = useQuery({ ...workflowOptions, enabled: names === 'workflows' });
  const agents = useQuery({ ...agentOptionsQuery, enabled: names === 'agents' });
  const known =
    names === 'servers'
      ? ofKind.map(({ name }) => name)
      : names === 'tools'
        ? (tools.data?.items.map(({ name }) => name) ?? [])
        : names === 'workflows'
          ? (workflows.data?.items.map(({ name }) => name) ?? [])
          : names === 'agents'
            ? (agents.data?.items.map(({ slug }) => slug) ?? [])
            : [];
  return (
    <>
      <TextField
        label={label}
        hint={hint}
        error={error}
        value={value}
        placeholder={placeholder}
        readOnly={disabled}
        list={known.length > 0 ? id : undefined}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
      {known.length > 0 && (
        <datalist id={id}>
          {known.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
      )}
    </>
  );
}

/** Which agent does it. */
export function AgentField({
  value,
  error,
  disabled,
  onChange,
}: {
  value: string;
  error: string | undefined;
  disabled: boolean;
  onChange: (value: string) => void;
}) {
  return (
    <NamesField
      names="agents"
      label={t('Agent')}
      value={value}
      error={error}
      disabled={disabled}
      onChange={onChange}
    />
  );
}

function ModelField({
  value,
  onChange,
  disabled,
  error,
}: Pick<Props, 'onChange' | 'disabled' | 'error'> & { value: unknown }) {
  const models = useQuery(modelsQuery);
  const chosen = value as { name?: string; display_name?: string } | undefined;
  const known = models.data?.items ?? [];
  const name = chosen?.name ?? '';
  return (
    <SelectField
      label={t('Model')}
      error={error}
      value={name}
      disabled={disabled}
      onChange={(event) => {
        const model = known.find(({ id }) => id === event.target.value);
        onChange(model ? { provider: model.provider, name: model.id } : undefined);
      }}
    >
      <option value="">{t("The agent's own")}</option>
      {name !== '' && !known.some(({ id }) => id === name) && (
        <option value={name}>{chosen?.display_name ?? name}</option>
      )}
      {known.map((model) => (
        <option key={model.id} value={model.id}>
          {model.display_name ?? model.id}
        </option>
      ))}
    </SelectField>
  );
}

export function SettingField({ node, field, error, references, disabled, onChange }: Props) {
  const value = node.config[field.key];
  const { label, hint } = field;
  const optional = (next: string) => onChange(next === '' ? undefined : next);
  switch (field.type) {
    case 'text':
      return (
        <NamesField
          names={field.names}
          config={node.config}
          label={label}
          hint={hint}
          error={error}
          value={text(value)}
          placeholder={field.placeholder}
          disabled={disabled}
          onChange={optional}
        />
      );
    case 'template':
    case 'expression':
      return (
        <TemplateField
          label={label}
          hint={hint}
          error={error}
          value={text(value)}
          rows={field.type === 'template' ? field.rows : 1}
          bare={field.type === 'expression'}
          placeholder={field.placeholder}
          references={references}
          disabled={disabled}
          onChange={optional}
        />
      );
    case 'code':
      return (
        <CodeField
          label={label}
          hint={hint}
          error={error}
          value={text(value)}
          disabled={disabled}
          onChange={onChange}
        />
      );
    case 'number':
    case 'span': {
      const scale = field.type === 'span' ? 1000 : 1;
      return (
        <TextField
          type="number"
          label={label}
          hint={hint}
          error={error}
          min={field.type === 'number' ? field.min : 0}
          max={field.type === 'number' ? field.max : undefined}
          step={field.type === 'number' ? (field.step ?? 1) : 'any'}
          value={typeof value === 'number' ? value / scale : ''}
          readOnly={disabled}
          onChange={(event) =>
            onChange(event.target.value === '' ? undefined : Number(event.target.value) * scale)
          }
        />
      );
    }
    case 'choice':
      return (
        <SelectField
          label={label}
          hint={hint}
          error={error}
          value={text(value)}
          disabled={disabled}
          onChange={(event) => onChange(event.target.value)}
        >
          {!field.options.some(([word]) => word === value) && (
            <option value={text(value)}>{text(value) || t('Choose')}</option>
          )}
          {field.options.map(([word, name]) => (
            <option key={word} value={word}>
              {name}
            </option>
          ))}
        </SelectField>
      );
    case 'list':
      return (
        <>
          <ListField
            label={label}
            hint={hint}
            error={error}
            value={Array.isArray(value) ? value.map(String) : []}
            placeholder={field.placeholder}
            disabled={disabled}
            onChange={(items) => onChange(items.length > 0 ? items : undefined)}
          />
          {field.nothing !== undefined && (
            <Switch
              label={field.nothing}
              checked={Array.isArray(value) && value.length === 0}
              disabled={disabled}
              onChange={(nothing) => onChange(nothing ? [] : undefined)}
            />
          )}
        </>
      );
    case 'channels':
      return <ChannelsField label={label} value={value} disabled={disabled} onChange={onChange} />;
    case 'switch':
      return <Switch label={label} checked={value === true} disabled={disabled} onChange={onChange} />;
    case 'json':
      return (
        <JsonField
          label={label}
          hint={hint}
          error={error}
          value={value}
          texts={field.key === 'body' || field.key === 'data'}
          placeholder={field.placeholder}
          disabled={disabled}
          onChange={onChange}
        />
      );
    case 'rows':
      return (
        <RowsField
          label={label}
          error={error}
          value={(value ?? {}) as Values}
          references={references}
          disabled={disabled}
          onChange={(rows) => onChange(Object.keys(rows).length > 0 ? rows : undefined)}
        />
      );
    case 'model':
      return <ModelField value={value} error={error} disabled={disabled} onChange={onChange} />;
    case 'cases':
      return null;
  }
}

/** How people are told of a question, beside their inbox. */
function ChannelsField({
  label,
  value,
  disabled,
  onChange,
}: {
  label: string;
  value: unknown;
  disabled: boolean;
  onChange: (value: unknown) => void;
}) {
  const channels = channelsOf(value);
  const set = (change: Partial<Channels>) => onChange(channelList({ ...channels, ...change }));
  return (
    <fieldset className="grid gap-3">
      <legend className="label">{label}</legend>
      <Switch
        label={t('By mail')}
        checked={channels.email}
        disabled={disabled}
        onChange={(email) => set({ email })}
      />
      <Switch
        label={t('In their inbox')}
        checked={channels.web}
        disabled={disabled}
        onChange={(web) => set({ web })}
      />
      <TextField
        label={t('In a channel of Slack')}
        value={channels.slack}
        placeholder="#approvals"
        disabled={disabled}
        onChange={(event) => set({ slack: event.target.value.trim() })}
      />
    </fieldset>
  );
}

/** The cases of a condition in the order in which they are tried; each is a way out. */
export function CasesField({
  graph,
  node,
  references,
  disabled,
  errorAt,
  onGraph,
}: {
  graph: Graph;
  node: GraphNode;
  references: readonly Reference[];
  disabled: boolean;
  errorAt: (index: number) => string | undefined;
  onGraph: (graph: Graph, tag?: string) => void;
}) {
  const cases = casesOf(node.config);
  const write = (next: Case[]) =>
    onGraph(updateNode(graph, node.id, { config: { ...node.config, cases: next } }));
  const set = (index: number, part: Partial<Case>) => {
    const next = cases.map((one, at) => (at === index ? { ...one, ...part } : one));
    const config = { ...node.config, cases: next };
    const [before, after] = [cases[index]?.port, next[index]?.port];
    const tag = `${node.id}/cases/${index}/${Object.keys(part)[0]}`;
    if (before !== undefined && after !== undefined && before !== after) {
      onGraph(renamePort(graph, node.id, before, after, config), tag);
    } else onGraph(updateNode(graph, node.id, { config }), tag);
  };
  const move = (index: number, step: number) => {
    const next = [...cases];
    const [one] = next.splice(index, 1);
    if (one) next.splice(index + step, 0, one);
    write(next);
  };
  const free = (): string => {
    for (let number = cases.length + 1; ; number += 1)
      if (!cases.some(({ port }) => port === `case_${number}`)) return `case_${number}`;
  };
  return (
    <fieldset className="wf-rows">
      <legend>{t('Cases, the first that holds is followed')}</legend>
      {cases.map((one, index) => {
        const always = one.expression === undefined;
        const wrong = errorAt(index);
        return (
          // biome-ignore lint/suspicious/noArrayIndexKey: a case is known by its place alone
          <div key={index} className="wf-case">
            <div className="wf-case-head">
              <input
                className="field mono"
                aria-label={t('Port of case {{number}}', { number: index + 1 })}
                value={one.port}
                readOnly={disabled}
                onChange={(event) => set(index, { port: event.target.value })}
              />
              {!disabled && (
                <>
                  <IconButton
                    small
                    label={t('Move case {{number}} up', { number: index + 1 })}
                    disabled={index === 0}
                    onClick={() => move(index, -1)}
                  >
                    <ChevronUp size={14} />
                  </IconButton>
                  <IconButton
                    small
                    label={t('Move case {{number}} down', { number: index + 1 })}
                    disabled={index === cases.length - 1}
                    onClick={() => move(index, 1)}
                  >
                    <ChevronDown size={14} />
                  </IconButton>
                  <IconButton
                    small
                    label={t('Remove case {{number}}', { number: index + 1 })}
                    onClick={() => write(cases.filter((_, at) => at !== index))}
                  >
                    <X size={14} />
                  </IconButton>
                </>
              )}
            </div>
            {always ? (
              <p className="text-text-3">{t('Otherwise: where no case above holds.')}</p>
            ) : (
              <TemplateField
                hideLabel
                bare
                label={t('Condition of case {{number}}', { number: index + 1 })}
                value={one.expression ?? ''}
                placeholder="steps.check.output.score > 0.5"
                references={references}
                disabled={disabled}
                onChange={(expression) => set(index, { expression })}
              />
            )}
            {wrong && <p className="text-err">{wrong}</p>}
          </div>
        );
      })}
      {!disabled && (
        <div className="wf-badges">
          <Button
            size="xs"
            onClick={() => {
              const added = { expression: '', port: free() };
              const last = cases.at(-1);
              // The case without a condition always holds, so it stays the last.
              write(
                last && last.expression === undefined
                  ? [...cases.slice(0, -1), added, last]
                  : [...cases, added],
              );
            }}
          >
            <Plus size={14} />
            {t('Add a case')}
          </Button>
          {!cases.some(({ expression }) => expression === undefined) && (
            <Button size="xs" onClick={() => write([...cases, { port: 'else' }])}>
              <Plus size={14} />
              {t('Otherwise')}
            </Button>
          )}
        </div>
      )}
    </fieldset>
  );
}
