/** The operations of an API: what is refused here, and what is sent. */
import { describe, expect, test } from 'vitest';
import { apiBody, apiForm, checkApi, checkSignIn, emptyApi, emptyOperation } from './api-form';
import { checkConnector, connectorBody, emptyConnector } from './connector-form';

const find = { ...emptyOperation(), name: 'find', endpoint: '/items/{id}' };
const api = { ...emptyApi(), operations: [find] };

describe('checkApi', () => {
  test('takes what is complete', () => {
    expect(checkApi(api)).toBeUndefined();
    expect(checkApi({ ...emptyApi(), free_requests: true })).toBeUndefined();
  });

  test.each([
    ['nothing to call', emptyApi()],
    ['a name with a space', { ...api, operations: [{ ...find, name: 'find it' }] }],
    ['two of one name', { ...api, operations: [find, { ...find, name: 'FIND' }] }],
    ['a schema that is none', { ...api, operations: [{ ...find, schema: '[1]' }] }],
  ])('refuses %s', (_, form) => {
    expect(checkApi(form)).toBeTypeOf('string');
  });
});

test('each way of signing in says what it needs', () => {
  expect(checkSignIn(api, 'bearer')).toBeUndefined();
  expect(checkSignIn(api, 'basic')).toBeTypeOf('string');
  expect(checkSignIn({ ...api, username: 'ada' }, 'basic')).toBeUndefined();
  expect(checkSignIn({ ...api, token_url: 'https://a.example/token' }, 'oauth2')).toBeTypeOf('string');
});

describe('apiBody', () => {
  test('sends of the sign-in only what its kind needs', () => {
    const all = {
      ...api,
      query: 'key',
      username: 'ada',
      token_url: 'https://a.example/token',
      client_id: 'c',
    };
    expect(apiBody(all, 'bearer').auth).toEqual({});
    expect(apiBody(all, 'api_key').auth).toEqual({ query: 'key' });
    expect(apiBody(all, 'basic').auth).toEqual({ username: 'ada' });
    expect(apiBody(all, 'oauth2').auth).toEqual({ token_url: 'https://a.example/token', client_id: 'c' });
  });

  test('comes back as it was sent', () => {
    const schema = JSON.stringify({ type: 'object' });
    const sent = apiBody({ ...api, operations: [{ ...find, schema }] }, 'none');
    expect(apiBody(apiForm(sent), 'none')).toEqual(sent);
  });
});

test('an API is reached over HTTP and needs no header for a key in the query', () => {
  const form = {
    ...emptyConnector(),
    name: 'Tracker',
    transport: 'api' as const,
    endpoint: 'https://tracker.example/v2',
    auth_type: 'api_key' as const,
    secret: 's',
    header: '',
    api: { ...api, query: 'key' },
  };
  expect(checkConnector(form)).toEqual({});
  expect(connectorBody(form)).toMatchObject({
    transport: 'http',
    auth_settings: {},
    api: { auth: { query: 'key' } },
  });
});
