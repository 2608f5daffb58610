import { expect, test } from 'vitest';
import { expiry, offered, toggled } from './scopes';

test('nobody is offered what they may not do, nor what the allowlist leaves out', () => {
  const verbs = (list: ReturnType<typeof offered>, noun: string) =>
    list.find((entry) => entry.noun === noun)?.verbs;
  const member = ['agent.read', 'agent.execute', 'tool.*'];
  expect(verbs(offered(member), 'agent')).toEqual(['read', 'execute']);
  expect(verbs(offered(member), 'tool')).toEqual(['read', 'invoke', 'update']);
  expect(verbs(offered(member), 'environment')).toBeUndefined();
  expect(offered(member, ['tool.invoke'])).toEqual([{ noun: 'tool', label: 'Tools', verbs: ['invoke'] }]);
  expect(offered(member, [])).toEqual([]);
});

test('a scope is added, taken away, and split out of a pattern', () => {
  expect(toggled(['run.read'], 'agent.read')).toEqual(['run.read', 'agent.read']);
  expect(toggled(['run.read', 'agent.read'], 'agent.read')).toEqual(['run.read']);
  expect(toggled(['tool.*', 'run.read'], 'tool.update')).toEqual(['tool.read', 'tool.invoke', 'run.read']);
});

test('a token ends after so many days, or at the end of a day', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  expect(expiry('7', '', now)).toBe('2026-11-28T11:59:00.000Z');
  expect(expiry('date', '2027-01-02')).toBe(new Date('2027-01-02T23:59:59').toISOString());
  expect(expiry('date', '')).toBeUndefined();
});
