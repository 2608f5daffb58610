/** What is chosen, with everything that can be said about it: a node, an edge, or the workflow itself. */
import { CopyPlus, Trash2, X } from 'lucide-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { WorkflowProblem } from '@/api/types';
import { Button, IconButton } from '@/components/ui/button';
import { SelectField, TextField } from '@/components/ui/field';
import { t } from '@/lib/i18n';
import type { Action } from '../model/editor';
import { fieldsOf, inputsLabel } from '../model/fields';
import {
  copied,
  type Graph,
  type GraphEdge,
  type GraphNode,
  ID,
  mayConnect,
  nodeOf,
  type OnError,
  type Retry,
  titleOf,
} from '../model/graph';
import { kindInfo, portName, portsOf } from '../model/kinds';
import { fieldProblem } from '../model/problems';
import { referencesAt } from '../model/references';
import { KindTile } from './kind-icon';
import { ProblemList } from './problem-list';
import { AgentField, CasesField, SettingField } from './settings-fields';
import { RowsField, TemplateField } from './value-fields';

export interface InspectorProps {
  graph: Graph;
  problems: readonly WorkflowProblem[];
  disabled: boolean;
  dispatch: (action: Action) => void;
  onClose: () => void;
}

export function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section>
      <h3 className="h">{title}</h3>
      {children}
    </section>
  );
}

export function NodeInspector({
  graph,
  node,
  problems,
  disabled,
  dispatch,
  onClose,
  fresh,
}: InspectorProps & {
  node: GraphNode;
  /** Just added: its name comes first. */
  fresh: boolean;
}) {
  const kind = kindInfo(node.kind);
  const references = referencesAt(graph, node.id);
  const fields = fieldsOf(node.kind, node.config);
  const inputs = inputsLabel(node.kind);
  const wrong = (field: string) => fieldProblem(problems, field);
  const change = (part: Partial<Omit<GraphNode, 'id'>>, field: string) =>
    dispatch({ type: 'node', id: node.id, change: part, tag: `${node.id}/${field}` });
  const set = (key: string, value: unknown) => {
    const config = { ...node.config, [key]: value };
    if (value === undefined) delete config[key];
    change({ config }, `config/${key}`);
  };
  const name = useRef<HTMLDivElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each node that was added
  useEffect(() => {
    if (fresh) name.current?.querySelector('input')?.focus();
  }, [node.id]);

  return (
    <>
      <header className="wf-ins-head">
        <KindTile kind={node.kind} emoji={node.layout?.icon} color={node.layout?.color} />
        <div>
          <h2 className="h truncate">{titleOf(node)}</h2>
          <p className="text-xs text-text-3">{kind.name}</p>
        </div>
        {!disabled && (
          <>
            <IconButton
              small
              label={t('Duplicate')}
              onClick={() => dispatch({ type: 'paste', piece: copied(graph, [node.id]) })}
            >
              <CopyPlus size={15} />
            </IconButton>
            <IconButton
              small
              label={t('Delete node')}
              onClick={() => dispatch({ type: 'remove', nodes: [node.id], edges: [] })}
            >
              <Trash2 size={15} />
            </IconButton>
          </>
        )}
        <IconButton small label={t('Close inspector')} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      {kind.does && <p className="text-sm text-text-2">{kind.does}</p>}
      {problems.length > 0 && (
        <ProblemList className="wf-found" problems={problems} nameOf={() => undefined} />
      )}

      <Section title={t('What it is')}>
        <div ref={name} className="wf-form">
          <TextField
            label={t('Name')}
            value={node.name ?? ''}
            placeholder={node.id}
            readOnly={disabled}
            error={wrong('/name')}
            onChange={(event) => change({ name: event.target.value || undefined }, 'name')}
          />
          <IdField graph={graph} node={node} disabled={disabled} dispatch={dispatch} />
          {(node.kind === 'agent' || node.kind === 'review' || node.agent !== undefined) && (
            <AgentField
              value={node.agent ?? ''}
              error={wrong('/agent')}
              disabled={disabled}
              onChange={(agent) => change({ agent: agent || undefined }, 'agent')}
            />
          )}
        </div>
      </Section>

      {fields.length > 0 && (
        <Section title={t('Settings')}>
          {node.kind === 'condition' ? (
            <CasesField
              graph={graph}
              node={node}
              references={references}
              disabled={disabled}
              errorAt={(index) => wrong(`/config/cases/${index}`)}
              onGraph={(next, tag) => dispatch({ type: 'change', graph: next, ...(tag ? { tag } : {}) })}
            />
          ) : (
            fields.map((field) => (
              <SettingField
                key={field.key}
                node={node}
                field={field}
                error={wrong(`/config/${field.key}`)}
                references={references}
                disabled={disabled}
                onChange={(value) => set(field.key, value)}
              />
            ))
          )}
        </Section>
      )}

      {inputs && (
        <Section title={t('What it is given')}>
          <RowsField
            label={inputs}
            value={node.inputs ?? {}}
            error={wrong('/inputs')}
            references={references}
            disabled={disabled}
            onChange={(values) =>
              change({ inputs: Object.keys(values).length > 0 ? values : undefined }, 'inputs')
            }
          />
        </Section>
      )}

      <Connections graph={graph} node={node} disabled={disabled} dispatch={dispatch} />

      {!['start', 'end'].includes(node.kind) && (
        <Section title={t('When it runs, and when it fails')}>
          <TemplateField
            bare
            label={t('Only if')}
            hint={t('A condition; the node is skipped where it does not hold.')}
            value={node.guard ?? ''}
            error={wrong('/guard')}
            placeholder="inputs.amount > 1000"
            references={references}
            disabled={disabled}
            onChange={(guard) => change({ guard: guard || undefined }, 'guard')}
          />
          <SelectField
            label={t('If it fails')}
            value={node.on_error}
            error={wrong('/on_error')}
            disabled={disabled}
            onChange={(event) => change({ on_error: event.target.value as OnError }, 'on_error')}
          >
            <option value="stop">{t('The workflow fails')}</option>
            <option value="continue">{t('The workflow goes on')}</option>
            <option value="fallback">{t('Another way is taken')}</option>
          </SelectField>
          <TextField
            type="number"
            label={t('Longest time of an attempt, in seconds')}
            min={0}
            step="any"
            value={node.timeout_ms === undefined ? '' : node.timeout_ms / 1000}
            error={wrong('/timeout_ms')}
            readOnly={disabled}
            onChange={(event) =>
              change(
                {
                  timeout_ms:
                    event.target.value === '' ? undefined : Math.round(Number(event.target.value) * 1000),
                },
                'timeout_ms',
              )
            }
          />
          <RetryFields
            retry={node.retry}
            disabled={disabled}
            error={wrong('/retry')}
            onChange={(retry) => change({ retry }, 'retry')}
          />
        </Section>
      )}
    </>
  );
}

