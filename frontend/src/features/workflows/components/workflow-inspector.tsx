/** The workflow itself: what it is called, who sees it, what it is given and gives back. */
import { Plus, X } from 'lucide-react';
import type { Workflow } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextArea, TextField } from '@/components/ui/field';
import { Switch } from '@/components/ui/switch';
import { WordsField } from '@/components/ui/words-field';
import { t } from '@/lib/i18n';
import { type GraphInput, type GraphOutput, VALUE_TYPES } from '../model/graph';
import {
  CLASSIFICATIONS,
  CONCURRENCIES,
  classificationName,
  concurrencyName,
  VISIBILITIES,
  visibilityName,
} from '../model/names';
import { referencesAt } from '../model/references';
import { EventFields } from './event-fields';
import type { InspectorProps } from './inspector';
import { LimitFields } from './limit-fields';
import { Opinions } from './opinions';
import { ScheduleFields } from './schedule-fields';
import { RowsField, TemplateField } from './value-fields';
import { WebhookFields } from './webhook-fields';

/** What stands beside the graph: it changes without a new version. */
export interface Meta {
  name: string;
  visibility: (typeof VISIBILITIES)[number];
  data_classification: (typeof CLASSIFICATIONS)[number];
  required_permissions: string[];
  category: string;
  is_template: boolean;
  is_active: boolean;
  concurrency: (typeof CONCURRENCIES)[number];
}

function TypeSelect({
  label,
  value,
  disabled,
  onChange,
}: {
  label: string;
  value: string;
  disabled: boolean;
  onChange: (value: string) => void;
}) {
  return (
    <select
      className="field"
      aria-label={label}
      value={value}
      disabled={disabled}
      onChange={(event) => onChange(event.target.value)}
    >
      {VALUE_TYPES.map((type) => (
        <option key={type} value={type}>
          {type}
        </option>
      ))}
    </select>
  );
}

