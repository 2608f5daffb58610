/**
 * A form out of a JSON Schema: the part of the vocabulary that tools use. What it does not know becomes a JSON field,
 * so that every tool can be called.
 */
import { t } from '@/lib/i18n';

/** One field of the form. */
export interface SchemaField {
  name: string;
  title: string;
  description?: string;
  required: boolean;
  kind: 'text' | 'long' | 'number' | 'integer' | 'boolean' | 'choice' | 'list' | 'group' | 'json';
  /** `choice`: what may be chosen. */
  options?: { value: unknown; label: string }[];
  /** `list`: what each line is. */
  item?: SchemaField;
  /** `group`: the fields inside. */
  fields?: SchemaField[];
  initial?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  format?: string;
}

/** What is typed: text for text, numbers and JSON; the rest as it is. */
export type Value = string | boolean | number | null | undefined | Value[] | { [name: string]: Value };

type Schema = Record<string, unknown>;

const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Follows local references; a loop ends as "anything". */
function resolve(schema: Schema, root: Schema, depth: number): Schema {
  const reference = schema.$ref;
  if (typeof reference !== 'string' || depth > 8) return schema;
  if (!reference.startsWith('#/')) return {};
  let at: unknown = root;
  for (const part of reference.slice(2).split('/')) {
    at = isSchema(at) ? at[part.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  }
  return isSchema(at) ? { ...resolve(at, root, depth + 1), ...without(schema, '$ref') } : {};
}

function without(schema: Schema, key: string): Schema {
  const { [key]: _, ...rest } = schema;
  return rest;
}

/** `anyOf: [X, null]` and `type: ["string", "null"]` are an X that may be left out. */
function narrow(schema: Schema, root: Schema): { schema: Schema; nullable: boolean } {
  const variants = (schema.anyOf ?? schema.oneOf) as unknown;
  if (Array.isArray(variants)) {
    const real = variants.filter(isSchema).filter((variant) => variant.type !== 'null');
    const constants = real.every((variant) => variant.const !== undefined) && real.length > 0;
    if (constants) {
      const rest = without(without(schema, 'anyOf'), 'oneOf');
      return {
        schema: {
          ...rest,
          enum: real.map((variant) => variant.const),
          enumNames: real.map((variant) => variant.title),
        },
        nullable: real.length < variants.length,
      };
    }
    if (real.length === 1 && real[0]) {
      const rest = without(without(schema, 'anyOf'), 'oneOf');
      return { schema: { ...resolve(real[0], root, 0), ...rest }, nullable: real.length < variants.length };
    }
  }
  if (Array.isArray(schema.type)) {
    const types = schema.type.filter((type) => type !== 'null');
    if (types.length === 1)
      return { schema: { ...schema, type: types[0] }, nullable: types.length < schema.type.length };
  }
  return { schema, nullable: false };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function fieldOf(name: string, raw: unknown, required: boolean, root: Schema, depth: number): SchemaField {
  const { schema, nullable } = narrow(resolve(isSchema(raw) ? raw : {}, root, 0), root);
  const description = text(schema.description);
  const base = {
    name,
    title: text(schema.title) ?? name,
    required: required && !nullable,
    ...(description ? { description } : {}),
    ...(schema.default !== undefined ? { initial: schema.default } : {}),
  };
  if (Array.isArray(schema.enum)) {
    const names = Array.isArray(schema.enumNames) ? schema.enumNames : [];
    const options = schema.enum.map((value, index) => ({
      value,
      label: text(names[index]) ?? String(value),
    }));
    return { ...base, kind: 'choice', options };
  }
  if (schema.const !== undefined) {
    return {
      ...base,
      kind: 'choice',
      options: [{ value: schema.const, label: String(schema.const) }],
      initial: schema.const,
    };
  }
  switch (schema.type) {
    case 'string': {
      const limits = pick(schema, ['minLength', 'maxLength']);
      const format = text(schema.format);
      const pattern = text(schema.pattern);
      const long =
        (number(schema.maxLength) ?? 0) > 200 ||
        format === 'multiline' ||
        /\b(body|content|text|code|query|prompt|sql|markdown)\b/i.test(name);
      return {
        ...base,
        kind: long ? 'long' : 'text',
        ...limits,
        ...(format ? { format } : {}),
        ...(pattern ? { pattern } : {}),
      };
    }
    case 'integer':
    case 'number':
      return { ...base, kind: schema.type, ...pick(schema, ['minimum', 'maximum']) };
    case 'boolean':
      return { ...base, kind: 'boolean' };
    case 'array':
      if (isSchema(schema.items) && depth < 4) {
        return { ...base, kind: 'list', item: fieldOf('', schema.items, false, root, depth + 1) };
      }
      return { ...base, kind: 'json' };
    case 'object':
      if (isSchema(schema.properties) && Object.keys(schema.properties).length > 0 && depth < 4) {
        return { ...base, kind: 'group', fields: fieldsOf(schema, root, depth + 1) };
      }
      return { ...base, kind: 'json' };
    default:
      return { ...base, kind: 'json' };
  }
}

function pick(
  schema: Schema,
  names: ('minimum' | 'maximum' | 'minLength' | 'maxLength')[],
): Partial<SchemaField> {
  const found: Partial<SchemaField> = {};
  for (const name of names) {
    const value = number(schema[name]);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function fieldsOf(schema: Schema, root: Schema, depth: number): SchemaField[] {
  const properties = isSchema(schema.properties) ? schema.properties : {};
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(properties).map(([name, child]) =>
    fieldOf(name, child, required.includes(name), root, depth),
  );
}

/** The fields of a tool's input. */
export function readSchema(schema: unknown): SchemaField[] {
  return isSchema(schema) ? fieldsOf(resolve(schema, schema, 0), schema, 0) : [];
}

/** What stands in a field before anybody typed. */
export function initialValue(field: SchemaField): Value {
  const { initial } = field;
  switch (field.kind) {
    case 'boolean':
      return initial === true;
    case 'choice': {
      const at =
        field.options?.findIndex(({ value }) => JSON.stringify(value) === JSON.stringify(initial)) ?? -1;
      return at >= 0 ? at : undefined;
    }
    case 'list':
      return Array.isArray(initial) && field.item
        ? initial.map((value) => initialValue({ ...(field.item as SchemaField), initial: value }))
        : [];
    case 'group': {
      const given = isSchema(initial) ? initial : {};
      return Object.fromEntries(
        (field.fields ?? []).map((child) => [
          child.name,
          initialValue(given[child.name] === undefined ? child : { ...child, initial: given[child.name] }),
        ]),
      );
    }
    case 'json':
      return initial === undefined ? '' : JSON.stringify(initial, null, 2);
    default:
      return initial === undefined || initial === null ? '' : String(initial);
  }
}

/** The arguments to send, and what is wrong by the path of the field (`/filter/limit`). */
export interface Reading {
  value: unknown;
  errors: Record<string, string>;
}

/** Left out of the arguments. */
const NOTHING = Symbol('nothing');

function readField(field: SchemaField, value: Value, path: string, errors: Record<string, string>): unknown {
  const missing = () => {
    if (field.required) errors[path] = t('This is needed.');
    return NOTHING;
  };
  switch (field.kind) {
    case 'boolean':
      return value === true || field.required || field.initial !== undefined ? value === true : NOTHING;
    case 'choice': {
      const option = typeof value === 'number' ? field.options?.[value] : undefined;
      return option ? option.value : missing();
    }
    case 'text':
    case 'long': {
      const typed = String(value ?? '');
      if (typed === '') return missing();
      if (field.minLength !== undefined && typed.length < field.minLength) {
        errors[path] = t('At least {{number}} characters.', { number: field.minLength });
      } else if (field.maxLength !== undefined && typed.length > field.maxLength) {
        errors[path] = t('At most {{number}} characters.', { number: field.maxLength });
      } else if (field.pattern !== undefined && !matches(field.pattern, typed)) {
        errors[path] = t('It has to match {{pattern}}.', { pattern: field.pattern });
      }
      return typed;
    }
    case 'number':
    case 'integer': {
      const typed = String(value ?? '').trim();
      if (typed === '') return missing();
      const parsed = Number(typed);
      if (!Number.isFinite(parsed)) errors[path] = t('Enter a number.');
      else if (field.kind === 'integer' && !Number.isInteger(parsed))
        errors[path] = t('Enter a whole number.');
      else if (field.minimum !== undefined && parsed < field.minimum)
        errors[path] = t('At least {{number}}.', { number: field.minimum });
      else if (field.maximum !== undefined && parsed > field.maximum)
        errors[path] = t('At most {{number}}.', { number: field.maximum });
      return parsed;
    }
    case 'list': {
      const lines = Array.isArray(value) ? value : [];
      if (lines.length === 0) return field.required ? [] : NOTHING;
      const { item } = field;
      if (!item) return NOTHING;
      return lines
        .map((line, index) => readField(item, line, `${path}/${index}`, errors))
        .filter((one) => one !== NOTHING);
    }
    case 'group': {
      const given = (value ?? {}) as { [name: string]: Value };
      const before = Object.keys(errors).length;
      const found = readAll(field.fields ?? [], given, path, errors);
      // A group nobody touched and nobody needs is left out, with what it would have asked for.
      if (!field.required && Object.keys(found).length === 0) {
        for (const key of Object.keys(errors).slice(before)) delete errors[key];
        return NOTHING;
      }
      return found;
    }
    case 'json': {
      const typed = String(value ?? '').trim();
      if (typed === '') return missing();
      try {
        return JSON.parse(typed) as unknown;
      } catch (error) {
        errors[path] = t('This is not JSON: {{reason}}', {
          reason: error instanceof Error ? error.message : String(error),
        });
        return NOTHING;
      }
    }
  }
}

function matches(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value);
  } catch {
    // A pattern of another dialect is the server's to judge.
    return true;
  }
}

function readAll(
  fields: SchemaField[],
  values: { [name: string]: Value },
  path: string,
  errors: Record<string, string>,
): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const field of fields) {
    const value = readField(field, values[field.name], `${path}/${field.name}`, errors);
    if (value !== NOTHING) result[field.name] = value;
  }
  return result;
}

/** Reads the whole form. */
export function readForm(fields: SchemaField[], values: { [name: string]: Value }): Reading {
  const errors: Record<string, string> = {};
  return { value: readAll(fields, values, '', errors), errors };
}

/** A schema in one line per field, for tables. */
export function summary(fields: SchemaField[]): string {
  return fields.map((field) => (field.required ? field.name : `${field.name}?`)).join(', ');
}