/** The word by which other steps read it. It is taken over when the field is left: half a word is no id. */
function IdField({
  graph,
  node,
  disabled,
  dispatch,
}: {
  graph: Graph;
  node: GraphNode;
  disabled: boolean;
  dispatch: (action: Action) => void;
}) {
  const [typed, setTyped] = useState(node.id);
  useEffect(() => setTyped(node.id), [node.id]);
  const taken = typed !== node.id && nodeOf(graph, typed) !== undefined;
  const wrong = taken
    ? t('Another node has this id.')
    : ID.test(typed)
      ? undefined
      : t('Letters, digits, hyphens and underscores, with a letter first.');
  const take = () => {
    if (wrong) setTyped(node.id);
    else dispatch({ type: 'rename', id: node.id, to: typed });
  };
  return (
    <TextField
      label={t('Id')}
      hint={t('Later steps read it as {{path}}.', { path: `steps.${node.id}.output` })}
      className="mono"
      value={typed}
      error={wrong}
      readOnly={disabled}
      spellCheck={false}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
      }}
    />
  );
}

function RetryFields({
  retry,
  disabled,
  error,
  onChange,
}: {
  retry: Retry | undefined;
  disabled: boolean;
  error: string | undefined;
  onChange: (retry: Retry | undefined) => void;
}) {
  const now: Retry = retry ?? { max: 0, delay_ms: 1000, backoff: 'exponential' };
  return (
    <>
      <TextField
        type="number"
        label={t('Further attempts')}
        min={0}
        max={20}
        value={now.max}
        error={error}
        readOnly={disabled}
        onChange={(event) => {
          const max = Math.max(0, Math.round(Number(event.target.value) || 0));
          onChange(max > 0 ? { ...now, max } : undefined);
        }}
      />
      {now.max > 0 && (
        <div className="wf-two">
          <TextField
            type="number"
            label={t('First pause, in seconds')}
            min={0}
            step="any"
            value={now.delay_ms / 1000}
            readOnly={disabled}
            onChange={(event) =>
              onChange({ ...now, delay_ms: Math.round(Number(event.target.value) * 1000) || 0 })
            }
          />
          <SelectField
            label={t('Later pauses')}
            value={now.backoff}
            disabled={disabled}
            onChange={(event) => onChange({ ...now, backoff: event.target.value as Retry['backoff'] })}
          >
            <option value="exponential">{t('double each time')}</option>
            <option value="fixed">{t('stay the same')}</option>
          </SelectField>
        </div>
      )}
    </>
  );
}