export function WorkflowInspector({
  workflowId,
  graph,
  meta,
  acting,
  own,
  problems,
  disabled,
  dispatch,
  onMeta,
  nameError,
  onClose,
}: InspectorProps & {
  workflowId: string;
  meta: Meta;
  /** What the server has: the schedules and the webhook that it acts by. */
  acting: Pick<Workflow, 'id' | 'schedules' | 'webhook'>;
  /** Whether it is the reader's own. */
  own: boolean;
  onMeta: (change: Partial<Meta>) => void;
  nameError: string | undefined;
}) {
  const change = (part: Record<string, unknown>, tag: string) =>
    dispatch({ type: 'change', graph: { ...graph, ...part }, tag });
  const inputs = (next: GraphInput[], tag: string) => change({ inputs: next }, `inputs/${tag}`);
  const outputs = (next: GraphOutput[], tag: string) => change({ outputs: next }, `outputs/${tag}`);
  const references = referencesAt(graph);
  return (
    <>
      <header className="wf-ins-head">
        <div>
          <h2 className="h">{t('Workflow')}</h2>
          <p className="text-xs text-text-3">{t('Choose a node or an edge to see its settings.')}</p>
        </div>
        <IconButton small label={t('Close inspector')} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      <section>
        <h3 className="h">{t('What it is')}</h3>
        <TextField
          label={t('Title')}
          value={graph.title ?? ''}
          placeholder={meta.name}
          readOnly={disabled}
          maxLength={200}
          onChange={(event) => change({ title: event.target.value || undefined }, 'title')}
        />
        <TextField
          label={t('Name')}
          hint={t('It is run by this name.')}
          className="mono"
          value={meta.name}
          error={nameError}
          readOnly={disabled}
          maxLength={100}
          onChange={(event) => onMeta({ name: event.target.value })}
        />
        <TextArea
          label={t('Description')}
          rows={2}
          value={graph.description ?? ''}
          readOnly={disabled}
          onChange={(event) => change({ description: event.target.value || undefined }, 'description')}
        />
      </section>
      <ScheduleFields
        graph={graph}
        acting={acting.schedules}
        problems={problems}
        disabled={disabled}
        onChange={(triggers, tag) => change({ triggers }, tag)}
      />
      <WebhookFields
        graph={graph}
        workflowId={acting.id}
        known={acting.webhook}
        own={own}
        problems={problems}
        disabled={disabled}
        onChange={(triggers, tag) => change({ triggers }, tag)}
      />
      <EventFields
        graph={graph}
        workflowId={acting.id}
        problems={problems}
        disabled={disabled}
        onChange={(triggers, tag) => change({ triggers }, tag)}
      />
      <section>
        <h3 className="h">{t('What it is given')}</h3>
        <p className="text-sm text-text-3">{t('Without any, everything may be given.')}</p>
        {graph.inputs.map((input, index) => {
          const set = (part: Partial<GraphInput>) =>
            inputs(
              graph.inputs.map((one, at) => (at === index ? { ...one, ...part } : one)),
              `${index}/${Object.keys(part)[0]}`,
            );
          const name = input.name || t('input {{number}}', { number: index + 1 });
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: an input is known by its place while it is named
            <div key={index} className="wf-io">
              <input
                className="field mono"
                aria-label={t('Name of {{name}}', { name })}
                placeholder={t('name')}
                value={input.name}
                readOnly={disabled}
                onChange={(event) => set({ name: event.target.value })}
              />
              <TypeSelect
                label={t('Type of {{name}}', { name })}
                value={input.type}
                disabled={disabled}
                onChange={(type) => set({ type })}
              />
              <label className="wf-check">
                <input
                  type="checkbox"
                  checked={input.required}
                  disabled={disabled}
                  aria-label={t('{{name}} is required', { name })}
                  onChange={(event) => set({ required: event.target.checked })}
                />
                {t('required')}
              </label>
              {!disabled && (
                <IconButton
                  small
                  label={t('Remove {{name}}', { name })}
                  onClick={() =>
                    inputs(
                      graph.inputs.filter((_, at) => at !== index),
                      `remove/${graph.inputs.length}`,
                    )
                  }
                >
                  <X size={14} />
                </IconButton>
              )}
            </div>
          );
        })}
        {!disabled && (
          <div>
            <Button
              size="xs"
              onClick={() =>
                inputs(
                  [...graph.inputs, { name: '', type: 'any', required: false }],
                  `add/${graph.inputs.length}`,
                )
              }
            >
              <Plus size={14} />
              {t('Add an input')}
            </Button>
          </div>
        )}
      </section>
      <section>
        <h3 className="h">{t('What it gives back')}</h3>
        <p className="text-sm text-text-3">{t('Without any, the outputs of its last nodes.')}</p>
        {graph.outputs.map((output, index) => {
          const set = (part: Partial<GraphOutput>) =>
            outputs(
              graph.outputs.map((one, at) => (at === index ? { ...one, ...part } : one)),
              `${index}/${Object.keys(part)[0]}`,
            );
          const name = output.name || t('output {{number}}', { number: index + 1 });
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: an output is known by its place while it is named
            <div key={index} className="wf-case">
              <div className="wf-io">
                <input
                  className="field mono"
                  aria-label={t('Name of {{name}}', { name })}
                  placeholder={t('name')}
                  value={output.name}
                  readOnly={disabled}
                  onChange={(event) => set({ name: event.target.value })}
                />
                <TypeSelect
                  label={t('Type of {{name}}', { name })}
                  value={output.type}
                  disabled={disabled}
                  onChange={(type) => set({ type })}
                />
                {!disabled && (
                  <IconButton
                    small
                    label={t('Remove {{name}}', { name })}
                    onClick={() =>
                      outputs(
                        graph.outputs.filter((_, at) => at !== index),
                        `remove/${graph.outputs.length}`,
                      )
                    }
                  >
                    <X size={14} />
                  </IconButton>
                )}
              </div>
              <TemplateField
                hideLabel
                bare
                label={t('Value of {{name}}', { name })}
                value={output.from ?? ''}
                placeholder={output.name}
                references={references}
                disabled={disabled}
                onChange={(from) => set({ from: from || undefined })}
              />
            </div>
          );
        })}
        {!disabled && (
          <div>
            <Button
              size="xs"
              onClick={() =>
                outputs([...graph.outputs, { name: '', type: 'any' }], `add/${graph.outputs.length}`)
              }
            >
              <Plus size={14} />
              {t('Add an output')}
            </Button>
          </div>
        )}
      </section>
      <section>
        <h3 className="h">{t('Variables')}</h3>
        <RowsField
          label={t('Values at the start')}
          value={graph.variables}
          references={[]}
          disabled={disabled}
          onChange={(variables) => change({ variables }, 'variables')}
        />
      </section>
      <LimitFields
        limits={graph.limits}
        problems={problems}
        disabled={disabled}
        onChange={(limits, tag) => change({ limits }, tag)}
      />
      <section>
        <h3 className="h">{t('Who may see it')}</h3>
        <SelectField
          label={t('Visibility')}
          value={meta.visibility}
          disabled={disabled}
          onChange={(event) => onMeta({ visibility: event.target.value as Meta['visibility'] })}
        >
          {VISIBILITIES.map((value) => (
            <option key={value} value={value}>
              {visibilityName(value)}
            </option>
          ))}
        </SelectField>
        <SelectField
          label={t('Classification')}
          value={meta.data_classification}
          disabled={disabled}
          onChange={(event) =>
            onMeta({ data_classification: event.target.value as Meta['data_classification'] })
          }
        >
          {CLASSIFICATIONS.map((value) => (
            <option key={value} value={value}>
              {classificationName(value)}
            </option>
          ))}
        </SelectField>
        <WordsField
          label={t('Permissions it asks for')}
          hint={t('Whoever runs it needs all of these beside the right to run it.')}
          placeholder="crm.view_financial"
          value={meta.required_permissions}
          disabled={disabled}
          onChange={(required_permissions) => onMeta({ required_permissions })}
        />
        <TextField
          label={t('Category')}
          value={meta.category}
          readOnly={disabled}
          maxLength={100}
          onChange={(event) => onMeta({ category: event.target.value })}
        />
        <Switch
          label={t('Template')}
          hint={t('Others begin with a copy of it.')}
          checked={meta.is_template}
          disabled={disabled}
          onChange={(is_template) => onMeta({ is_template })}
        />
        <SelectField
          label={t('When it starts while it runs')}
          hint={t('Calls of it by agents and other workflows always run.')}
          value={meta.concurrency}
          disabled={disabled}
          onChange={(event) => onMeta({ concurrency: event.target.value as Meta['concurrency'] })}
        >
          {CONCURRENCIES.map((value) => (
            <option key={value} value={value}>
              {concurrencyName(value)}
            </option>
          ))}
        </SelectField>
        <Switch
          label={t('Active')}
          checked={meta.is_active}
          disabled={disabled}
          onChange={(is_active) => onMeta({ is_active })}
        />
      </section>
      <Opinions workflowId={workflowId} />
    </>
  );
}
