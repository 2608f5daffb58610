import { expect, test } from 'vitest';
import { covers } from './permissions';

test('patterns cover actions, whatever their reach', () => {
  expect(covers(['agent.read'], 'agent.read')).toBe(true);
  expect(covers(['agent.*:any'], 'agent.delete')).toBe(true);
  expect(covers(['agent_token.*'], 'agent_token.create')).toBe(true);
  expect(covers(['*'], 'tool.invoke')).toBe(true);
  expect(covers(['agent.*'], 'agent_token.create')).toBe(false);
  expect(covers(['agent.read'], 'agent.update')).toBe(false);
  expect(covers([], 'agent.read')).toBe(false);
});
