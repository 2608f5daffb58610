/** A policy goes through the form and back. */
import { describe, expect, it } from 'vitest';
import type { Policy } from '@/api/types';
import { changeOf, conditionsFault, emptyForm, formOf } from './form';

const policy: Policy = {
  id: 'p',
  organization_id: 'o',
  environment_id: 'e',
  name: 'Ledger',
  description: 'Who may post.',
  version: 3,
  mode: 'shadow',
  is_active: true,
  is_baseline: false,
  rules: [
    {
      id: 'r',
      policy_id: 'p',
      action: 'tool.invoke',
      target: 'tool:erp/*',
      effect: 'allow',
      conditions: { arguments: { '/amount': { at_most: 10 } } },
      obligations: [
        { kind: 'mask_fields', pointers: ['/iban', '/name'] },
        { kind: 'filter_rows', rows: '/rows', field: '/team', values: ['hr', 'legal'], attribute: 'team' },
        { kind: 'filter_rows', field: '/open', values: ['true'] },
        { kind: 'no_bodies' },
        { kind: 'approve_by', roles: ['organization:admin'] },
      ],
      created_at: '2026-11-20T10:00:00Z',
    },
  ],
  bindings: [
    {
      id: 'b',
      policy_id: 'p',
      scope_type: 'role',
      scope_id: 'organization:member',
      priority: 7,
      created_at: '2026-11-20T10:00:00Z',
    },
  ],
  created_at: '2026-11-20T10:00:00Z',
  updated_at: '2026-11-20T10:00:00Z',
};

describe('the policy form', () => {
  it('gives back what it was given', () => {
    const change = changeOf(formOf(policy));
    const { policy_id: _p, created_at: _c, ...rule } = policy.rules[0] as Policy['rules'][number];
    const { policy_id: _q, created_at: _d, ...binding } = policy.bindings[0] as Policy['bindings'][number];
    expect(change).toEqual({
      name: 'Ledger',
      description: 'Who may post.',
      environment_id: 'e',
      mode: 'shadow',
      is_active: true,
      rules: [rule],
      bindings: [binding],
    });
  });

  it('leaves out what is empty', () => {
    const change = changeOf({ ...emptyForm(), name: 'New' });
    expect(change.description).toBeNull();
    expect(change.rules?.[0]).toMatchObject({ conditions: {}, obligations: [] });
    expect(change.rules?.[0]).not.toHaveProperty('id');
  });

  it('says what is no condition', () => {
    expect(conditionsFault('')).toBeUndefined();
    expect(conditionsFault('{"read_only": true}')).toBeUndefined();
    for (const wrong of ['{', '[]', '"x"', 'null']) expect(conditionsFault(wrong)).toBeTruthy();
  });
});
