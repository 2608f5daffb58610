/** What a run is given, as a form of the declared inputs or as JSON, and its start: at the beginning, or from a node of an
 * earlier run. */
import { FlaskConical, Play } from 'lucide-react';
import { useState } from 'react';
import { describe, Problem } from '@/api/problem';
import type { Run } from '@/api/types';
import { Button } from '@/components/ui/button';
import { Dialog } from '@/components/ui/dialog';
import { TextArea, TextField } from '@/components/ui/field';
import { Segmented } from '@/components/ui/segmented';
import { Notice } from '@/components/ui/states';
import { Switch } from '@/components/ui/switch';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import { words } from '@/lib/names';
import { type GraphInput, type GraphNode, titleOf, type Values } from '../model/graph';
import { inputOfPointer, kindOfInput, readInputs, readObject, type Typed, typedOf } from '../model/inputs';
import { changesOf, draftOf, type NodeDraft } from '../model/resume';
import { useExecute, useResume } from '../queries';
import { DraftField } from './trial';
import '../workflows.css';

/** Where a run goes on that takes over what an earlier one found. */
export interface ResumeFrom {
  runId: string;
  /** The version that ran, and the newest. */
  version: number;
  newest: number;
  /** The node that is done again; where the run stopped without it. */
  node?: GraphNode | undefined;
  iteration?: readonly number[] | undefined;
  /** Whether this person may change what nodes do. */
  mayChange: boolean;
}

interface Props {
  workflowId: string;
  title: string;
  inputs: readonly GraphInput[];
  /** What an earlier run was given. */
  given?: Values | undefined;
  /** Whether it is a try-out of the designer. */
  test: boolean;
  from?: ResumeFrom | undefined;
  /** There where changes are not saved: saves them, and says whether that worked. */
  onSave?: (() => Promise<boolean>) | undefined;
  onClose: () => void;
  onStarted: (run: Run) => void;
}

export function RunDialog({ open, ...props }: Props & { open: boolean }) {
  return (
    <Dialog
      open={open}
      onClose={props.onClose}
      title={props.from ? titleFrom(props.from) : t('Run {{title}}', { title: props.title })}
      description={
        props.from
          ? t(
              'A new run takes over what was found before. What is done again has its effects again; the run so far stays as it is.',
            )
          : props.inputs.length === 0
            ? t('It declares no inputs, so that it runs with nothing, or with what you write here.')
            : t('What is left empty has its default.')
      }
    >
      <Form {...props} />
    </Dialog>
  );
}

function titleFrom({ node }: ResumeFrom): string {
  return node ? t('Go on from “{{node}}”', { node: titleOf(node) }) : t('Go on where it stopped');
}

type Mode = 'form' | 'json';

