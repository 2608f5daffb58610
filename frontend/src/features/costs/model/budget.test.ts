import { expect, test } from 'vitest';
import { amount, blank, check, toBody, toChange } from './budget';

test('amounts are taken as people type them, and nothing else is', () => {
  expect(amount(' 12,50 ')).toBe('12.50');
  expect(amount('100')).toBe('100');
  for (const wrong of ['', '-1', '1e3', '1.', '.5', '1,000.00', '0.0000000001', '$5'])
    expect(amount(wrong)).toBeUndefined();
});

test('a form says what is missing before the server has to', () => {
  expect(Object.keys(check(blank))).toEqual(['name', 'limit']);
  expect(check({ ...blank, name: 'Team', limit: '0' })).toHaveProperty('limit');
  expect(check({ ...blank, name: 'Team', limit: '5', currency: 'usd', warn_percent: '0' })).toMatchObject({
    currency: expect.any(String),
    warn_percent: expect.any(String),
  });
  expect(check({ ...blank, name: 'Team', limit: '5' })).toEqual({});
});

test('what a scope has no use for is left out', () => {
  const run = toBody({ ...blank, name: ' Run ', limit: '1', scope: 'run', target_id: 'x', period: 'day' });
  expect(run).toMatchObject({ name: 'Run', target_id: null, period: 'total' });
  const agent = toBody({ ...blank, name: 'A', limit: '1', scope: 'agent', target_id: 'x' });
  expect(agent.target_id).toBe('x');
  expect(Object.keys(toChange({ ...blank, name: 'A', limit: '1' }))).not.toContain('scope');
});
