/** The fields of the inspector: texts with values of other steps, lists, rows of keys and values, JSON. */
import { useQuery } from '@tanstack/react-query';
import { Braces, Plus, X } from 'lucide-react';
import { type ReactNode, useEffect, useId, useRef, useState } from 'react';
import { meQuery } from '@/api/queries';
import { IconButton } from '@/components/ui/button';
import { Menu, MenuGroup, MenuItem } from '@/components/ui/menu';
import { contextPaths } from '@/lib/context';
import { cx } from '@/lib/cx';
import { t } from '@/lib/i18n';
import type { Values } from '../model/graph';
import type { Reference } from '../model/references';

interface Common {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  disabled?: boolean | undefined;
}

/** A label, what stands beside it, the control, and a sentence below. */
function Frame({
  id,
  label,
  hint,
  error,
  aside,
  children,
}: Common & { id: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <div className="wf-field">
      <div className="wf-field-head">
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children}
      {(error || hint) && (
        <p id={`${id}-note`} className={error ? 'text-err' : 'text-text-3'}>
          {error ?? hint}
        </p>
      )}
    </div>
  );
}

const described = (id: string, { hint, error }: Common) => ({
  'aria-describedby': hint || error ? `${id}-note` : undefined,
  'aria-invalid': error ? true : undefined,
});

/** What can be read here, to be put in at the cursor. */
function Picker({
  label,
  references,
  onPick,
}: {
  label: string;
  references: readonly Reference[];
  onPick: (path: string) => void;
}) {
  const groups = [
    { id: 'inputs', name: t('Inputs') },
    { id: 'steps', name: t('Earlier steps') },
    { id: 'variables', name: t('Variables') },
    { id: 'context', name: t('Organisation') },
  ] as const;
  const { data: me } = useQuery(meQuery);
  const said = me ? contextPaths(me.organization.context) : [];
  const all: readonly Reference[] = [
    ...references,
    ...said.map((path): Reference => ({ group: 'context', path, label: path.slice('context.'.length) })),
  ];
  return (
    <Menu
      align="end"
      trigger={
        <IconButton small label={t('Insert a value into {{label}}', { label })}>
          <Braces size={14} />
        </IconButton>
      }
    >
      {all.length === 0 && (
        <MenuItem disabled onSelect={() => {}}>
          {t('Nothing can be read here yet.')}
        </MenuItem>
      )}
      {groups.map(({ id, name }) => {
        const own = all.filter(({ group }) => group === id);
        return (
          own.length > 0 && (
            <MenuGroup key={id} label={name}>
              {own.map(({ path, label: called }) => (
                <MenuItem key={path} onSelect={() => onPick(path)}>
                  <span className="min-w-0 flex-1 truncate">{called}</span>
                  <code className="wf-path">{path}</code>
                </MenuItem>
              ))}
            </MenuGroup>
          )
        );
      })}
    </Menu>
  );
}

/** A text in which values of other steps stand in braces, or one expression without them. */
export function TemplateField({
  value,
  onChange,
  references,
  rows = 1,
  bare = false,
  placeholder,
  hideLabel = false,
  ...common
}: Common & {
  value: string;
  onChange: (value: string) => void;
  references: readonly Reference[];
  rows?: number | undefined;
  /** An expression: without braces. */
  bare?: boolean;
  placeholder?: string | undefined;
  hideLabel?: boolean;
}) {
  const id = useId();
  const box = useRef<HTMLTextAreaElement>(null);
  /** Before anybody was in the field its cursor says nothing. */
  const entered = useRef(false);
  const pick = (path: string) => {
    const word = bare ? path : `{{${path}}}`;
    const cursor = entered.current ? box.current : null;
    const at = cursor?.selectionStart ?? value.length;
    const to = cursor?.selectionEnd ?? at;
    onChange(value.slice(0, at) + word + value.slice(to));
    // The menu gives the focus back to its button first.
    setTimeout(() => {
      box.current?.focus();
      box.current?.setSelectionRange(at + word.length, at + word.length);
    }, 0);
  };
  const control = (
    <textarea
      id={id}
      ref={box}
      className="field mono"
      rows={rows}
      style={{ ['--rows' as string]: rows }}
      value={value}
      placeholder={placeholder}
      spellCheck={!bare}
      readOnly={common.disabled}
      aria-label={hideLabel ? common.label : undefined}
      {...described(id, common)}
      onFocus={() => {
        entered.current = true;
      }}
      onChange={(event) => onChange(event.target.value)}
    />
  );
  const picker = common.disabled ? null : (
    <Picker label={common.label} references={references} onPick={pick} />
  );
  if (hideLabel) {
    return (
      <div className="wf-inline">
        {control}
        {picker}
      </div>
    );
  }
  return (
    <Frame id={id} {...common} aside={picker}>
      {control}
    </Frame>
  );
}

