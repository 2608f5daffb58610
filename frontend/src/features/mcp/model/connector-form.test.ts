/** A server's form: what is refused here, what is sent, and that secrets stay where they are. */
import { describe, expect, test } from 'vitest';
import type { Connector } from '@/api/types';
import { checkConnector, commandLine, connectorBody, connectorForm, emptyConnector } from './connector-form';

const http = { ...emptyConnector(), name: 'Weather', endpoint: 'https://example.org/mcp' };
const stdio = { ...emptyConnector(), name: 'Files', transport: 'stdio' as const, command: 'npx' };

describe('checkConnector', () => {
  test('takes what is complete', () => {
    expect(checkConnector(http)).toEqual({});
    expect(checkConnector(stdio)).toEqual({});
  });

  test.each([
    ['name', { ...http, name: ' ' }],
    ['endpoint', { ...http, endpoint: 'example.org' }],
    ['endpoint', { ...http, endpoint: 'file:///etc/passwd' }],
    ['secret', { ...http, auth_type: 'bearer' as const }],
    ['header', { ...http, auth_type: 'custom_header' as const, secret: 's', header: 'X Key' }],
    ['command', { ...stdio, command: '' }],
    ['command', { ...stdio, command: 'npx -y server' }],
    ['variables', { ...stdio, variables: [{ id: 1, name: 'A-B', value: '', kept: false }] }],
    [
      'variables',
      {
        ...stdio,
        variables: [
          { id: 1, name: 'A', value: '', kept: false },
          { id: 2, name: 'A', value: '', kept: false },
        ],
      },
    ],
  ])('%s', (field, form) => {
    expect(Object.keys(checkConnector(form))).toEqual([field]);
  });

  test('a stored secret need not be typed again', () => {
    expect(checkConnector({ ...http, auth_type: 'bearer', has_secret: true })).toEqual({});
  });
});

describe('connectorBody', () => {
  test('arguments are lines, spaces inside them stay', () => {
    expect(connectorBody({ ...stdio, args: '-y\n--root=/my files\n\n' })).toMatchObject({
      args: ['-y', '--root=/my files'],
    });
  });

  test('nothing of one transport is sent with the other', () => {
    expect(connectorBody(http)).not.toHaveProperty('command');
    expect(connectorBody(stdio)).not.toHaveProperty('endpoint');
  });

  test('untouched secrets are not sent; beside a changed variable the others are asked for', () => {
    const stored = {
      ...connectorForm({
        args: [],
        env_vars: { TOKEN: '•••' },
        transport: 'stdio',
        name: 'x',
        description: '',
        command: 'a',
      } as unknown as Connector),
    };
    expect(connectorBody(stored)).not.toHaveProperty('env_vars');
    const more = {
      ...stored,
      variables: [...stored.variables, { id: 9, name: 'MORE', value: 'x', kept: false }],
    };
    expect(Object.keys(checkConnector(more))).toEqual(['variables']);
    const again = { ...more, variables: more.variables.map((one) => ({ ...one, value: 'x' })) };
    expect(checkConnector(again)).toEqual({});
    expect(connectorBody(again)).toMatchObject({ env_vars: { TOKEN: 'x', MORE: 'x' } });
    expect(connectorBody({ ...stored, variables: [] })).toMatchObject({ env_vars: {} });
    expect(connectorBody({ ...http, auth_type: 'bearer', has_secret: true })).not.toHaveProperty('secret');
  });
});

test('a change of transport clears what the other one needed', () => {
  expect(connectorBody(http, true)).toMatchObject({ command: null, args: [] });
  expect(connectorBody(stdio, true)).toMatchObject({ endpoint: null, auth_type: 'none' });
});

test('a command line quotes what a reader could misread', () => {
  expect(commandLine(['npx', '-y', '@scope/server', '--root=/my files', "it's"])).toBe(
    "npx -y @scope/server '--root=/my files' 'it'\\''s'",
  );
});