function Form({ workflowId, inputs, given, test, from, onSave, onClose, onStarted }: Props) {
  const declared = inputs.length > 0;
  const [mode, setMode] = useState<Mode>(declared ? 'form' : 'json');
  const [typed, setTyped] = useState<Typed>(() => typedOf(inputs, given));
  const [text, setText] = useState(() => (given && !declared ? JSON.stringify(given, null, 2) : ''));
  const [errors, setErrors] = useState<Record<string, string>>({});
  const [textError, setTextError] = useState<string>();
  const [saving, setSaving] = useState(false);
  const execute = useExecute(workflowId);
  const resume = useResume(workflowId, from?.runId ?? '');
  const [version, setVersion] = useState(from?.version ?? 0);
  const [draft, setDraft] = useState(() => draftOf(from?.node));
  const [draftError, setDraftError] = useState<string>();
  const [policy, setPolicy] = useState('');

  const change = (name: string, value: string | boolean) => {
    setTyped((last) => ({ ...last, [name]: value }));
    setErrors(({ [name]: _, ...others }) => others);
  };

  /** Takes what was written along, where it can be read. */
  const turn = (next: Mode) => {
    if (next === 'json') {
      const { values } = readInputs(inputs, typed);
      setText(JSON.stringify(values, null, 2));
      setTextError(undefined);
    } else {
      const { values, error } = readObject(text);
      if (error) {
        setTextError(error);
        return;
      }
      setTyped(typedOf(inputs, values));
      setErrors({});
    }
    setMode(next);
  };

  const start = async () => {
    let values: Values;
    if (mode === 'form') {
      const read = readInputs(inputs, typed);
      setErrors(read.errors);
      if (Object.keys(read.errors).length > 0) return;
      values = read.values;
    } else {
      const read = readObject(text);
      setTextError(read.error);
      if (!read.values) return;
      values = read.values;
    }
    if (onSave) {
      setSaving(true);
      const saved = await onSave().finally(() => setSaving(false));
      if (!saved) return;
    }
    const answered = {
      onSuccess: ({ run }: { run: Run }) => onStarted(run),
      onError: (problem: Error) => {
        if (!(problem instanceof Problem)) return;
        const found: Record<string, string> = {};
        for (const { pointer, detail } of problem.errors) {
          const name = inputOfPointer(pointer);
          if (name !== undefined) found[name] ??= detail;
        }
        setErrors(found);
      },
    };
    if (!from) {
      execute.mutate({ inputs: values, test }, answered);
      return;
    }
    const changes = changesOf(from.node, draft);
    setDraftError(changes.error);
    if (changes.error) return;
    resume.mutate(
      {
        node_id: from.node?.id,
        iteration: from.iteration ? [...from.iteration] : undefined,
        inputs: values,
        nodes: changes.nodes,
        version,
        policy: policy ? { policy_id: policy } : undefined,
      },
      answered,
    );
  };

  // What the form cannot show at a field is said above it.
  const refused = execute.error ?? resume.error;
  const placed =
    mode === 'form' &&
    refused instanceof Problem &&
    refused.errors.length > 0 &&
    refused.errors.every(({ pointer }) => inputs.some(({ name }) => name === inputOfPointer(pointer)));
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        void start();
      }}
    >
      <div className="wf-form">
        {refused && !placed && <Notice tone="err">{describe(refused)}</Notice>}
        {declared && (
          <Segmented<Mode>
            label={t('Write it as')}
            value={mode}
            onChange={turn}
            options={[
              { value: 'form', label: t('Form') },
              { value: 'json', label: 'JSON' },
            ]}
          />
        )}
        {mode === 'form' ? (
          inputs.map((input, index) => (
            <InputField
              key={input.name}
              input={input}
              value={typed[input.name] ?? ''}
              error={errors[input.name]}
              autoFocus={index === 0}
              onChange={(value) => change(input.name, value)}
            />
          ))
        ) : (
          <TextArea
            label={t('Inputs')}
            rows={declared ? 10 : 5}
            className="mono"
            spellCheck={false}
            autoFocus
            placeholder="{ }"
            value={text}
            error={textError}
            hint={t('An object of JSON: each input by its name.')}
            onChange={(event) => {
              setText(event.target.value);
              setTextError(undefined);
            }}
          />
        )}
        {from && from.newest !== from.version && (
          <Segmented<string>
            label={t('Which version')}
            value={String(version)}
            onChange={(next) => setVersion(Number(next))}
            options={[
              {
                value: String(from.version),
                label: t('Version {{version}}, as it ran', { version: from.version }),
              },
              {
                value: String(from.newest),
                label: t('Version {{version}}, the newest', { version: from.newest }),
              },
            ]}
          />
        )}
        {from && <DraftField value={policy} onChange={setPolicy} />}
        {from?.node && from.mayChange && (
          <NodeChanges
            node={from.node}
            draft={draft}
            error={draftError}
            onChange={(next) => {
              setDraft(next);
              setDraftError(undefined);
            }}
          />
        )}
        {onSave && (
          <Notice tone="info" icon={<FlaskConical size={16} />}>
            {t('Your changes are not saved yet. What runs is what is saved, so they are saved first.')}
          </Notice>
        )}
      </div>
      <div className="wf-foot">
        <Button variant="outline" onClick={onClose}>
          {t('Cancel')}
        </Button>
        <Button variant="primary" type="submit" busy={saving || execute.isPending || resume.isPending}>
          <Play size={15} />
          {from ? t('Go on') : onSave ? t('Save and run') : t('Run')}
        </Button>
      </div>
    </form>
  );
}