export function CodeField({
  value,
  onChange,
  ...common
}: Common & { value: string; onChange: (value: string) => void }) {
  const id = useId();
  return (
    <Frame id={id} {...common}>
      <textarea
        id={id}
        className="field mono wf-code"
        rows={Math.max(6, Math.min(18, value.split('\n').length + 1))}
        value={value}
        spellCheck={false}
        readOnly={common.disabled}
        {...described(id, common)}
        onChange={(event) => onChange(event.target.value)}
      />
    </Frame>
  );
}

/**
 * A text that is read as something else. What is typed stays as it is typed; a change from outside (undo, another
 * node) replaces it.
 */
function useDraft<T>(
  value: T,
  write: (value: T) => string,
  read: (text: string) => T | undefined,
  onChange: (value: T) => void,
): { text: string; wrong: boolean; type: (text: string) => void } {
  const outside = write(value);
  const [text, setText] = useState(outside);
  const [wrong, setWrong] = useState(false);
  const known = useRef(outside);
  useEffect(() => {
    if (outside === known.current) return;
    known.current = outside;
    setText(outside);
    setWrong(false);
  }, [outside]);
  return {
    text,
    wrong,
    type: (next) => {
      setText(next);
      const meant = read(next);
      setWrong(meant === undefined);
      if (meant === undefined) return;
      known.current = write(meant);
      onChange(meant);
    },
  };
}

/** Texts, one in a line. */
export function ListField({
  value,
  onChange,
  placeholder,
  ...common
}: Common & {
  value: readonly string[];
  onChange: (value: string[]) => void;
  placeholder?: string | undefined;
}) {
  const id = useId();
  const draft = useDraft<readonly string[]>(
    value,
    (items) => items.join('\n'),
    (text) =>
      text
        .split('\n')
        .map((line) => line.trim())
        .filter(Boolean),
    (items) => onChange([...items]),
  );
  return (
    <Frame id={id} {...common}>
      <textarea
        id={id}
        className="field"
        rows={Math.max(2, draft.text.split('\n').length)}
        value={draft.text}
        placeholder={placeholder}
        readOnly={common.disabled}
        {...described(id, common)}
        onChange={(event) => draft.type(event.target.value)}
      />
    </Frame>
  );
}

const NONE = Symbol('none');
type MaybeJson = unknown | typeof NONE;

function written(value: MaybeJson): string {
  if (value === NONE || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2);
}

/** JSON, and a text that is no JSON where `texts` are allowed. */
function meant(text: string, texts: boolean): MaybeJson | undefined {
  if (text.trim() === '') return NONE;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return texts ? text : undefined;
  }
}

