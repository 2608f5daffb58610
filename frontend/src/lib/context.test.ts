/** Tests of the paths of a context. */
import { describe, expect, it } from 'vitest';
import { contextPaths } from './context';

describe('what an organisation says', () => {
  it('is read by the path of each value', () => {
    expect(contextPaths({})).toEqual(['context.company.name']);
    expect(contextPaths({ company: { name: 'TechStart', city: 'Ulm' }, prices: [1, 2] })).toEqual([
      'context.company.name',
      'context.company.city',
      'context.prices',
    ]);
  });
});
