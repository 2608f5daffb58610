/** The operations of an API as a form: what each asks for, and what an imported document brings. */
import type { BodyOf } from '@/api/client';
import type { Connector } from '@/api/types';
import { t } from '@/lib/i18n';

type Api = NonNullable<BodyOf<'post', '/api/mcp/servers'>['api']>;
type Operation = NonNullable<Api['operations']>[number];
export type Method = NonNullable<Operation['method']>;

export const METHODS: Method[] = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'];

/** One operation while it is typed; the schema is JSON text, empty where it follows from the endpoint. */
export interface OperationForm {
  id: number;
  name: string;
  method: Method;
  endpoint: string;
  description: string;
  read_only: boolean;
  schema: string;
}

export interface ApiForm {
  operations: OperationForm[];
  free_requests: boolean;
  /** The parameter of the query that holds the key, where no header does. */
  query: string;
  username: string;
  token_url: string;
  client_id: string;
  scope: string;
  audience: string;
}

let last = 0;

export function emptyOperation(): OperationForm {
  last += 1;
  return {
    id: last,
    name: '',
    method: 'GET',
    endpoint: '/',
    description: '',
    read_only: true,
    schema: '',
  };
}

export function emptyApi(): ApiForm {
  return {
    operations: [],
    free_requests: false,
    query: '',
    username: '',
    token_url: '',
    client_id: '',
    scope: '',
    audience: '',
  };
}

export function apiForm(api: Connector['api']): ApiForm {
  const auth = api?.auth;
  return {
    operations: (api?.operations ?? []).map((operation) => ({
      ...emptyOperation(),
      name: operation.name,
      method: operation.method ?? 'GET',
      endpoint: operation.endpoint ?? '',
      description: operation.description ?? '',
      read_only: operation.read_only ?? false,
      schema: operation.input_schema ? JSON.stringify(operation.input_schema, null, 2) : '',
    })),
    free_requests: api?.free_requests ?? false,
    query: auth?.query ?? '',
    username: auth?.username ?? '',
    token_url: auth?.token_url ?? '',
    client_id: auth?.client_id ?? '',
    scope: auth?.scope ?? '',
    audience: auth?.audience ?? '',
  };
}

/** The first thing about the operations that has to be put right, in a sentence. */
export function checkApi(form: ApiForm): string | undefined {
  if (form.operations.length === 0 && !form.free_requests) {
    return t('Describe at least one operation, or allow any request.');
  }
  const names = new Set<string>();
  for (const operation of form.operations) {
    const name = operation.name.trim();
    if (!/^[\w.-]{1,64}$/.test(name)) {
      return t('Give each operation a name of letters, digits, underscores, hyphens and dots.');
    }
    if (names.has(name.toLowerCase())) return t('Two operations are called {{name}}.', { name });
    names.add(name.toLowerCase());
    if (operation.schema.trim() !== '' && !schemaOf(operation)) {
      return t('The arguments of {{name}} are no JSON object.', { name });
    }
  }
  return undefined;
}

/** What a way of signing in still needs, in a sentence. */
export function checkSignIn(form: ApiForm, signIn: Connector['auth_type']): string | undefined {
  if (signIn === 'basic' && form.username.trim() === '') return t('Who signs in?');
  if (signIn === 'oauth2' && (form.token_url.trim() === '' || form.client_id.trim() === '')) {
    return t('OAuth 2.0 needs the address of tokens and the client.');
  }
  return undefined;
}

function schemaOf({ schema }: OperationForm): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(schema);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What is sent; of the sign-in only what its kind needs. */
export function apiBody(form: ApiForm, signIn: Connector['auth_type']): Api {
  const filled = (fields: Record<string, string>) =>
    Object.fromEntries(
      Object.entries(fields)
        .map(([name, value]) => [name, value.trim()])
        .filter(([, value]) => value !== ''),
    );
  const { query, username, token_url, client_id, scope, audience } = form;
  return {
    operations: form.operations.map((operation) => {
      const schema = schemaOf(operation);
      return {
        name: operation.name.trim(),
        method: operation.method,
        endpoint: operation.endpoint.trim(),
        description: operation.description.trim(),
        read_only: operation.read_only,
        ...(schema ? { input_schema: schema } : {}),
      };
    }),
    free_requests: form.free_requests,
    auth: filled(
      signIn === 'api_key'
        ? { query }
        : signIn === 'basic'
          ? { username }
          : signIn === 'oauth2'
            ? { token_url, client_id, scope, audience }
            : {},
    ),
  };
}