export function JsonField({
  value,
  onChange,
  texts = false,
  placeholder,
  ...common
}: Common & {
  value: unknown;
  onChange: (value: unknown) => void;
  /** A text that is no JSON is kept as a text. */
  texts?: boolean;
  placeholder?: string | undefined;
}) {
  const id = useId();
  const draft = useDraft<MaybeJson>(
    value === undefined ? NONE : value,
    written,
    (text) => meant(text, texts),
    (next) => onChange(next === NONE ? undefined : next),
  );
  const wrong = draft.wrong ? t('This is no JSON yet; the value before it is kept.') : undefined;
  const noted = { ...common, error: wrong ?? common.error };
  return (
    <Frame id={id} {...noted}>
      <textarea
        id={id}
        className="field mono"
        rows={Math.max(2, Math.min(14, draft.text.split('\n').length))}
        value={draft.text}
        placeholder={placeholder}
        spellCheck={false}
        readOnly={common.disabled}
        {...described(id, noted)}
        onChange={(event) => draft.type(event.target.value)}
      />
    </Frame>
  );
}

interface Row {
  id: number;
  key: string;
  text: string;
}

let rowIds = 0;

function rowsOf(value: Values): Row[] {
  return Object.entries(value).map(([key, field]) => {
    rowIds += 1;
    return { id: rowIds, key, text: written(field) };
  });
}

/** A text stays a text; what was a number, a list or an object stays one as long as it reads as one. */
function fieldOfRow(text: string, before: unknown): unknown {
  if (before === undefined || typeof before === 'string') {
    const whole = /^\s*[[{]/.test(text) && !/^\s*\{\{/.test(text);
    if (!whole) return text;
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Keys, each with a value that may hold values of other steps. */
export function RowsField({
  label,
  value,
  onChange,
  references,
  disabled,
  error,
}: {
  label: string;
  value: Values;
  onChange: (value: Values) => void;
  references: readonly Reference[];
  disabled?: boolean;
  error?: string | undefined;
}) {
  const [rows, setRows] = useState(() => rowsOf(value));
  const known = useRef(JSON.stringify(value));
  const outside = JSON.stringify(value);
  // biome-ignore lint/correctness/useExhaustiveDependencies: its text stands for the value
  useEffect(() => {
    if (outside === known.current) return;
    known.current = outside;
    setRows(rowsOf(value));
  }, [outside]);
  const change = (next: Row[]) => {
    setRows(next);
    const fields: Values = {};
    for (const row of next) {
      if (row.key.trim() !== '') fields[row.key.trim()] = fieldOfRow(row.text, value[row.key.trim()]);
    }
    known.current = JSON.stringify(fields);
    if (known.current !== outside) onChange(fields);
  };
  const twice = rows.find((row, index) => rows.findIndex(({ key }) => key === row.key) < index && row.key);
  const wrong = twice ? t('{{key}} stands here twice; the last one counts.', { key: twice.key }) : error;
  return (
    <fieldset className="wf-rows">
      <legend>{label}</legend>
      {rows.map((row, index) => {
        const set = (part: Partial<Row>) =>
          change(rows.map((one) => (one.id === row.id ? { ...one, ...part } : one)));
        const name = row.key || t('row {{number}}', { number: index + 1 });
        return (
          <div key={row.id} className="wf-row">
            <input
              className="field mono"
              aria-label={t('Name of {{name}}', { name })}
              placeholder={t('name')}
              value={row.key}
              readOnly={disabled}
              onChange={(event) => set({ key: event.target.value })}
            />
            <TemplateField
              hideLabel
              label={t('Value of {{name}}', { name })}
              value={row.text}
              references={references}
              disabled={disabled}
              onChange={(text) => set({ text })}
            />
            {!disabled && (
              <IconButton
                small
                label={t('Remove {{name}}', { name })}
                onClick={() => change(rows.filter((one) => one.id !== row.id))}
              >
                <X size={14} />
              </IconButton>
            )}
          </div>
        );
      })}
      {wrong && <p className="text-err">{wrong}</p>}
      {!disabled && (
        <button
          type="button"
          className={cx('btn', 'xs')}
          aria-label={t('Add to {{label}}', { label })}
          onClick={() => {
            rowIds += 1;
            setRows([...rows, { id: rowIds, key: '', text: '' }]);
          }}
        >
          <Plus size={14} />
          {t('Add')}
        </button>
      )}
    </fieldset>
  );
}
