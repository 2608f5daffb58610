/** The form of a run: from the declared inputs to text fields, and from what was typed to what is sent. */
import type { Run } from '@/api/types';
import { t } from '@/lib/i18n';
import type { GraphInput, Values } from './graph';

/** What is typed, by the name of the input: text, or whether a switch is on. */
export type Typed = Record<string, string | boolean>;

export type InputKind = 'text' | 'number' | 'integer' | 'boolean' | 'json';

export function kindOfInput(type: string): InputKind {
  switch (type) {
    case 'string':
      return 'text';
    case 'number':
    case 'integer':
    case 'boolean':
      return type;
    default:
      return 'json';
  }
}

const written = (value: unknown): string => (value === undefined ? '' : JSON.stringify(value, null, 2));

/** What the form begins with: what an earlier run was given, else the defaults. */
export function typedOf(inputs: readonly GraphInput[], given?: Values): Typed {
  return Object.fromEntries(
    inputs.map((input) => {
      const value = given?.[input.name] ?? input.default ?? undefined;
      switch (kindOfInput(input.type)) {
        case 'boolean':
          return [input.name, value === true];
        case 'json':
          return [input.name, written(value)];
        default:
          return [input.name, value === undefined ? '' : typeof value === 'string' ? value : written(value)];
      }
    }),
  );
}

export interface Read {
  values: Values;
  /** A sentence for each field that cannot be sent. */
  errors: Record<string, string>;
}

function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** What the form says; an empty field is not given, so that the default counts. */
export function readInputs(inputs: readonly GraphInput[], typed: Typed): Read {
  const read: Read = { values: {}, errors: {} };
  for (const { name, type, required, default: preset } of inputs) {
    const value = typed[name];
    if (typeof value === 'boolean') {
      read.values[name] = value;
      continue;
    }
    const kind = kindOfInput(type);
    const text = kind === 'text' ? (value ?? '') : (value ?? '').trim();
    if (text === '') {
      if (required && (preset === undefined || preset === null)) read.errors[name] = t('This is needed.');
      continue;
    }
    if (kind === 'text') {
      read.values[name] = text;
    } else if (kind === 'json') {
      const found = parsed(text);
      const given = found?.value;
      const isList = Array.isArray(given);
      if (!found) read.errors[name] = t('This is no JSON. Texts stand in quotes.');
      else if (type === 'array' && !isList) read.errors[name] = t('This is a list, as in [1, 2].');
      else if (type === 'object' && (isList || given === null || typeof given !== 'object')) {
        read.errors[name] = t('This is an object, as in { "name": 1 }.');
      } else read.values[name] = given;
    } else {
      const number = Number(text);
      if (!Number.isFinite(number)) read.errors[name] = t('This is a number.');
      else if (kind === 'integer' && !Number.isSafeInteger(number)) {
        read.errors[name] = t('This is a whole number.');
      } else read.values[name] = number;
    }
  }
  return read;
}

/** The same as one object of JSON. Empty text is an empty object. */
export function readObject(text: string): { values?: Values; error?: string } {
  if (text.trim() === '') return { values: {} };
  const found = parsed(text);
  if (!found) return { error: t('This is no JSON. Texts stand in quotes.') };
  const { value } = found;
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return { error: t('This is an object, as in { "name": 1 }.') };
  }
  return { values: value as Values };
}

/** What a run was given. */
export function givenOf(run: Pick<Run, 'input'>): Values | undefined {
  const { input } = run;
  if (input === null || typeof input !== 'object' || !('inputs' in input)) return undefined;
  const { inputs } = input;
  return inputs !== null && typeof inputs === 'object' && !Array.isArray(inputs)
    ? (inputs as Values)
    : undefined;
}

/** The name of the input that a refusal points at: `/inputs/amount`. */
export function inputOfPointer(pointer: string): string | undefined {
  const name = /^\/inputs\/([^/]+)/.exec(pointer)?.[1];
  return name?.replaceAll('~1', '/').replaceAll('~0', '~');
}
