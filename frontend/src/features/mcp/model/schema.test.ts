/** JSON Schemas as tools write them, and the arguments that come out. */
import { describe, expect, test } from 'vitest';
import { initialValue, readForm, readSchema, summary, type Value } from './schema';

const schema = {
  type: 'object',
  required: ['city', 'days', 'unit', 'filter'],
  properties: {
    city: { type: 'string', description: 'Where', minLength: 2 },
    days: { type: 'integer', minimum: 1, maximum: 7, default: 3 },
    unit: { enum: ['c', 'f'], title: 'Unit' },
    verbose: { type: 'boolean' },
    tags: { type: 'array', items: { type: 'string' } },
    note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
    filter: { $ref: '#/$defs/filter' },
    range: {
      type: 'object',
      properties: { from: { type: 'number' }, to: { type: 'number' } },
      required: ['from'],
    },
    extra: { type: 'object' },
    loop: { $ref: '#/$defs/loop' },
  },
  $defs: {
    filter: { type: 'object', properties: { limit: { type: ['integer', 'null'] } } },
    loop: { $ref: '#/$defs/loop' },
  },
};

const fields = readSchema(schema);
const blank = () =>
  Object.fromEntries(fields.map((field) => [field.name, initialValue(field)])) as { [name: string]: Value };

describe('readSchema', () => {
  test('finds the kind of each field', () => {
    expect(Object.fromEntries(fields.map((field) => [field.name, field.kind]))).toEqual({
      city: 'text',
      days: 'integer',
      unit: 'choice',
      verbose: 'boolean',
      tags: 'list',
      note: 'text',
      filter: 'group',
      range: 'group',
      extra: 'json',
      loop: 'json',
    });
  });

  test('says what is needed', () => {
    expect(summary(fields)).toBe('city, days, unit, verbose?, tags?, note?, filter, range?, extra?, loop?');
  });

  test('knows no form for no schema', () => {
    expect(readSchema(undefined)).toEqual([]);
    expect(readSchema({ type: 'object' })).toEqual([]);
  });

  test('reads choices written as constants', () => {
    const [field] = readSchema({ properties: { a: { oneOf: [{ const: 1, title: 'One' }, { const: 2 }] } } });
    expect(field).toMatchObject({
      kind: 'choice',
      options: [
        { value: 1, label: 'One' },
        { value: 2, label: '2' },
      ],
    });
  });
});

describe('readForm', () => {
  test('an untouched form names what is missing and keeps defaults', () => {
    const { value, errors } = readForm(fields, blank());
    expect(Object.keys(errors)).toEqual(['/city', '/unit']);
    expect(value).toEqual({ days: 3, filter: {} });
  });

  test('sends typed values and leaves the rest out', () => {
    const { value, errors } = readForm(fields, {
      ...blank(),
      city: 'Bern',
      days: '5',
      unit: 1,
      tags: ['a', '', 'b'],
      extra: '{"x":[1]}',
      range: { from: '1.5', to: '' },
    });
    expect(errors).toEqual({});
    expect(value).toEqual({
      city: 'Bern',
      days: 5,
      unit: 'f',
      tags: ['a', 'b'],
      extra: { x: [1] },
      range: { from: 1.5 },
      filter: {},
    });
  });

  test.each([
    ['city', 'B', '/city'],
    ['days', '8', '/days'],
    ['days', '2.5', '/days'],
    ['days', 'soon', '/days'],
    ['extra', '{x}', '/extra'],
  ])('%s = %j is refused', (name, typed, path) => {
    const { errors } = readForm(fields, { ...blank(), city: 'Bern', unit: 0, [name]: typed });
    expect(Object.keys(errors)).toEqual([path]);
  });

  test('a group that is begun has to be finished', () => {
    const { errors } = readForm(fields, { ...blank(), city: 'Bern', unit: 0, range: { from: '', to: '4' } });
    expect(Object.keys(errors)).toEqual(['/range/from']);
  });
});
