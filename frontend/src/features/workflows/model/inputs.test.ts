/** What is typed becomes what is sent. */
import { describe, expect, it } from 'vitest';
import type { GraphInput } from './graph';
import { givenOf, inputOfPointer, readInputs, readObject, typedOf } from './inputs';

const inputs: GraphInput[] = [
  { name: 'who', type: 'string', required: true },
  { name: 'amount', type: 'number', required: true, default: 1.5 },
  { name: 'times', type: 'integer', required: false },
  { name: 'urgent', type: 'boolean', required: false, default: true },
  { name: 'lines', type: 'array', required: false, default: ['a'] },
  { name: 'more', type: 'object', required: false },
  { name: 'free', type: 'any', required: false },
];

describe('the form of a run', () => {
  it('begins with the defaults, or with what was given before', () => {
    expect(typedOf(inputs)).toMatchObject({ who: '', amount: '1.5', times: '', urgent: true, more: '' });
    expect(JSON.parse(String(typedOf(inputs).lines))).toEqual(['a']);
    expect(typedOf(inputs, { who: 'Anna', urgent: false, amount: 3, times: null })).toMatchObject({
      who: 'Anna',
      urgent: false,
      amount: '3',
      times: '',
    });
  });

  it('reads each type, and leaves away what is empty', () => {
    const { values, errors } = readInputs(inputs, {
      ...typedOf(inputs),
      who: 'Anna',
      amount: ' 12.5 ',
      times: '',
      urgent: false,
      lines: '[1, 2]',
      free: '"text"',
    });
    expect(errors).toEqual({});
    expect(values).toEqual({ who: 'Anna', amount: 12.5, urgent: false, lines: [1, 2], free: 'text' });
  });

  it('says at each field what is wrong with it', () => {
    const { errors } = readInputs(inputs, {
      who: '',
      amount: 'much',
      times: '1.5',
      lines: '{}',
      more: '[]',
      free: 'text',
    });
    expect(Object.keys(errors).sort()).toEqual(['amount', 'free', 'lines', 'more', 'times', 'who']);
  });

  it('does not ask for what has a default', () => {
    expect(readInputs(inputs, { ...typedOf(inputs), who: 'x', amount: '' }).errors).toEqual({});
  });

  it('reads an object of JSON, and nothing else', () => {
    expect(readObject('')).toEqual({ values: {} });
    expect(readObject('{ "a": 1 }').values).toEqual({ a: 1 });
    expect(readObject('[1]').error).toBeTruthy();
    expect(readObject('{').error).toBeTruthy();
  });

  it('finds the field that a refusal points at', () => {
    expect(inputOfPointer('/inputs/amount')).toBe('amount');
    expect(inputOfPointer('/inputs/a~1b/0')).toBe('a/b');
    expect(inputOfPointer('/version')).toBeUndefined();
  });

  it('knows what a run was given', () => {
    expect(givenOf({ input: { workflow: 'w', inputs: { a: 1 } } })).toEqual({ a: 1 });
    expect(givenOf({ input: '•••' })).toBeUndefined();
    expect(givenOf({ input: null })).toBeUndefined();
  });
});
