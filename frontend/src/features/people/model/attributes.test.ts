import { describe, expect, it } from 'vitest';
import { attributesOf, rowsOf, twice } from './attributes';

describe('attributes', () => {
  it('keep their kinds on the way through the form', () => {
    const stored = { department: 'sales', level: 3, lead: true, code: '007', ratio: 0.5 };
    expect(attributesOf(rowsOf(stored))).toEqual(stored);
  });
  it('leave nameless rows out', () => {
    expect(attributesOf([{ name: ' ', value: 'x' }])).toEqual({});
    expect(rowsOf(undefined)).toEqual([]);
  });
  it('know a name that stands twice', () => {
    expect(twice(rowsOf({ a: 1, b: 2 }))).toBeUndefined();
    expect(
      twice([
        { name: 'a', value: '1' },
        { name: 'a ', value: '2' },
      ]),
    ).toBe('a');
  });
});
