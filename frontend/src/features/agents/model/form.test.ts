/** The form of an agent: what goes in comes out again, and what is wrong is named. */
import { describe, expect, test } from 'vitest';
import type { Agent } from '@/api/types';
import { bodyOf, checkForm, emptyForm, formOf, toggleTool } from './form';

const agent = {
  name: 'Analyst',
  description: 'Answers spend questions',
  tags: ['Finance'],
  model: 'gpt-4o',
  system_prompt: 'You are…',
  temperature: 0.2,
  max_tokens: 2000,
  top_p: null,
  max_tool_rounds: 4,
  execution_config: { timeout_ms: 90_000, max_retries: 1, retry_delay_ms: 500 },
  visibility: 'team',
  data_classification: 'confidential',
  tools: ['create_artifact'],
  mcp_servers: [{ server_id: 's1', name: 'ledger', allowed_tools: ['query'] }],
  is_active: true,
} as unknown as Agent;

describe('an agent that exists', () => {
  test('goes back to the server as it came', () => {
    const { mcp_servers, ...rest } = bodyOf(formOf(agent));
    expect(rest).toMatchObject({
      name: 'Analyst',
      max_tokens: 2000,
      top_p: null,
      execution_config: { timeout_ms: 90_000, max_retries: 1, retry_delay_ms: 500 },
    });
    expect(mcp_servers).toEqual([{ server_id: 's1', allowed_tools: ['query'] }]);
  });

  test('has nothing to correct', () => {
    expect(checkForm(formOf(agent))).toEqual({});
  });
});

describe('checkForm', () => {
  test('a new form lacks only its name', () => {
    expect(Object.keys(checkForm(emptyForm()))).toEqual(['name']);
  });

  test.each([
    ['max_tokens', '0'],
    ['max_tokens', '1.5'],
    ['max_tokens', 'many'],
    ['top_p', '1.2'],
    ['max_tool_rounds', ''],
    ['timeout_s', '0'],
    ['retry_delay_s', '-1'],
  ] as const)('%s %j is refused', (field, value) => {
    expect(checkForm({ ...emptyForm(), name: 'A', [field]: value })).toHaveProperty(field);
  });

  test('a blank model is left to the server', () => {
    expect(bodyOf({ ...emptyForm(), name: 'A' })).toMatchObject({ model: null });
  });
});

describe('toggleTool', () => {
  const all = ['a', 'b', 'c'];
  test('the first tick off turns "all" into a list', () => {
    expect(toggleTool({ server_id: 's', name: 's', allowed: null }, 'b', all).allowed).toEqual(['a', 'c']);
  });
  test('a tick on adds', () => {
    expect(toggleTool({ server_id: 's', name: 's', allowed: [] }, 'c', all).allowed).toEqual(['c']);
  });
});
