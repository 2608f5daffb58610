/** A refused export becomes a list of problems with their nodes. */
import { describe, expect, it } from 'vitest';
import { Problem } from '@/api/problem';
import { unsayable } from './problems';

describe('unsayable', () => {
  it('tells node and reason apart', () => {
    const error = new Problem(422, {
      code: 'workflow_unsayable',
      errors: [
        {
          code: 'unsayable',
          pointer: '/nodes/2',
          detail: 'error in ask at at /nodes/2: no step asks: a person',
        },
        { code: 'unsayable', pointer: '/limits', detail: 'error at /limits: no limits' },
        { code: 'too_large', pointer: '', detail: 'error: and 3 more problems' },
      ],
    });
    expect(unsayable(error).map(({ node, pointer, message }) => [node, pointer, message])).toEqual([
      ['ask at', '/nodes/2', 'no step asks: a person'],
      [undefined, '/limits', 'no limits'],
      [undefined, '', 'and 3 more problems'],
    ]);
  });

  it('leaves other failures alone', () => {
    expect(unsayable(new Problem(404, { code: 'not_found' }))).toEqual([]);
    expect(unsayable(new Error('no'))).toEqual([]);
    expect(unsayable(null)).toEqual([]);
  });
});