/** What the node does, to be different in the new run alone. */
function NodeChanges({
  node,
  draft,
  error,
  onChange,
}: {
  node: GraphNode;
  draft: NodeDraft;
  error: string | undefined;
  onChange: (draft: NodeDraft) => void;
}) {
  if (Object.keys(draft.texts).length === 0 && draft.inputs === undefined) return null;
  return (
    <fieldset className="grid gap-3 rounded-lg border border-border p-4">
      <legend className="px-1 text-sm text-text-2">
        {t('“{{node}}”, different for this once', { node: titleOf(node) })}
      </legend>
      {Object.entries(draft.texts).map(([field, value]) => (
        <TextArea
          key={field}
          label={t(words(field))}
          rows={3}
          className={cx('field-sizing-content max-h-64', field === 'code' && 'mono')}
          spellCheck={field !== 'code'}
          value={value}
          onChange={(event) => onChange({ ...draft, texts: { ...draft.texts, [field]: event.target.value } })}
        />
      ))}
      {draft.inputs !== undefined && (
        <TextArea
          label={t('What it is given')}
          hint={t('An object of JSON; what other steps gave stands in braces.')}
          rows={3}
          className="mono field-sizing-content max-h-64"
          spellCheck={false}
          value={draft.inputs}
          error={error}
          onChange={(event) => onChange({ ...draft, inputs: event.target.value })}
        />
      )}
    </fieldset>
  );
}

/** `amount *`: what must be given is marked, and said to those who do not see the mark. */
function InputField({
  input,
  value,
  error,
  autoFocus,
  onChange,
}: {
  input: GraphInput;
  value: string | boolean;
  error: string | undefined;
  autoFocus: boolean;
  onChange: (value: string | boolean) => void;
}) {
  const kind = kindOfInput(input.type);
  if (kind === 'boolean') {
    return (
      <div>
        <Switch label={input.name} checked={value === true} onChange={onChange} />
        {error && (
          <p role="alert" className="mt-1 text-sm text-err">
            {error}
          </p>
        )}
      </div>
    );
  }
  const preset = input.default;
  const hasDefault = preset !== undefined && preset !== null;
  const needed = input.required && !hasDefault;
  const words = {
    text: '',
    number: t('A number'),
    integer: t('A whole number'),
    json:
      input.type === 'array'
        ? t('A list, as JSON')
        : input.type === 'object'
          ? t('An object, as JSON')
          : t('Any value, as JSON'),
  };
  const hints = [
    words[kind],
    hasDefault
      ? t('Default: {{value}}', { value: typeof preset === 'string' ? preset : JSON.stringify(preset) })
      : '',
  ];
  const shared = {
    label: needed ? `${input.name} *` : input.name,
    value: String(value),
    error,
    hint: hints.filter(Boolean).join('. ') || undefined,
    autoFocus,
    required: needed,
    autoComplete: 'off',
  };
  if (kind === 'text') {
    // Grows with what is written; Enter alone makes a line, and Ctrl Enter runs it.
    return (
      <TextArea
        {...shared}
        rows={1}
        className="field-sizing-content max-h-64"
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  if (kind === 'json') {
    return (
      <TextArea
        {...shared}
        rows={3}
        className="mono field-sizing-content max-h-64"
        spellCheck={false}
        onChange={(event) => onChange(event.target.value)}
      />
    );
  }
  return (
    <TextField
      {...shared}
      inputMode={kind === 'integer' ? 'numeric' : 'decimal'}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
