/** Which permissions cover which actions. */
import { describe, expect, it } from 'vitest';
import type { Me } from '@/api/types';
import { may } from './may';

const me = (...permissions: string[]) => ({ permissions }) as Me;

describe('may', () => {
  it('reads exact permissions, nouns and reaches', () => {
    expect(may(me('policy.read'), 'policy.read')).toBe(true);
    expect(may(me('policy.*'), 'policy.update')).toBe(true);
    expect(may(me('usage.read:any'), 'usage.read')).toBe(true);
    expect(may(me('*'), 'audit.read')).toBe(true);
  });

  it('takes nothing else for it', () => {
    expect(may(me('policy.read'), 'policy.update')).toBe(false);
    expect(may(me('pol.*'), 'policy.read')).toBe(false);
    expect(may(undefined, 'policy.read')).toBe(false);
  });
});
