import { describe, expect, it } from 'vitest';
import type { HumanTask, Me } from '@/api/types';
import { mayAnswer } from './approvers';

const me = { role_in_organization: 'admin', user: { role: 'standard_user' } } as Me;
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
});