/** Where it leads to, port by port: the way to connect without a mouse. */
export function Connections({
  graph,
  node,
  disabled,
  dispatch,
}: {
  graph: Graph;
  node: GraphNode;
  disabled: boolean;
  dispatch: (action: Action) => void;
}) {
  const ports = portsOf(node);
  if (ports.length === 0) return null;
  return (
    <Section title={t('Where it leads')}>
      {ports.map((port) => {
        const edges = graph.edges.filter((edge) => edge.from === node.id && edge.port === port);
        const targets = graph.nodes.filter((other) => mayConnect(graph, node.id, port, other.id));
        const called = portName(port);
        return (
          <div key={port} className="wf-port">
            <span className="label">{called}</span>
            {edges.map((edge) => {
              const target = nodeOf(graph, edge.to);
              const name = target ? titleOf(target) : edge.to;
              return (
                <div key={edge.id} className="wf-link">
                  <button
                    type="button"
                    className="truncate"
                    onClick={() => dispatch({ type: 'select', nodes: [], edges: [edge.id] })}
                    aria-label={t('Edge to {{name}}', { name })}
                  >
                    {name}
                    {edge.condition && <code className="wf-path">{edge.condition}</code>}
                  </button>
                  {!disabled && (
                    <IconButton
                      small
                      label={t('Disconnect {{name}}', { name })}
                      onClick={() => dispatch({ type: 'remove', nodes: [], edges: [edge.id] })}
                    >
                      <X size={14} />
                    </IconButton>
                  )}
                </div>
              );
            })}
            {!disabled && (
              <select
                className="field"
                aria-label={t('Connect {{port}} to', { port: called })}
                value=""
                onChange={(event) =>
                  dispatch({ type: 'connect', from: node.id, port, to: event.target.value })
                }
              >
                <option value="">{t('Connect to…')}</option>
                {targets.map((target) => (
                  <option key={target.id} value={target.id}>
                    {titleOf(target)}
                  </option>
                ))}
              </select>
            )}
          </div>
        );
      })}
    </Section>
  );
}

export function EdgeInspector({
  graph,
  edge,
  problems,
  disabled,
  dispatch,
  onClose,
}: InspectorProps & { edge: GraphEdge }) {
  const [from, to] = [nodeOf(graph, edge.from), nodeOf(graph, edge.to)];
  const ports = from ? portsOf(from) : [];
  const at = graph.edges.indexOf(edge);
  const own = problems.filter(({ pointer }) => pointer.startsWith(`/edges/${at}/`));
  const about = (field: string) => own.find(({ pointer }) => pointer.endsWith(`/${field}`))?.message;
  return (
    <>
      <header className="wf-ins-head">
        <div>
          <h2 className="h truncate">
            {from ? titleOf(from) : edge.from} → {to ? titleOf(to) : edge.to}
          </h2>
          <p className="text-xs text-text-3">{t('Edge')}</p>
        </div>
        {!disabled && (
          <IconButton
            small
            label={t('Delete edge')}
            onClick={() => dispatch({ type: 'remove', nodes: [], edges: [edge.id] })}
          >
            <Trash2 size={15} />
          </IconButton>
        )}
        <IconButton small label={t('Close inspector')} onClick={onClose}>
          <X size={16} />
        </IconButton>
      </header>
      <Section title={t('Way')}>
        <SelectField
          label={t('Leaves by')}
          value={edge.port}
          error={about('port')}
          disabled={disabled}
          onChange={(event) => dispatch({ type: 'edge', id: edge.id, change: { port: event.target.value } })}
        >
          {!ports.includes(edge.port) && <option value={edge.port}>{edge.port}</option>}
          {ports.map((port) => (
            <option key={port} value={port}>
              {portName(port)}
            </option>
          ))}
        </SelectField>
        <TemplateField
          bare
          label={t('Only if')}
          hint={t('A condition; the edge is taken only where it holds.')}
          value={edge.condition ?? ''}
          error={about('condition')}
          references={from ? referencesAt(graph, edge.to) : []}
          disabled={disabled}
          onChange={(condition) =>
            dispatch({
              type: 'edge',
              id: edge.id,
              change: { condition: condition || undefined },
              tag: `${edge.id}/condition`,
            })
          }
        />
      </Section>
      <div>
        <Button size="xs" variant="outline" onClick={() => dispatch({ type: 'select', nodes: [edge.from] })}>
          {t('Go to {{name}}', { name: from ? titleOf(from) : edge.from })}
        </Button>
      </div>
    </>
  );
}
