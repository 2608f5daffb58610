/** Codes become words, and what is not known yet stays readable. */
import { describe, expect, it } from 'vitest';
import { decisionName, roleTitle, runKindName, runStatusName, words } from './names';

describe('names', () => {
  it('says what codes mean', () => {
    expect(runStatusName('timed_out')).toBe('Timed out');
    expect(runStatusName('pending')).toBe('Queued');
    expect(runKindName('tool')).toBe('Tool call');
    expect(decisionName('allow_in_conversation')).toBe('Allowed for this chat');
    expect(roleTitle('organization:owner')).toBe('Owner');
    expect(roleTitle('platform:power_user')).toBe('Power user on the platform');
  });

  it('keeps what it does not know', () => {
    expect(runKindName('nightly_export')).toBe('Nightly export');
    expect(decisionName('later')).toBe('later');
    expect(roleTitle('auditor')).toBe('auditor');
    expect(words('access_campaign')).toBe('Access campaign');
  });
});
