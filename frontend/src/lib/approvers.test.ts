import { describe, expect, it } from 'vitest';
import type { HumanTask, Me } from '@/api/types';
import { asksMe, mayAnswer } from './approvers';

const me = { role_in_organization: 'admin', user: { id: 'u-1', role: 'standard_user' } } as Me;
const asks = (approver_roles?: string[]) => ({ approver_roles }) as HumanTask;

describe('who answers a question', () => {
  it('is the person behind the run where no role is named', () => {
    expect(mayAnswer(asks(), me)).toBe(true);
    expect(mayAnswer(asks([]), undefined)).toBe(true);
  });

  it('is somebody with one of the roles that a policy names', () => {
    expect(mayAnswer(asks(['organization:owner', 'organization:admin']), me)).toBe(true);
    expect(mayAnswer(asks(['platform:standard_user']), me)).toBe(true);
    expect(mayAnswer(asks(['organization:owner']), me)).toBe(false);
    expect(mayAnswer(asks(['organization:owner']), undefined)).toBe(false);
  });

  it('is a person who is named, among roles too', () => {
    expect(mayAnswer(asks(['user:u-1']), me)).toBe(true);
    expect(mayAnswer(asks(['organization:owner', 'user:u-1']), me)).toBe(true);
    expect(mayAnswer(asks(['user:u-2']), me)).toBe(false);
    expect(mayAnswer(asks(['user:u-1']), undefined)).toBe(false);
    expect(asksMe('user:u-1', me)).toBe(true);
  });
});
